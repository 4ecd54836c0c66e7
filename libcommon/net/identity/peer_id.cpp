#include "net/identity/peer_id.hpp"

#include "base/endian.hpp"
#include "codec/base58.hpp"
#include "codec/cid.hpp"
#include "codec/multihash.hpp"
#include "net/shown.hpp"

namespace codex::net {
namespace {

std::string_view peer_hint(std::string_view text) {
    if (text.find('/') != std::string_view::npos)
        return "give the id alone; in an address it stands behind /p2p/";
    if (text.starts_with("spr:"))
        return "that is the record of a peer; its id is the text that begins with 16Uiu2HA";
    if (text.starts_with("zD"))
        return "that is the CID of data; the id of a peer begins with 16Uiu2HA";
    return "the id of a peer is the text that begins with 16Uiu2HA";
}

Error not_a_peer(std::string_view text, const Error& why) {
    return Error(Errc::peer_id_invalid,
                 fmt::format("\"{}\" is not a peer id: {}", shown(text, 64), why.text()))
        .hint(std::string(peer_hint(text)));
}

} // namespace

PeerId::PeerId(const PublicKey& key) {
    const BytesView encoded = key.encoded();
    Bytes multihash;
    codec::append_multihash(multihash, codec::HashCodec::identity, encoded);
    size_ = static_cast<std::uint8_t>(multihash.size());
    std::copy(multihash.begin(), multihash.end(), bytes_.begin());
}

Result<PeerId> PeerId::from_bytes(BytesView bytes) {
    const auto multihash = codec::read_multihash(bytes);
    if (!multihash)
        return fail(Errc::peer_id_invalid, "{}", multihash.error().text());
    if (multihash->size != bytes.size())
        return fail(Errc::peer_id_invalid, "{} bytes follow the multihash that ends at byte {}",
                    bytes.size() - multihash->size, multihash->size);
    if (multihash->hash == codec::HashCodec::identity) {
        const auto key = PublicKey::decode(multihash->digest);
        if (!key)
            return fail(Errc::peer_id_invalid, "{}", key.error().text());
        if (!equal(key->encoded(), multihash->digest))
            return fail(Errc::peer_id_invalid, "the key in it is not in its one form");
    } else if (multihash->hash != codec::HashCodec::sha2_256) {
        return fail(Errc::peer_id_invalid, "a multihash that is neither a key nor a SHA-256");
    }
    PeerId peer;
    peer.size_ = static_cast<std::uint8_t>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), peer.bytes_.begin());
    return peer;
}

Result<PeerId> PeerId::from_text(std::string_view text) {
    if (text.empty() || text.size() > kMaxTextChars)
        return fail(not_a_peer(
            text, Error(Errc::peer_id_invalid, fmt::format("it has {} characters", text.size()))));
    // No base58 form of a multihash begins with another character than these: identity with 1, as
    // its first byte is 0, and SHA-256 with Qm.
    if (text.front() == '1' || text.front() == 'Q') {
        const auto bytes = codec::base58_decode(text);
        if (!bytes)
            return fail(not_a_peer(text, bytes.error()));
        auto peer = from_bytes(*bytes);
        if (!peer)
            return fail(not_a_peer(text, peer.error()));
        return peer;
    }
    const auto cid = Cid::from_text(text);
    if (!cid)
        return fail(not_a_peer(text, Error(Errc::peer_id_invalid, "it begins like none")));
    if (cid->codec() != codec::Multicodec::libp2p_key)
        return fail(not_a_peer(text, Error(Errc::peer_id_invalid, "it is a CID of another kind")));
    Bytes multihash;
    codec::append_multihash(multihash, cid->hash(), cid->digest());
    auto peer = from_bytes(multihash);
    if (!peer)
        return fail(not_a_peer(text, peer.error()));
    return peer;
}

std::string PeerId::text() const {
    return codec::base58_encode(bytes());
}

Result<PublicKey> PeerId::public_key() const {
    CODEX_TRY(multihash, codec::read_multihash(bytes()));
    if (multihash.hash != codec::HashCodec::identity)
        return fail(Errc::unsupported, "the id {} holds the hash of a key, not the key", text());
    return PublicKey::decode(multihash.digest);
}

std::strong_ordering operator<=>(const PeerId& a, const PeerId& b) {
    return as_text(a.bytes()) <=> as_text(b.bytes());
}

} // namespace codex::net

std::size_t
std::hash<codex::net::PeerId>::operator()(const codex::net::PeerId& peer) const noexcept {
    const codex::BytesView bytes = peer.bytes();
    return bytes.size() < 8 ? bytes.size()
                            : codex::load_le<std::uint64_t>(bytes.data() + bytes.size() - 8);
}

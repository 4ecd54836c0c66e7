#include "net/identity/peer_record.hpp"

#include "codec/multibase.hpp"
#include "codec/protobuf.hpp"
#include "net/identity/envelope.hpp"

namespace codex::net {
namespace {

constexpr std::string_view kRecordDomain = "libp2p-peer-record";
constexpr std::array<std::uint8_t, 2> kRecordType = {0x03, 0x01};
constexpr std::string_view kSprScheme = "spr:";

constexpr std::uint32_t kRecordPeer = 1;
constexpr std::uint32_t kRecordSequence = 2;
constexpr std::uint32_t kRecordAddress = 3;
constexpr std::uint32_t kAddressBytes = 1;

/// The address in a field 3, if there is one and it can be read.
std::optional<Multiaddr> address_in(BytesView message) {
    std::optional<Multiaddr> address;
    codec::protobuf::Reader reader(message);
    for (;;) {
        const auto field = reader.next();
        if (!field)
            return std::nullopt;
        if (!*field)
            return address;
        if (!(*field)->is_bytes(kAddressBytes))
            continue;
        auto parsed = Multiaddr::from_bytes((*field)->bytes);
        address = parsed ? std::optional<Multiaddr>(std::move(*parsed)) : std::nullopt;
    }
}

/// A record as it was found.
struct FoundRecord {
    std::optional<BytesView> peer;
    std::optional<std::uint64_t> sequence;
    std::vector<Multiaddr> addresses;
    std::size_t unreadable = 0;
};

Result<FoundRecord> find_record(BytesView payload) {
    FoundRecord found;
    codec::protobuf::Reader reader(payload);
    for (;;) {
        const auto field = reader.next();
        if (!field)
            return fail(Errc::record_invalid, "{}", field.error().text());
        if (!*field)
            return found;
        if ((*field)->is_bytes(kRecordPeer)) {
            found.peer = (*field)->bytes;
        } else if ((*field)->is_varint(kRecordSequence)) {
            found.sequence = (*field)->value;
        } else if ((*field)->is_bytes(kRecordAddress)) {
            auto address = address_in((*field)->bytes);
            if (!address)
                ++found.unreadable;
            else if (found.addresses.size() < kMaxRecordAddresses)
                found.addresses.push_back(std::move(*address));
        }
    }
}

} // namespace

Bytes encode_peer_record(const PeerRecord& record) {
    codec::protobuf::Writer writer;
    writer.bytes(kRecordPeer, record.peer.bytes());
    writer.varint(kRecordSequence, record.sequence);
    for (const Multiaddr& address : record.addresses) {
        codec::protobuf::Writer nested;
        nested.bytes(kAddressBytes, address.bytes());
        writer.message(kRecordAddress, nested);
    }
    return writer.take();
}

Result<PeerRecord> decode_peer_record(BytesView payload) {
    CODEX_TRY(found, find_record(payload));
    if (!found.peer || !found.sequence)
        return fail(Errc::record_invalid, "field {} of the record is missing",
                    found.peer ? kRecordSequence : kRecordPeer);
    const auto peer = PeerId::from_bytes(*found.peer);
    if (!peer)
        return fail(Errc::record_invalid, "peer of the record: {}", peer.error().text());
    if (found.addresses.empty() && found.unreadable != 0)
        return fail(Errc::record_invalid, "none of {} addresses of the record can be read",
                    found.unreadable);
    return PeerRecord{*peer, *found.sequence, std::move(found.addresses)};
}

Bytes seal_peer_record(const SecretKey& key, std::uint64_t sequence,
                       std::span<const Multiaddr> addresses) {
    const PeerRecord record{PeerId(key.public_key()), sequence,
                            std::vector<Multiaddr>(addresses.begin(), addresses.end())};
    return seal_envelope(key, kRecordDomain, kRecordType, encode_peer_record(record));
}

Result<PeerRecord> open_peer_record(BytesView envelope) {
    CODEX_TRY(opened, open_envelope(envelope, kRecordDomain));
    if (!equal(opened.payload_type, kRecordType))
        return fail(Errc::record_invalid, "the envelope holds no peer record, but another kind");
    CODEX_TRY(record, decode_peer_record(opened.payload));
    if (record.peer != PeerId(opened.key))
        return fail(Errc::record_invalid, "the record is about {}, but signed by {}",
                    record.peer.text(), PeerId(opened.key).text());
    return record;
}

std::string spr_text(BytesView envelope) {
    const auto text = codec::multibase_encode(codec::Multibase::base64url, envelope);
    CODEX_ASSERT(text.has_value());
    return std::string(kSprScheme) + text->substr(1);
}

Result<Bytes> spr_bytes(std::string_view text) {
    constexpr std::size_t kMaxChars = kMaxEnvelopeBytes * 4 / 3 + 8;
    if (!text.starts_with(kSprScheme))
        return fail(Error(Errc::record_invalid, "not the record of a peer, which begins with spr:")
                        .hint("a node prints its own record; copy the whole of it"));
    if (text.size() > kMaxChars)
        return fail(Errc::limit_exceeded, "a record of {} characters is longer than {}",
                    text.size(), kMaxChars);
    const std::string digits = static_cast<char>(codec::Multibase::base64url) +
                               std::string(text.substr(kSprScheme.size()));
    auto bytes = codec::multibase_decode(digits);
    if (!bytes)
        return fail(Errc::record_invalid, "behind spr: {}", bytes.error().text());
    return bytes;
}

std::uint64_t next_sequence(std::uint64_t last, std::uint64_t unix_seconds,
                            const SequenceKeeper& keeper) {
    const std::uint64_t next = std::max(last == UINT64_MAX ? last : last + 1, unix_seconds);
    if (keeper)
        keeper(next);
    return next;
}

} // namespace codex::net

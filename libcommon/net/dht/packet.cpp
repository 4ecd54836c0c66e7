#include "net/dht/packet.hpp"

#include "base/endian.hpp"
#include "base/network.hpp"
#include "net/dht/detail/aes.hpp"

namespace codex::net::dht {
namespace {

constexpr std::size_t kIvBytes = sizeof(MaskingIv);
/// Protocol, version, flag, nonce, bytes of authdata.
constexpr std::array<std::uint8_t, 8> kProtocol = {'d', 'i', 's', 'c', 'v', '5', 0x00, 0x01};
constexpr std::size_t kFlagAt = kProtocol.size();
constexpr std::size_t kNonceAt = kFlagAt + 1;
constexpr std::size_t kAuthdataSizeAt = kNonceAt + sizeof(Nonce);
constexpr std::size_t kStaticBytes = kAuthdataSizeAt + 2;

constexpr std::size_t kChallengeBytes = sizeof(IdNonce) + 8;
constexpr std::size_t kHandshakeSizesAt = Id::kBytes;
constexpr std::size_t kHandshakeFixedBytes = Id::kBytes + 2;

enum Flag : std::uint8_t { kOrdinary = 0, kChallenge = 1, kHandshake = 2 };

/// What depends on the kind of a packet, written and told apart by its flag.
struct AuthdataWriter {
    Bytes& out;

    Flag operator()(const OrdinaryHead& head) const {
        append(out, head.source.bytes);
        return kOrdinary;
    }
    Flag operator()(const ChallengeHead& head) const {
        append(out, head.id_nonce);
        std::array<std::uint8_t, 8> sequence{};
        store_be(sequence.data(), head.sequence);
        append(out, sequence);
        return kChallenge;
    }
    Flag operator()(const HandshakeHead& head) const {
        CODEX_ASSERT(head.signature.size() <= UINT8_MAX && head.ephemeral_key.size() <= UINT8_MAX);
        append(out, head.source.bytes);
        out.push_back(static_cast<std::uint8_t>(head.signature.size()));
        out.push_back(static_cast<std::uint8_t>(head.ephemeral_key.size()));
        append(out, head.signature);
        append(out, head.ephemeral_key);
        append(out, head.record);
        return kHandshake;
    }
};

Bytes copied(BytesView bytes) {
    return {bytes.begin(), bytes.end()};
}

Result<Head> read_handshake(BytesView authdata) {
    if (authdata.size() < kHandshakeFixedBytes)
        return fail(Errc::malformed, "a handshake has {} bytes of authdata", authdata.size());
    const std::size_t signature = authdata[kHandshakeSizesAt];
    const std::size_t key = authdata[kHandshakeSizesAt + 1];
    const BytesView rest = authdata.subspan(kHandshakeFixedBytes);
    if (rest.size() < signature + key)
        return fail(Errc::malformed,
                    "signature and key of a handshake have {} bytes, but {} are left",
                    signature + key, rest.size());
    return Head(HandshakeHead{Id::from_bytes(authdata.first(Id::kBytes)),
                              copied(rest.first(signature)), copied(rest.subspan(signature, key)),
                              copied(rest.subspan(signature + key))});
}

Result<Head> read_head(std::uint8_t flag, BytesView authdata) {
    switch (flag) {
    case kOrdinary:
        if (authdata.size() != Id::kBytes)
            break;
        return Head(OrdinaryHead{Id::from_bytes(authdata)});
    case kChallenge: {
        if (authdata.size() != kChallengeBytes)
            break;
        ChallengeHead head;
        std::copy_n(authdata.begin(), sizeof(IdNonce), head.id_nonce.begin());
        head.sequence = load_be<std::uint64_t>(authdata.data() + sizeof(IdNonce));
        return Head(head);
    }
    case kHandshake:
        return read_handshake(authdata);
    default:
        return fail(Errc::malformed, "packets of flag {} are not known", flag);
    }
    return fail(Errc::malformed, "a packet of flag {} has {} bytes of authdata", flag,
                authdata.size());
}

/// Masks what is in the clear behind the masking IV, and the other way round.
void mask(const Id& to, MutableBytes header) {
    detail::aes_ctr(BytesView(to.bytes).first(sizeof(detail::AesKey)), header.first(kIvBytes),
                    header.subspan(kIvBytes));
}

} // namespace

Result<Packet> open_packet(const Id& own, BytesView datagram) {
    if (datagram.size() < kMinDatagramBytes || datagram.size() > kMaxDatagramBytes)
        return fail(Errc::malformed, "a datagram of {} bytes is no packet", datagram.size());
    // How long the header is stands in its first part.
    Packet packet;
    packet.header = copied(datagram.first(kIvBytes + kStaticBytes));
    mask(own, packet.header);
    const BytesView fixed = BytesView(packet.header).subspan(kIvBytes);
    if (!equal(fixed.first(kProtocol.size()), kProtocol))
        return fail(Errc::malformed, "a packet of another protocol, or for another node");
    const std::size_t authdata = load_be<std::uint16_t>(fixed.data() + kAuthdataSizeAt);
    const std::size_t size = kIvBytes + kStaticBytes + authdata;
    if (datagram.size() < size)
        return fail(Errc::malformed, "a packet has {} bytes of authdata, but {} are left", authdata,
                    datagram.size() - kIvBytes - kStaticBytes);
    packet.header = copied(datagram.first(size));
    mask(own, packet.header);
    const BytesView header = BytesView(packet.header).subspan(kIvBytes);
    std::copy_n(header.begin() + kNonceAt, sizeof(Nonce), packet.nonce.begin());
    CODEX_SET(packet.head, read_head(header[kFlagAt], header.subspan(kStaticBytes)));
    packet.message = copied(datagram.subspan(size));
    const bool has_message = !std::holds_alternative<ChallengeHead>(packet.head);
    if (has_message ? packet.message.size() < kSealBytes : !packet.message.empty())
        return fail(Errc::malformed, "a packet of flag {} has a message of {} bytes",
                    header[kFlagAt], packet.message.size());
    return packet;
}

Bytes make_header(const MaskingIv& masking_iv, const Nonce& nonce, const Head& head) {
    Bytes authdata;
    const Flag flag = std::visit(AuthdataWriter{authdata}, head);
    CODEX_ASSERT(authdata.size() <= UINT16_MAX);
    Bytes header(masking_iv.begin(), masking_iv.end());
    append(header, kProtocol);
    header.push_back(flag);
    append(header, nonce);
    std::array<std::uint8_t, 2> size{};
    store_be(size.data(), static_cast<std::uint16_t>(authdata.size()));
    append(header, size);
    append(header, authdata);
    return header;
}

Bytes seal_message(const SessionKey& key, const Nonce& nonce, BytesView header, BytesView plain) {
    return detail::aes_gcm_seal(key, nonce, header, plain);
}

std::optional<Bytes> open_message(const SessionKey& key, const Packet& packet) {
    return detail::aes_gcm_open(key, packet.nonce, packet.header, packet.message);
}

Bytes make_datagram(const Id& to, BytesView header, BytesView message) {
    CODEX_ASSERT(header.size() >= kIvBytes + kStaticBytes);
    Bytes datagram(header.begin(), header.end());
    mask(to, datagram);
    append(datagram, message);
    return datagram;
}

} // namespace codex::net::dht

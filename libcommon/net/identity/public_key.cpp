#include "net/identity/public_key.hpp"

#include "codec/protobuf.hpp"
#include "net/identity/detail/curves.hpp"

namespace codex::net {
namespace {

constexpr std::uint32_t kKeyKindField = 1;
constexpr std::uint32_t kKeyDataField = 2;

/// For a message that may show a number no one knows.
std::string name_of_kind(std::uint64_t kind) {
    switch (kind) {
    case static_cast<std::uint64_t>(KeyKind::rsa):
        return "RSA";
    case static_cast<std::uint64_t>(KeyKind::ecdsa):
        return "ECDSA";
    default:
        return fmt::format("number {}", kind);
    }
}

} // namespace

PublicKey::PublicKey(KeyKind kind, BytesView data)
    : size_(static_cast<std::uint8_t>(kHeadBytes + data.size())), kind_(kind) {
    CODEX_ASSERT(size_ <= kMaxBytes);
    bytes_[0] = kKeyKindField << 3;
    bytes_[1] = static_cast<std::uint8_t>(kind);
    bytes_[2] = kKeyDataField << 3 | 2;
    bytes_[3] = static_cast<std::uint8_t>(data.size());
    std::copy(data.begin(), data.end(), bytes_.begin() + kHeadBytes);
}

Result<PublicKey> PublicKey::secp256k1(BytesView compressed) {
    if (!detail::is_secp256k1_point(compressed))
        return fail(Errc::public_key_invalid, "{} bytes are no compressed point of secp256k1",
                    compressed.size());
    return PublicKey(KeyKind::secp256k1, compressed);
}

Result<PublicKey> PublicKey::ed25519(BytesView point) {
    if (!detail::is_ed25519_point(point))
        return fail(Errc::public_key_invalid, "{} bytes are no point of Ed25519", point.size());
    return PublicKey(KeyKind::ed25519, point);
}

Result<PublicKey> PublicKey::decode(BytesView protobuf) {
    std::optional<std::uint64_t> kind;
    std::optional<BytesView> data;
    codec::protobuf::Reader reader(protobuf);
    for (;;) {
        CODEX_TRY(field, reader.next());
        if (!field)
            break;
        if (field->is_varint(kKeyKindField))
            kind = field->value;
        else if (field->is_bytes(kKeyDataField))
            data = field->bytes;
    }
    if (!kind || !data)
        return fail(Errc::public_key_invalid, "a public key has fields 1 and 2, but {} is missing",
                    kind ? 2 : 1);
    if (*kind == static_cast<std::uint64_t>(KeyKind::secp256k1))
        return secp256k1(*data);
    if (*kind == static_cast<std::uint64_t>(KeyKind::ed25519))
        return ed25519(*data);
    return fail(Errc::unsupported, "keys of kind {} are not supported", name_of_kind(*kind));
}

bool PublicKey::verify(BytesView message, BytesView signature) const {
    return kind_ == KeyKind::secp256k1 ? detail::secp256k1_verify(data(), message, signature)
                                       : detail::ed25519_verify(data(), message, signature);
}

} // namespace codex::net

#include "net/identity/secret_key.hpp"

#include "codec/protobuf.hpp"
#include "net/identity/detail/curves.hpp"

namespace codex::net {
namespace {

constexpr std::array<std::uint8_t, 4> kSecretHead = {0x08, 0x02, 0x12, 0x20};

/// What kind of a key the bytes are, when they are the protobuf form of one.
std::optional<std::uint64_t> kind_of_key(BytesView encoded) {
    std::optional<std::uint64_t> kind;
    bool has_data = false;
    codec::protobuf::Reader reader(encoded);
    for (;;) {
        const auto field = reader.next();
        if (!field)
            return std::nullopt;
        if (!*field)
            return has_data ? kind : std::nullopt;
        if ((*field)->is_varint(1))
            kind = (*field)->value;
        has_data |= (*field)->is_bytes(2);
    }
}

std::string what_it_is(BytesView encoded) {
    if (encoded.empty())
        return "it is empty";
    if (as_text(encoded).starts_with("-----BEGIN"))
        return "it is PEM, the armoured form of other programs";
    const auto kind = kind_of_key(encoded);
    if (kind == static_cast<std::uint64_t>(KeyKind::ed25519))
        return "it is an Ed25519 key, which nodes of this network refuse";
    if (kind == static_cast<std::uint64_t>(KeyKind::rsa))
        return "it is an RSA key, which nodes of this network refuse";
    if (kind == static_cast<std::uint64_t>(KeyKind::ecdsa))
        return "it is an ECDSA key, which nodes of this network refuse";
    if (encoded.size() != SecretKey::kEncodedBytes)
        return fmt::format("it has {} bytes, not {}", encoded.size(), SecretKey::kEncodedBytes);
    return "it does not begin with 08 02 12 20";
}

} // namespace

SecretKey::SecretKey(BytesView scalar, const PublicKey& public_key)
    : scalar_(scalar.begin(), scalar.end()), public_key_(public_key) {}

Result<SecretKey> SecretKey::from_scalar(BytesView scalar) {
    if (!detail::is_secp256k1_scalar(scalar))
        return fail(Errc::key_file_invalid, "the number in it is no key of secp256k1");
    CODEX_TRY(public_key, PublicKey::secp256k1(detail::secp256k1_public(scalar)));
    return SecretKey(scalar, public_key);
}

Result<SecretKey> SecretKey::generate(SecretRandom& random) {
    SecretBytes scalar(detail::kScalarBytes);
    do { // all but one of 2^127 numbers are a key
        CODEX_CHECK(random.fill(scalar));
    } while (!detail::is_secp256k1_scalar(scalar));
    return from_scalar(scalar);
}

Result<SecretKey> SecretKey::decode(BytesView encoded) {
    if (encoded.size() != kEncodedBytes || !equal(encoded.first(kSecretHead.size()), kSecretHead))
        return fail(Errc::key_file_invalid, "not a secp256k1 key of libp2p: {}",
                    what_it_is(encoded));
    return from_scalar(encoded.subspan(kSecretHead.size()));
}

SecretBytes SecretKey::encode() const {
    SecretBytes encoded(kSecretHead.begin(), kSecretHead.end());
    encoded.insert(encoded.end(), scalar_.begin(), scalar_.end());
    return encoded;
}

Bytes SecretKey::sign(BytesView message) const {
    return detail::secp256k1_sign(scalar_, message);
}

Result<SecretBytes> SecretKey::agree(const PublicKey& theirs) const {
    if (theirs.kind() != KeyKind::secp256k1)
        return fail(Errc::unsupported, "a key of another kind than secp256k1 agrees on nothing");
    return detail::secp256k1_agree(scalar_, theirs.data());
}

} // namespace codex::net

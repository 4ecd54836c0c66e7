#include "ethereum/private_key.hpp"

#include <algorithm>
#include <secp256k1_preallocated.h>
#include <secp256k1_recovery.h>

namespace codex::ethereum {

namespace {

/// Order of the group, halved and rounded down: the largest s.
constexpr Digest kHalfOrder = {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                               0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4,
                               0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0};

/// What the curve's library keeps. In memory of ours, for where it finds none itself it aborts.
class Curve {
public:
    Curve() : memory_(secp256k1_context_preallocated_size(SECP256K1_CONTEXT_NONE)) {
        context_ = secp256k1_context_preallocated_create(memory_.data(), SECP256K1_CONTEXT_NONE);
        SecretBytes blinding(32);
        // Blinding changes nothing that is given out, so it may stay away.
        if (Random::system().fill(blinding))
            CODEX_ASSERT(secp256k1_context_randomize(context_, blinding.data()) == 1);
    }
    Curve(const Curve&) = delete;
    Curve& operator=(const Curve&) = delete;
    ~Curve() { secp256k1_context_preallocated_destroy(context_); }

    /// One for the process; it does not change after it was made, so all threads may use it.
    [[nodiscard]] static const secp256k1_context* context() {
        static const Curve curve;
        return curve.context_;
    }

private:
    SecretBytes memory_;
    secp256k1_context* context_;
};

Address address_of(const secp256k1_pubkey& point) {
    std::array<std::uint8_t, 65> encoded{};
    std::size_t size = encoded.size();
    CODEX_ASSERT(secp256k1_ec_pubkey_serialize(Curve::context(), encoded.data(), &size, &point,
                                               SECP256K1_EC_UNCOMPRESSED) == 1);
    return Address::of_point(std::span(encoded).subspan<1>());
}

} // namespace

std::array<std::uint8_t, Signature::kBytes> Signature::bytes() const {
    std::array<std::uint8_t, kBytes> bytes{};
    std::ranges::copy(r, bytes.begin());
    std::ranges::copy(s, bytes.begin() + 32);
    bytes.back() = parity;
    return bytes;
}

Signature Signature::from_bytes(BytesView bytes) {
    CODEX_ASSERT(bytes.size() == kBytes);
    Signature signature;
    std::copy_n(bytes.begin(), 32, signature.r.begin());
    std::copy_n(bytes.begin() + 32, 32, signature.s.begin());
    signature.parity = bytes.back();
    return signature;
}

Result<PrivateKey> PrivateKey::generate(SecretRandom& random) {
    SecretBytes scalar(kBytes);
    do // the numbers that are none are one in 2^128
        CODEX_CHECK(random.fill(scalar));
    while (secp256k1_ec_seckey_verify(Curve::context(), scalar.data()) != 1);
    return from_scalar(scalar);
}

Result<PrivateKey> PrivateKey::from_scalar(BytesView scalar) {
    if (scalar.size() != kBytes || secp256k1_ec_seckey_verify(Curve::context(), scalar.data()) != 1)
        return fail(Errc::key_file_invalid, "not the number of a secp256k1 key");
    secp256k1_pubkey point;
    CODEX_ASSERT(secp256k1_ec_pubkey_create(Curve::context(), &point, scalar.data()) == 1);
    return PrivateKey(SecretBytes(scalar.begin(), scalar.end()), address_of(point));
}

Signature PrivateKey::sign(const Digest& digest) const {
    secp256k1_ecdsa_recoverable_signature made;
    CODEX_ASSERT(secp256k1_ecdsa_sign_recoverable(Curve::context(), &made, digest.data(),
                                                  scalar_.data(), secp256k1_nonce_function_rfc6979,
                                                  nullptr) == 1);
    std::array<std::uint8_t, 64> compact{};
    int parity = 0;
    CODEX_ASSERT(secp256k1_ecdsa_recoverable_signature_serialize_compact(
                     Curve::context(), compact.data(), &parity, &made) == 1);
    // 2 and 3 stand for an x beyond the group's order, which nobody can find a nonce for.
    CODEX_ASSERT(parity == 0 || parity == 1);
    Signature signature;
    std::copy_n(compact.begin(), 32, signature.r.begin());
    std::copy_n(compact.begin() + 32, 32, signature.s.begin());
    signature.parity = static_cast<std::uint8_t>(parity);
    return signature;
}

Result<Address> recover(const Digest& digest, const Signature& signature) {
    if (signature.parity > 1)
        return fail(Errc::signature_invalid, "a signature's parity is 0 or 1");
    if (signature.s > kHalfOrder)
        return fail(Errc::signature_invalid, "a signature with the greater of two s");
    const auto bytes = signature.bytes();
    secp256k1_ecdsa_recoverable_signature parsed;
    secp256k1_pubkey point;
    if (secp256k1_ecdsa_recoverable_signature_parse_compact(Curve::context(), &parsed, bytes.data(),
                                                            signature.parity) != 1 ||
        secp256k1_ecdsa_recover(Curve::context(), &point, &parsed, digest.data()) != 1)
        return fail(Errc::signature_invalid, "no signature that any key can have made");
    return address_of(point);
}

} // namespace codex::ethereum

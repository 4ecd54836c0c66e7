// What signs for an account: ECDSA over secp256k1, as contracts and transactions want it
// (codex-market(7), SIGNATURES).
#pragma once

#include "base/random.hpp"
#include "base/secret.hpp"
#include "ethereum/address.hpp"

namespace codex::ethereum {

/// Of a digest. Threads: as a number.
struct Signature {
    static constexpr std::size_t kBytes = 65;
    Digest r{};            ///< the highest byte first
    Digest s{};            ///< at most half of the group's order
    std::uint8_t parity{}; ///< of the y that r stands for: 0 or 1

    /// r, s, parity.
    [[nodiscard]] std::array<std::uint8_t, kBytes> bytes() const;
    /// From 65 bytes; whether it is one recover() says.
    [[nodiscard]] static Signature from_bytes(BytesView bytes);

    friend bool operator==(const Signature&, const Signature&) = default;
};

/// A secret number. It lies in pages of its own (base/secret.hpp).
/// Threads: const calls from any thread, at once.
class PrivateKey {
public:
    static constexpr std::size_t kBytes = 32;

    /// Errors: those of fill().
    [[nodiscard]] static Result<PrivateKey> generate(SecretRandom& random);
    /// From 32 bytes, the highest first. Errors: key_file_invalid, when that number is 0 or not
    /// below the order of the group.
    [[nodiscard]] static Result<PrivateKey> from_scalar(BytesView scalar);

    [[nodiscard]] const Address& address() const { return address_; }
    /// 32 bytes, the highest first.
    [[nodiscard]] const SecretBytes& scalar() const { return scalar_; }
    /// The same each time (RFC 6979), s in the lower half.
    [[nodiscard]] Signature sign(const Digest& digest) const;

private:
    PrivateKey(SecretBytes scalar, const Address& address)
        : scalar_(std::move(scalar)), address_(address) {}
    SecretBytes scalar_;
    Address address_;
};

/// The account that has signed `digest`. Errors: signature_invalid: r or s is 0 or not below the
/// group's order, s is in the upper half (EIP-2), the parity is neither 0 nor 1, or no point
/// belongs to r.
[[nodiscard]] Result<Address> recover(const Digest& digest, const Signature& signature);

} // namespace codex::ethereum

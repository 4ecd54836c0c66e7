// The two prime fields of BN254: Fr, the scalars, and Fq, the coordinates (codex-groth16(5), FIELDS
// AND GROUPS).
//
// An element is held in Montgomery form, a * 2^256 mod p, in four 64-bit limbs, always reduced, so
// equality is equality of limbs. Addition, subtraction and multiplication are branch-free on data.
//
// The product is compiled twice: with mulx and two carry chains in files whose name ends in _adx,
// in plain C++ elsewhere. The inline namespace keeps the two apart for the linker; the memory
// layout is the same, so elements pass between them as limbs.
#pragma once

#include "base/bytes.hpp"
#include "base/endian.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace codex::crypto {

using Limbs = std::array<std::uint64_t, 4>;

struct FrParams {
    static constexpr Limbs kModulus = {0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d,
                                       0x30644e72e131a029};
    static constexpr Limbs kOne = {0xac96341c4ffffffb, 0x36fc76959f60cd29, 0x666ea36f7879462e,
                                   0x0e0a77c19a07df2f}; ///< 2^256 mod r
    static constexpr Limbs kSquare = {0x1bb8e645ae216da7, 0x53fe3ab1e35c59e3, 0x8c49833d53bb8085,
                                      0x0216d0b17f4e44a5};           ///< 2^512 mod r
    static constexpr std::uint64_t kNegInverse = 0xc2e1f593efffffff; ///< -1/r mod 2^64
};

struct FqParams {
    static constexpr Limbs kModulus = {0x3c208c16d87cfd47, 0x97816a916871ca8d, 0xb85045b68181585d,
                                       0x30644e72e131a029};
    static constexpr Limbs kOne = {0xd35d438dc58f0d9d, 0x0a78eb28f5c70b3d, 0x666ea36f7879462c,
                                   0x0e0a77c19a07df2f};
    static constexpr Limbs kSquare = {0xf32cfc5b538afa89, 0xb5e71911d44501fb, 0x47ab1eff0a417ff6,
                                      0x06d89f71cab8351f};
    static constexpr std::uint64_t kNegInverse = 0x87d20782e4866389;
};

} // namespace codex::crypto

#if defined(__ADX__) && defined(__BMI2__) && defined(__x86_64__)
#define CODEX_FIELD_ISA field_adx
#include "crypto/field/detail/mont_adx.hpp"
#else
#define CODEX_FIELD_ISA field_portable
#include "crypto/field/detail/mont_portable.hpp"
#endif

namespace codex::crypto {
inline namespace CODEX_FIELD_ISA {

/// Threads: a value; many may read, one may write.
template <class Params> class Field {
public:
    /// Zero.
    constexpr Field() = default;

    [[nodiscard]] static constexpr Field zero() { return {}; }
    [[nodiscard]] static constexpr Field one() { return from_montgomery(Params::kOne); }
    [[nodiscard]] static Field from_u64(std::uint64_t value) {
        return from_limbs({value, 0, 0, 0});
    }
    /// Limbs that are in Montgomery form already and reduced; the caller knows.
    [[nodiscard]] static constexpr Field from_montgomery(const Limbs& limbs) {
        Field result;
        result.limbs_ = limbs;
        return result;
    }
    /// A standard-form value, little-endian limbs, below the modulus; the caller knows.
    [[nodiscard]] static Field from_limbs(const Limbs& value) {
        return from_montgomery(value) * from_montgomery(Params::kSquare);
    }
    /// 32 little-endian bytes in standard form; nothing when not below the modulus.
    [[nodiscard]] static std::optional<Field> from_bytes(std::span<const std::uint8_t, 32> bytes) {
        Limbs value;
        for (std::size_t i = 0; i < 4; ++i)
            value[i] = load_le<std::uint64_t>(bytes.data() + 8 * i);
        if (!below_modulus(value))
            return std::nullopt;
        return from_limbs(value);
    }
    /// 32 little-endian bytes, any value, reduced.
    [[nodiscard]] static Field from_bytes_reduced(std::span<const std::uint8_t, 32> bytes) {
        Limbs value;
        for (std::size_t i = 0; i < 4; ++i)
            value[i] = load_le<std::uint64_t>(bytes.data() + 8 * i);
        while (!below_modulus(value)) // at most five times: 2^256 < 6p
            subtract_modulus(value);
        return from_limbs(value);
    }

    /// Standard form, little-endian limbs.
    [[nodiscard]] Limbs to_limbs() const {
        Limbs result;
        limbs::mont_mul<Params>(result.data(), limbs_.data(), kUnit.data());
        return result;
    }
    /// Standard form, 32 little-endian bytes.
    [[nodiscard]] Digest to_bytes() const {
        const Limbs value = to_limbs();
        Digest bytes;
        for (std::size_t i = 0; i < 4; ++i)
            store_le(bytes.data() + 8 * i, value[i]);
        return bytes;
    }
    [[nodiscard]] constexpr const Limbs& montgomery() const { return limbs_; }
    [[nodiscard]] constexpr bool is_zero() const {
        return (limbs_[0] | limbs_[1] | limbs_[2] | limbs_[3]) == 0;
    }

    friend Field operator*(const Field& a, const Field& b) {
        Field result;
        limbs::mont_mul<Params>(result.limbs_.data(), a.limbs_.data(), b.limbs_.data());
        return result;
    }
    friend Field operator+(const Field& a, const Field& b) {
        Field result;
        limbs::mod_add<Params>(result.limbs_.data(), a.limbs_.data(), b.limbs_.data());
        return result;
    }
    friend Field operator-(const Field& a, const Field& b) {
        Field result;
        limbs::mod_sub<Params>(result.limbs_.data(), a.limbs_.data(), b.limbs_.data());
        return result;
    }
    Field operator-() const { return Field() - *this; }
    // In place: words just stored one by one are slow to copy in vectors.
    Field& operator+=(const Field& b) {
        limbs::mod_add<Params>(limbs_.data(), limbs_.data(), b.limbs_.data());
        return *this;
    }
    Field& operator-=(const Field& b) {
        limbs::mod_sub<Params>(limbs_.data(), limbs_.data(), b.limbs_.data());
        return *this;
    }
    Field& operator*=(const Field& b) {
        limbs::mont_mul<Params>(limbs_.data(), limbs_.data(), b.limbs_.data());
        return *this;
    }
    [[nodiscard]] Field square() const {
        Field result;
        limbs::mont_square<Params>(result.limbs_.data(), limbs_.data());
        return result;
    }
    [[nodiscard]] Field doubled() const { return *this + *this; }

    /// this^exponent, exponent in standard form; the time depends on the exponent only.
    [[nodiscard]] Field pow(const Limbs& exponent) const {
        Field result = one();
        for (std::size_t bit = 256; bit-- > 0;) {
            result = result.square();
            if ((exponent[bit / 64] >> (bit % 64)) & 1)
                result *= *this;
        }
        return result;
    }
    /// 1/this, and 0 for 0, by Fermat: constant time in the element.
    [[nodiscard]] Field inverse() const {
        Limbs exponent = Params::kModulus;
        exponent[0] -= 2;
        return pow(exponent);
    }

    friend constexpr bool operator==(const Field& a, const Field& b) {
        return ((a.limbs_[0] ^ b.limbs_[0]) | (a.limbs_[1] ^ b.limbs_[1]) |
                (a.limbs_[2] ^ b.limbs_[2]) | (a.limbs_[3] ^ b.limbs_[3])) == 0;
    }

    /// True when the standard-form value is below the modulus.
    [[nodiscard]] static constexpr bool below_modulus(const Limbs& value) {
        for (std::size_t i = 4; i-- > 0;)
            if (value[i] != Params::kModulus[i])
                return value[i] < Params::kModulus[i];
        return false;
    }

private:
    static constexpr Limbs kUnit = {1, 0, 0, 0};

    static void subtract_modulus(Limbs& value) {
        std::uint64_t borrow = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            const std::uint64_t less = value[i] - Params::kModulus[i];
            const std::uint64_t next = (value[i] < Params::kModulus[i]) | (less < borrow);
            value[i] = less - borrow;
            borrow = next;
        }
    }

    Limbs limbs_{};
};

using Fr = Field<FrParams>;
using Fq = Field<FqParams>;

static_assert(sizeof(Fr) == 32 && sizeof(Fq) == 32);

/// Replaces each non-zero element by its inverse and leaves zeros, with one inversion for all
/// (Montgomery's trick). `scratch` is as long as `values`. The zeros show in the timing.
template <class F> void batch_inverse(std::span<F> values, std::span<F> scratch) {
    F product = F::one();
    for (std::size_t i = 0; i < values.size(); ++i) {
        scratch[i] = product;
        if (!values[i].is_zero())
            product *= values[i];
    }
    F inverse = product.inverse();
    for (std::size_t i = values.size(); i-- > 0;) {
        if (values[i].is_zero())
            continue;
        const F value = values[i];
        values[i] = inverse * scratch[i];
        inverse *= value;
    }
}

} // namespace CODEX_FIELD_ISA
} // namespace codex::crypto

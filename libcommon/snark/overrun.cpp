#include "snark/detail/overrun.hpp"

#include "base/endian.hpp"

namespace codex::snark::detail {

namespace {

using crypto::FqParams;
using crypto::Limbs;
__extension__ using Word128 = unsigned __int128;

constexpr Limbs kQ = FqParams::kModulus;

bool add_into(Limbs& a, const Limbs& b) {
    Word128 carry = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        carry += Word128{a[i]} + b[i];
        a[i] = static_cast<std::uint64_t>(carry);
        carry >>= 64;
    }
    return carry != 0;
}

bool subtract_from(Limbs& a, const Limbs& b) {
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const Word128 t = Word128{a[i]} - b[i] - borrow;
        a[i] = static_cast<std::uint64_t>(t);
        borrow = static_cast<std::uint64_t>(t >> 64) & 1;
    }
    return borrow != 0;
}

/// Eight limbs += a * b.
void multiply_into(std::array<std::uint64_t, 9>& sum, const Limbs& a, const Limbs& b) {
    for (std::size_t i = 0; i < 4; ++i) {
        std::uint64_t carry = 0;
        for (std::size_t j = 0; j < 4; ++j) {
            const Word128 t = Word128{a[i]} * b[j] + sum[i + j] + carry;
            sum[i + j] = static_cast<std::uint64_t>(t);
            carry = static_cast<std::uint64_t>(t >> 64);
        }
        for (std::size_t k = i + 4; carry != 0; ++k) {
            sum[k] += carry;
            carry = sum[k] < carry ? 1 : 0;
        }
    }
}

/// 256 bits, corrected by q at most once after each operation.
struct Loose {
    Limbs value;

    static Loose corrected(Limbs value, bool overflow) {
        if (overflow || !Fq::below_modulus(value))
            subtract_from(value, kQ);
        return {value};
    }
    friend Loose operator+(const Loose& a, const Loose& b) {
        Limbs sum = a.value;
        const bool overflow = add_into(sum, b.value);
        return corrected(sum, overflow);
    }
    friend Loose operator-(const Loose& a, const Loose& b) {
        Limbs difference = a.value;
        if (subtract_from(difference, b.value))
            add_into(difference, kQ);
        return {difference};
    }
    /// a * b / 2^256.
    friend Loose operator*(const Loose& a, const Loose& b) {
        std::array<std::uint64_t, 9> t{};
        multiply_into(t, a.value, b.value);
        // m q cancels the lower half, a limb at a time.
        for (std::size_t i = 0; i < 4; ++i) {
            const std::uint64_t m = t[i] * FqParams::kNegInverse;
            std::uint64_t carry = 0;
            for (std::size_t j = 0; j < 4; ++j) {
                const Word128 s = Word128{m} * kQ[j] + t[i + j] + carry;
                t[i + j] = static_cast<std::uint64_t>(s);
                carry = static_cast<std::uint64_t>(s >> 64);
            }
            for (std::size_t k = i + 4; carry != 0; ++k) {
                t[k] += carry;
                carry = t[k] < carry ? 1 : 0;
            }
        }
        return corrected({t[4], t[5], t[6], t[7]}, t[8] != 0);
    }
    [[nodiscard]] Fq reduced() const {
        Limbs rest = value;
        while (!Fq::below_modulus(rest))
            subtract_from(rest, kQ);
        return Fq::from_montgomery(rest);
    }
};

Loose load(const std::uint8_t* from) {
    Loose result{};
    for (std::size_t i = 0; i < 4; ++i)
        result.value[i] = load_le<std::uint64_t>(from + 8 * i);
    return result;
}

} // namespace

G1 difference_of_overrun(std::span<const std::uint8_t, kG1Bytes> bytes, const G1& subtrahend) {
    const Loose x1 = load(bytes.data());
    const Loose y1 = load(bytes.data() + 32);
    const Loose x2 = {subtrahend.x.montgomery()};
    const Loose y2 = {(-subtrahend.y).montgomery()};
    // Jacobian coordinates ("add-2007-bl" with both z one), in wasmcurves' order of operations.
    const Loose h = x2 - x1;
    const Loose rise = y2 - y1;
    const Loose hh = h * h;
    const Loose twice = hh + hh;
    const Loose i = twice + twice;
    const Loose j = h * i;
    const Loose r = rise + rise;
    const Loose v = x1 * i;
    const Loose x3 = (r * r - j) - (v + v);
    const Loose yj = y1 * j;
    const Loose y3 = (v - x3) * r - (yj + yj);
    const Fq inverse = (h + h).reduced().inverse();
    const Fq square = inverse.square();
    return {x3.reduced() * square, y3.reduced() * square * inverse};
}

} // namespace codex::snark::detail

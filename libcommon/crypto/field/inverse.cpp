// The division steps of Bernstein and Yang ("Fast constant-time gcd computation and modular
// inversion", 2019), here in variable time: runs of zero bits are shifted out at once.
//
// A step takes (delta, f, g) with f odd to (1 - delta, g, (g - f) / 2) when delta > 0 and g is odd,
// else to (1 + delta, f, (g + (g mod 2) f) / 2). Which steps come next is decided by the low bits
// alone, so 62 of them are made on words, as a matrix of small integers over 2^62, and then applied
// to the long numbers: f and g themselves, and d, e with f = d * value, g = e * value mod modulus.
#include "crypto/field/inverse.hpp"

#include <algorithm>
#include <bit>

namespace codex::crypto {

namespace {

__extension__ using Wide = __int128;

constexpr int kSteps = 62;
constexpr std::uint64_t kMask = ~std::uint64_t{0} >> 2;

/// Five digits in base 2^62, the last one with the sign.
using Number = std::array<std::int64_t, 5>;

Number to_number(const Limbs& a) {
    const auto digit = [](std::uint64_t bits) { return static_cast<std::int64_t>(bits & kMask); };
    return {digit(a[0]), digit(a[0] >> 62 | a[1] << 2), digit(a[1] >> 60 | a[2] << 4),
            digit(a[2] >> 58 | a[3] << 6), digit(a[3] >> 56)};
}

/// Of a number from 0 on, digits reduced.
Limbs to_limbs(const Number& a) {
    const auto digit = [&a](std::size_t i) { return static_cast<std::uint64_t>(a[i]); };
    return {digit(0) | digit(1) << 62, digit(1) >> 2 | digit(2) << 60,
            digit(2) >> 4 | digit(3) << 58, digit(3) >> 6 | digit(4) << 56};
}

/// 2^62 (f', g') = ((u, v), (q, r)) (f, g).
struct Matrix {
    std::int64_t u = 1;
    std::int64_t v = 0;
    std::int64_t q = 0;
    std::int64_t r = 1;
};

/// 62 steps on the low words.
Matrix next_steps(std::int64_t& delta, std::uint64_t f, std::uint64_t g) {
    // Unsigned, for they are shifted and wrap in between; the results fit a word.
    std::uint64_t u = 1;
    std::uint64_t v = 0;
    std::uint64_t q = 0;
    std::uint64_t r = 1;
    for (int left = kSteps;;) {
        // Steps with g even, at most as many as are left.
        const int zeros = std::countr_zero(g | (~std::uint64_t{0} << left));
        g >>= zeros;
        u <<= zeros;
        v <<= zeros;
        delta += zeros;
        left -= zeros;
        if (left == 0)
            break;
        if (delta > 0) {
            delta = -delta;
            const std::uint64_t old_f = f;
            const std::uint64_t old_u = u;
            const std::uint64_t old_v = v;
            f = g;
            u = q;
            v = r;
            g = 0 - old_f;
            q = 0 - old_u;
            r = 0 - old_v;
        }
        // For 1 - delta steps f stays: add the multiple of it that clears as many low bits of g,
        // six at most, to which f * (f^2 - 2) is -1/f.
        const auto most = std::min<std::int64_t>({left, 1 - delta, 6});
        const std::uint64_t mask = (std::uint64_t{1} << most) - 1;
        const std::uint64_t w = (f * g * (f * f - 2)) & mask;
        g += f * w;
        q += u * w;
        r += v * w;
    }
    return {static_cast<std::int64_t>(u), static_cast<std::int64_t>(v),
            static_cast<std::int64_t>(q), static_cast<std::int64_t>(r)};
}

std::int64_t low(Wide a) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) & kMask);
}

/// (x a + y b) / 2^62, exact.
Number combine(std::int64_t x, const Number& a, std::int64_t y, const Number& b) {
    Wide sum = Wide{x} * a[0] + Wide{y} * b[0];
    Number result;
    for (std::size_t i = 1; i < 5; ++i) {
        sum >>= kSteps;
        sum += Wide{x} * a[i] + Wide{y} * b[i];
        result[i - 1] = low(sum);
    }
    result[4] = static_cast<std::int64_t>(sum >> kSteps);
    return result;
}

/// The same mod the modulus; a and b in (-2 modulus, modulus), the result as well.
Number combine_mod(std::int64_t x, const Number& a, std::int64_t y, const Number& b,
                   const Number& modulus, std::uint64_t inverse) {
    // Multiples of the modulus: to bring negative operands up, then to make the low digit zero.
    std::int64_t times = ((a[4] >> 63) & x) + ((b[4] >> 63) & y);
    Wide sum = Wide{x} * a[0] + Wide{y} * b[0];
    const std::uint64_t wanted =
        (inverse * static_cast<std::uint64_t>(sum) + static_cast<std::uint64_t>(times)) & kMask;
    times -= static_cast<std::int64_t>(wanted);
    sum += Wide{modulus[0]} * times;
    Number result;
    for (std::size_t i = 1; i < 5; ++i) {
        sum >>= kSteps;
        sum += Wide{x} * a[i] + Wide{y} * b[i] + Wide{modulus[i]} * times;
        result[i - 1] = low(sum);
    }
    result[4] = static_cast<std::int64_t>(sum >> kSteps);
    return result;
}

/// a + b or b - a, digits reduced.
Number sum_of(const Number& a, const Number& b, bool negate_a) {
    std::int64_t carry = 0;
    Number result;
    for (std::size_t i = 0; i < 5; ++i) {
        const std::int64_t digit = (negate_a ? -a[i] : a[i]) + b[i] + carry;
        result[i] = i < 4 ? digit & static_cast<std::int64_t>(kMask) : digit;
        carry = digit >> kSteps;
    }
    return result;
}

bool is_zero(const Number& a) {
    return (a[0] | a[1] | a[2] | a[3] | a[4]) == 0;
}

} // namespace

Limbs inverse_variable_time(const Limbs& value, const Limbs& modulus) {
    const Number p = to_number(modulus);
    // 1 / modulus mod 2^62 by Newton's iteration: each doubles the bits, from three on.
    std::uint64_t inverse = modulus[0];
    for (int i = 0; i < 5; ++i)
        inverse *= 2 - modulus[0] * inverse;
    Number f = p;
    Number g = to_number(value);
    Number d = {0, 0, 0, 0, 0};
    Number e = {1, 0, 0, 0, 0};
    std::int64_t delta = 1;
    while (!is_zero(g)) {
        const Matrix m =
            next_steps(delta, static_cast<std::uint64_t>(f[0]), static_cast<std::uint64_t>(g[0]));
        const Number next_f = combine(m.u, f, m.v, g);
        g = combine(m.q, f, m.r, g);
        f = next_f;
        const Number next_d = combine_mod(m.u, d, m.v, e, p, inverse);
        e = combine_mod(m.q, d, m.r, e, p, inverse);
        d = next_d;
    }
    // f is the gcd up to its sign, 1 or -1 (or the modulus for value 0, with d = 0).
    const Number zero = {0, 0, 0, 0, 0};
    if (d[4] < 0)
        d = sum_of(d, p, false);
    if (f[4] < 0)
        d = sum_of(d, zero, true);
    if (d[4] < 0)
        d = sum_of(d, p, false);
    return to_limbs(d);
}

} // namespace codex::crypto

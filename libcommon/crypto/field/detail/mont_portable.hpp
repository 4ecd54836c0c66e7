// Montgomery arithmetic on four 64-bit limbs with baseline instructions.
//
// The product interleaves multiplication and reduction (CIOS; Koc, Acar, Kaliski 1996). Both
// moduli are below 2^254, so the running sum never needs a sixth word.
//
// On x86-64 in assembly, for the reason of mod_add.hpp: gcc 12 keeps the zero upper halves of the
// C++ form's 128-bit sums in memory, and takes twice the time.
#pragma once

#include "crypto/field/detail/mod_add.hpp"

#include <cstdint>

namespace codex::crypto {
inline namespace CODEX_FIELD_ISA {
namespace limbs {

/// to = a * b / 2^256 mod p, for a and b below 2p. `to` may be a or b.
template <class Params, Range kRange = Range::reduced>
inline void mont_mul_plain(std::uint64_t* to, const std::uint64_t* a, const std::uint64_t* b) {
    constexpr auto& kP = Params::kModulus;
    std::uint64_t t0 = 0;
    std::uint64_t t1 = 0;
    std::uint64_t t2 = 0;
    std::uint64_t t3 = 0;
    for (int i = 0; i < 4; ++i) {
        const std::uint64_t y = b[i];
        Wide sum = Wide{a[0]} * y + t0;
        const std::uint64_t low = static_cast<std::uint64_t>(sum);
        auto high = static_cast<std::uint64_t>(sum >> 64);
        const std::uint64_t m = low * Params::kNegInverse;
        Wide red = Wide{m} * kP[0] + low;
        auto carry = static_cast<std::uint64_t>(red >> 64);
        sum = Wide{a[1]} * y + t1 + high;
        high = static_cast<std::uint64_t>(sum >> 64);
        red = Wide{m} * kP[1] + static_cast<std::uint64_t>(sum) + carry;
        t0 = static_cast<std::uint64_t>(red);
        carry = static_cast<std::uint64_t>(red >> 64);
        sum = Wide{a[2]} * y + t2 + high;
        high = static_cast<std::uint64_t>(sum >> 64);
        red = Wide{m} * kP[2] + static_cast<std::uint64_t>(sum) + carry;
        t1 = static_cast<std::uint64_t>(red);
        carry = static_cast<std::uint64_t>(red >> 64);
        sum = Wide{a[3]} * y + t3 + high;
        high = static_cast<std::uint64_t>(sum >> 64);
        red = Wide{m} * kP[3] + static_cast<std::uint64_t>(sum) + carry;
        t2 = static_cast<std::uint64_t>(red);
        carry = static_cast<std::uint64_t>(red >> 64);
        t3 = high + carry;
    }
    finish<Params, kRange>(to, t0, t1, t2, t3);
}

#if defined(__x86_64__)

// rdx:rax = x * y.
#define CODEX_MUL(x, y) "movq %[" x "], %%rax\n\tmulq %[" y "]\n\t"
// word += low half of the product; next = high half and carry.
#define CODEX_MUL_ADD(word, next)                                                                  \
    "addq %%rax, %[" word "]\n\tadcq $0, %%rdx\n\tmovq %%rdx, %[" next "]\n\t"

// t0..t4 += a * b_i; t4 is free before.
#define CODEX_MUL_ROW(b, t0, t1, t2, t3, t4)                                                       \
    CODEX_MUL("a0", b)                                                                             \
    "movq %%rax, %[" t4 "]\n\tmovq %%rdx, %[h0]\n\t" CODEX_MUL("a1", b) CODEX_MUL_ADD("h0", "h1")  \
        CODEX_MUL("a2", b) CODEX_MUL_ADD("h1", "h2")                                               \
            CODEX_MUL("a3", b) "addq %%rax, %[h2]\n\tadcq $0, %%rdx\n\t"                           \
                               "addq %[" t4 "], %[" t0 "]\n\tadcq %[h0], %[" t1                    \
                               "]\n\tadcq %[h1], %[" t2 "]\n\t"                                    \
                               "adcq %[h2], %[" t3 "]\n\tadcq $0, %%rdx\n\tmovq %%rdx, %[" t4      \
                               "]\n\t"

// t1..t4 = (t + m * p) / 2^64, m in place of t0; `more` may add to rdx, the last high half. The
// lowest sum is a multiple of 2^64, and is not 0 itself unless t0, and so m, was: that is the
// carry, which neg gives.
#define CODEX_MUL_REDUCE(t0, t1, t2, t3, t4, more)                                                 \
    "imulq %[inv], %[" t0 "]\n\t" CODEX_MUL("p0", t0) "movq %%rdx, %[h0]\n\t" CODEX_MUL("p1", t0)  \
        CODEX_MUL_ADD("h0", "h1") CODEX_MUL("p2", t0) CODEX_MUL_ADD("h1", "h2")                    \
            CODEX_MUL("p3", t0) "addq %%rax, %[h2]\n\tadcq $0, %%rdx\n\t" more "negq %[" t0        \
                                "]\n\tadcq %[h0], %[" t1 "]\n\tadcq %[h1], %[" t2 "]\n\t"          \
                                "adcq %[h2], %[" t3 "]\n\tadcq %%rdx, %[" t4 "]\n\t"

/// to = a * b / 2^256 mod p, for a and b below 2p. `to` may be a or b. A function of its own,
/// because it needs nearly every register, and clang gives up where it has to address operands with
/// more.
template <class Params, Range kRange = Range::reduced>
[[gnu::noinline]] void mont_mul(std::uint64_t* to, const std::uint64_t* a, const std::uint64_t* b) {
    constexpr auto& kP = Params::kModulus;
    std::uint64_t t0;
    std::uint64_t t1;
    std::uint64_t t2;
    std::uint64_t t3;
    std::uint64_t t4;
    std::uint64_t h0;
    std::uint64_t h1;
    std::uint64_t h2;
    __asm__(CODEX_MUL("a0", "b0") "movq %%rax, %[t0]\n\tmovq %%rdx, %[t1]\n\t" CODEX_MUL("a1", "b0")
                CODEX_MUL_ADD("t1", "t2") CODEX_MUL("a2", "b0") CODEX_MUL_ADD("t2", "t3")
                    CODEX_MUL("a3", "b0") CODEX_MUL_ADD("t3", "t4")
                        CODEX_MUL_REDUCE("t0", "t1", "t2", "t3", "t4", "")
                            CODEX_MUL_ROW("b1", "t1", "t2", "t3", "t4", "t0")
                                CODEX_MUL_REDUCE("t1", "t2", "t3", "t4", "t0", "")
                                    CODEX_MUL_ROW("b2", "t2", "t3", "t4", "t0", "t1")
                                        CODEX_MUL_REDUCE("t2", "t3", "t4", "t0", "t1", "")
                                            CODEX_MUL_ROW("b3", "t3", "t4", "t0", "t1", "t2")
                                                CODEX_MUL_REDUCE("t3", "t4", "t0", "t1", "t2", "")
            : [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [t3] "=&r"(t3), [t4] "=&r"(t4),
              [h0] "=&r"(h0), [h1] "=&r"(h1), [h2] "=&r"(h2)
            : [a0] "m"(a[0]), [a1] "m"(a[1]), [a2] "m"(a[2]), [a3] "m"(a[3]), [b0] "m"(b[0]),
              [b1] "m"(b[1]), [b2] "m"(b[2]), [b3] "m"(b[3]), [p0] "m"(kP[0]), [p1] "m"(kP[1]),
              [p2] "m"(kP[2]), [p3] "m"(kP[3]), [inv] "m"(Params::kNegInverse)
            : "rax", "rdx", "cc");
    finish<Params, kRange>(to, t4, t0, t1, t2);
}

// Words `low` and `high` += the half left by the square before, and the square of `a`.
#define CODEX_SQUARE(a, low, high)                                                                 \
    "movq " a "(%[a]), %%rax\n\tmulq %%rax\n\taddq %[h], %[" low "]\n\tadcq %%rax, %[" high        \
    "]\n\tadcq $0, %%rdx\n\tmovq %%rdx, %[h]\n\t"
#define CODEX_SQUARE_MIXED(a, b) "movq " a "(%[a]), %%rax\n\tmulq " b "(%[a])\n\t"

/// The eight words of a^2, each mixed product made once.
inline void square_wide(std::uint64_t (&r)[8], const std::uint64_t* a) {
    std::uint64_t h;
    using Four = const std::uint64_t(*)[4];
    // clang-format off
    __asm__(CODEX_SQUARE_MIXED("0", "8") "movq %%rax, %[r1]\n\tmovq %%rdx, %[r2]\n\t"
            CODEX_SQUARE_MIXED("0", "16") CODEX_MUL_ADD("r2", "r3")
            CODEX_SQUARE_MIXED("0", "24") CODEX_MUL_ADD("r3", "r4")
            CODEX_SQUARE_MIXED("8", "16") CODEX_MUL_ADD("r3", "h")
            CODEX_SQUARE_MIXED("8", "24") "addq %[h], %%rax\n\tadcq $0, %%rdx\n\t"
                                          CODEX_MUL_ADD("r4", "r5")
            CODEX_SQUARE_MIXED("16", "24") CODEX_MUL_ADD("r5", "r6")
            "addq %[r1], %[r1]\n\tadcq %[r2], %[r2]\n\tadcq %[r3], %[r3]\n\tadcq %[r4], %[r4]\n\t"
            "adcq %[r5], %[r5]\n\tadcq %[r6], %[r6]\n\tmovl $0, %k[r7]\n\tadcq %[r7], %[r7]\n\t"
            "movq 0(%[a]), %%rax\n\tmulq %%rax\n\tmovq %%rax, %[r0]\n\tmovq %%rdx, %[h]\n\t"
            CODEX_SQUARE("8", "r1", "r2") CODEX_SQUARE("16", "r3", "r4")
            "movq 24(%[a]), %%rax\n\tmulq %%rax\n\t"
            "addq %[h], %[r5]\n\tadcq %%rax, %[r6]\n\tadcq %%rdx, %[r7]\n\t"
            : [r0] "=&r"(r[0]), [r1] "=&r"(r[1]), [r2] "=&r"(r[2]), [r3] "=&r"(r[3]),
              [r4] "=&r"(r[4]), [r5] "=&r"(r[5]), [r6] "=&r"(r[6]), [r7] "=&r"(r[7]), [h] "=&r"(h)
            : [a] "r"(a), "m"(*reinterpret_cast<Four>(a))
            : "rax", "rdx", "cc");
    // clang-format on
}

/// mont_mul(to, a, a).
template <class Params, Range kRange = Range::reduced>
[[gnu::noinline]] void mont_square(std::uint64_t* to, const std::uint64_t* a) {
    constexpr auto& kP = Params::kModulus;
    std::uint64_t r[8];
    square_wide(r, a);
    std::uint64_t h0;
    std::uint64_t h1;
    std::uint64_t h2;
    const std::uint64_t r6 = r[6]; // operands in memory, without forcing the other words there
    const std::uint64_t r7 = r[7];
    // What a row carries out waits, negated, in the word it has done with, for the row after it.
    // The two highest words come into such words, too: there are no more registers.
    // clang-format off
    __asm__(CODEX_MUL_REDUCE("r0", "r1", "r2", "r3", "r4", "")
            "sbbq %[r0], %[r0]\n\t"
            CODEX_MUL_REDUCE("r1", "r2", "r3", "r4", "r5", "subq %[r0], %%rdx\n\t")
            "sbbq %[r1], %[r1]\n\tmovq %[r6], %[r0]\n\t"
            CODEX_MUL_REDUCE("r2", "r3", "r4", "r5", "r0", "subq %[r1], %%rdx\n\t")
            "sbbq %[r2], %[r2]\n\tmovq %[r7], %[r1]\n\t"
            CODEX_MUL_REDUCE("r3", "r4", "r5", "r0", "r1", "subq %[r2], %%rdx\n\t")
            : [r0] "+&r"(r[0]), [r1] "+&r"(r[1]), [r2] "+&r"(r[2]), [r3] "+&r"(r[3]),
              [r4] "+&r"(r[4]), [r5] "+&r"(r[5]), [h0] "=&r"(h0), [h1] "=&r"(h1), [h2] "=&r"(h2)
            : [r6] "m"(r6), [r7] "m"(r7), [p0] "m"(kP[0]), [p1] "m"(kP[1]), [p2] "m"(kP[2]),
              [p3] "m"(kP[3]), [inv] "m"(Params::kNegInverse)
            : "rax", "rdx", "cc");
    // clang-format on
    finish<Params, kRange>(to, r[4], r[5], r[0], r[1]);
}

#undef CODEX_SQUARE_MIXED
#undef CODEX_SQUARE

#undef CODEX_MUL
#undef CODEX_MUL_ADD
#undef CODEX_MUL_ROW
#undef CODEX_MUL_REDUCE

#else

/// to = a * b / 2^256 mod p, for a and b below 2p. `to` may be a or b.
template <class Params, Range kRange = Range::reduced>
inline void mont_mul(std::uint64_t* to, const std::uint64_t* a, const std::uint64_t* b) {
    mont_mul_plain<Params, kRange>(to, a, b);
}

template <class Params, Range kRange = Range::reduced>
inline void mont_square(std::uint64_t* to, const std::uint64_t* a) {
    mont_mul_plain<Params, kRange>(to, a, a);
}

#endif

} // namespace limbs
} // namespace CODEX_FIELD_ISA
} // namespace codex::crypto

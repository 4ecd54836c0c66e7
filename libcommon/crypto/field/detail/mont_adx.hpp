// The Montgomery product with mulx and the two independent carry chains of adcx and adox: the low
// halves go through one chain, the high halves through the other, so neither waits.
#pragma once

#include "crypto/field/detail/mod_add.hpp"

#include <cstdint>

namespace codex::crypto {
inline namespace CODEX_FIELD_ISA {
namespace limbs {

// t += a * b[i], with the top word in `top`.
#define CODEX_ADX_ACCUMULATE(offset)                                                               \
    "movq " offset "(%[b]), %%rdx\n\t"                                                             \
    "xorl %%eax, %%eax\n\t"                                                                        \
    "mulxq 0(%[a]), %%rax, %[top]\n\t"                                                             \
    "adoxq %%rax, %[t0]\n\t"                                                                       \
    "adcxq %[top], %[t1]\n\t"                                                                      \
    "mulxq 8(%[a]), %%rax, %[top]\n\t"                                                             \
    "adoxq %%rax, %[t1]\n\t"                                                                       \
    "adcxq %[top], %[t2]\n\t"                                                                      \
    "mulxq 16(%[a]), %%rax, %[top]\n\t"                                                            \
    "adoxq %%rax, %[t2]\n\t"                                                                       \
    "adcxq %[top], %[t3]\n\t"                                                                      \
    "mulxq 24(%[a]), %%rax, %[top]\n\t"                                                            \
    "adoxq %%rax, %[t3]\n\t"                                                                       \
    "movl $0, %%eax\n\t"                                                                           \
    "adcxq %%rax, %[top]\n\t"                                                                      \
    "adoxq %%rax, %[top]\n\t"

// The first row has nothing to add to.
#define CODEX_ADX_FIRST                                                                            \
    "movq 0(%[b]), %%rdx\n\t"                                                                      \
    "xorl %%eax, %%eax\n\t"                                                                        \
    "mulxq 0(%[a]), %[t0], %[t1]\n\t"                                                              \
    "mulxq 8(%[a]), %%rax, %[t2]\n\t"                                                              \
    "adoxq %%rax, %[t1]\n\t"                                                                       \
    "mulxq 16(%[a]), %%rax, %[t3]\n\t"                                                             \
    "adoxq %%rax, %[t2]\n\t"                                                                       \
    "mulxq 24(%[a]), %%rax, %[top]\n\t"                                                            \
    "adoxq %%rax, %[t3]\n\t"                                                                       \
    "movl $0, %%eax\n\t"                                                                           \
    "adoxq %%rax, %[top]\n\t"

// t = (t + m * p) / 2^64 with m chosen so that the division is exact.
#define CODEX_ADX_REDUCE                                                                           \
    "movq %[t0], %%rdx\n\t"                                                                        \
    "imulq %[inv], %%rdx\n\t"                                                                      \
    "xorl %%eax, %%eax\n\t"                                                                        \
    "mulxq 0(%[p]), %%rax, %[high]\n\t"                                                            \
    "adcxq %[t0], %%rax\n\t"                                                                       \
    "movq %[high], %[t0]\n\t"                                                                      \
    "adcxq %[t1], %[t0]\n\t"                                                                       \
    "mulxq 8(%[p]), %%rax, %[t1]\n\t"                                                              \
    "adoxq %%rax, %[t0]\n\t"                                                                       \
    "adcxq %[t2], %[t1]\n\t"                                                                       \
    "mulxq 16(%[p]), %%rax, %[t2]\n\t"                                                             \
    "adoxq %%rax, %[t1]\n\t"                                                                       \
    "adcxq %[t3], %[t2]\n\t"                                                                       \
    "mulxq 24(%[p]), %%rax, %[t3]\n\t"                                                             \
    "adoxq %%rax, %[t2]\n\t"                                                                       \
    "movl $0, %%eax\n\t"                                                                           \
    "adcxq %%rax, %[t3]\n\t"                                                                       \
    "adoxq %[top], %[t3]\n\t"

// clang gives up on the registers where such code is inlined into large functions.
#if defined(__clang__)
#define CODEX_ADX_PRODUCT [[gnu::noinline]] inline
#else
#define CODEX_ADX_PRODUCT inline
#endif

/// to = a * b / 2^256 mod p, for a and b below 2p. `to` may be a or b.
template <class Params, Range kRange = Range::reduced>
CODEX_ADX_PRODUCT void mont_mul(std::uint64_t* to, const std::uint64_t* a, const std::uint64_t* b) {
    std::uint64_t t0;
    std::uint64_t t1;
    std::uint64_t t2;
    std::uint64_t t3;
    std::uint64_t top;
    std::uint64_t high;
    using Four = const std::uint64_t(*)[4];
    __asm__(
        CODEX_ADX_FIRST CODEX_ADX_REDUCE CODEX_ADX_ACCUMULATE("8")
            CODEX_ADX_REDUCE CODEX_ADX_ACCUMULATE("16") CODEX_ADX_REDUCE CODEX_ADX_ACCUMULATE("24")
                CODEX_ADX_REDUCE
        : [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [t3] "=&r"(t3), [top] "=&r"(top),
          [high] "=&r"(high)
        : [a] "r"(a), [b] "r"(b), [p] "r"(Params::kModulus.data()), [inv] "m"(Params::kNegInverse),
          "m"(*reinterpret_cast<Four>(a)), "m"(*reinterpret_cast<Four>(b)),
          "m"(*reinterpret_cast<Four>(Params::kModulus.data()))
        : "rax", "rdx", "cc");
    finish<Params, kRange>(to, t0, t1, t2, t3);
}

// Of the words r0.. + m * p the lowest becomes 0, and then holds what is left to carry, for `carry`
// of the next row.
#define CODEX_ADX_REDUCE_WIDE(r0, r1, r2, r3, r4, carry)                                           \
    "movq %[" r0 "], %%rdx\n\t"                                                                    \
    "imulq %[inv], %%rdx\n\t"                                                                      \
    "xorl %%eax, %%eax\n\t"                                                                        \
    "mulxq %[p0], %%rax, %[h]\n\t"                                                                 \
    "adoxq %%rax, %[" r0 "]\n\t"                                                                   \
    "adcxq %[h], %[" r1 "]\n\t"                                                                    \
    "mulxq %[p1], %%rax, %[h]\n\t"                                                                 \
    "adoxq %%rax, %[" r1 "]\n\t"                                                                   \
    "adcxq %[h], %[" r2 "]\n\t"                                                                    \
    "mulxq %[p2], %%rax, %[h]\n\t"                                                                 \
    "adoxq %%rax, %[" r2 "]\n\t"                                                                   \
    "adcxq %[h], %[" r3 "]\n\t"                                                                    \
    "mulxq %[p3], %%rax, %[h]\n\t"                                                                 \
    "adoxq %%rax, %[" r3 "]\n\t"                                                                   \
    "adcxq %[h], %[" r4 "]\n\t"                                                                    \
    "adoxq %[" carry "], %[" r4 "]\n\t"                                                            \
    "movl $0, %%eax\n\t"                                                                           \
    "adcxq %%rax, %[" r0 "]\n\t"                                                                   \
    "adoxq %%rax, %[" r0 "]\n\t"

/// mont_mul(to, a, a), with each mixed product made once.
template <class Params, Range kRange = Range::reduced>
CODEX_ADX_PRODUCT void mont_square(std::uint64_t* to, const std::uint64_t* a) {
    constexpr auto& kP = Params::kModulus;
    std::uint64_t r[8];
    std::uint64_t h;
    using Four = const std::uint64_t(*)[4];
    __asm__("movq 0(%[a]), %%rdx\n\t"
            "mulxq 8(%[a]), %[r1], %[r2]\n\t"
            "mulxq 16(%[a]), %%rax, %[r3]\n\t"
            "addq %%rax, %[r2]\n\t"
            "mulxq 24(%[a]), %%rax, %[r4]\n\t"
            "adcq %%rax, %[r3]\n\t"
            "adcq $0, %[r4]\n\t"
            "movq 8(%[a]), %%rdx\n\t"
            "mulxq 16(%[a]), %%rax, %[h]\n\t"
            "mulxq 24(%[a]), %[r7], %[r5]\n\t"
            "addq %[h], %[r7]\n\t"
            "adcq $0, %[r5]\n\t"
            "addq %%rax, %[r3]\n\t"
            "adcq %[r7], %[r4]\n\t"
            "movq 16(%[a]), %%rdx\n\t"
            "mulxq 24(%[a]), %%rax, %[r6]\n\t"
            "adcq %%rax, %[r5]\n\t"
            "adcq $0, %[r6]\n\t"
            "movl $0, %k[r7]\n\t"
            "addq %[r1], %[r1]\n\t"
            "adcq %[r2], %[r2]\n\t"
            "adcq %[r3], %[r3]\n\t"
            "adcq %[r4], %[r4]\n\t"
            "adcq %[r5], %[r5]\n\t"
            "adcq %[r6], %[r6]\n\t"
            "adcq %[r7], %[r7]\n\t"
            "movq 0(%[a]), %%rdx\n\t"
            "mulxq %%rdx, %[r0], %[h]\n\t"
            "addq %[h], %[r1]\n\t"
            "movq 8(%[a]), %%rdx\n\t"
            "mulxq %%rdx, %%rax, %[h]\n\t"
            "adcq %%rax, %[r2]\n\t"
            "adcq %[h], %[r3]\n\t"
            "movq 16(%[a]), %%rdx\n\t"
            "mulxq %%rdx, %%rax, %[h]\n\t"
            "adcq %%rax, %[r4]\n\t"
            "adcq %[h], %[r5]\n\t"
            "movq 24(%[a]), %%rdx\n\t"
            "mulxq %%rdx, %%rax, %[h]\n\t"
            "adcq %%rax, %[r6]\n\t"
            "adcq %[h], %[r7]\n\t"
            : [r0] "=&r"(r[0]), [r1] "=&r"(r[1]), [r2] "=&r"(r[2]), [r3] "=&r"(r[3]),
              [r4] "=&r"(r[4]), [r5] "=&r"(r[5]), [r6] "=&r"(r[6]), [r7] "=&r"(r[7]), [h] "=&r"(h)
            : [a] "r"(a), "m"(*reinterpret_cast<Four>(a))
            : "rax", "rdx", "cc");
    std::uint64_t zero = 0;
    __asm__(CODEX_ADX_REDUCE_WIDE("r0", "r1", "r2", "r3", "r4", "zero")
                CODEX_ADX_REDUCE_WIDE("r1", "r2", "r3", "r4", "r5", "r0")
                    CODEX_ADX_REDUCE_WIDE("r2", "r3", "r4", "r5", "r6", "r1")
                        CODEX_ADX_REDUCE_WIDE("r3", "r4", "r5", "r6", "r7", "r2")
            : [r0] "+&r"(r[0]), [r1] "+&r"(r[1]), [r2] "+&r"(r[2]), [r3] "+&r"(r[3]),
              [r4] "+&r"(r[4]), [r5] "+&r"(r[5]), [r6] "+&r"(r[6]), [r7] "+&r"(r[7]), [h] "=&r"(h)
            : [zero] "r"(zero), [p0] "m"(kP[0]), [p1] "m"(kP[1]), [p2] "m"(kP[2]), [p3] "m"(kP[3]),
              [inv] "m"(Params::kNegInverse)
            : "rax", "rdx", "cc");
    finish<Params, kRange>(to, r[4], r[5], r[6], r[7]);
}

#undef CODEX_ADX_PRODUCT
#undef CODEX_ADX_REDUCE_WIDE

#undef CODEX_ADX_ACCUMULATE
#undef CODEX_ADX_FIRST
#undef CODEX_ADX_REDUCE

} // namespace limbs
} // namespace CODEX_FIELD_ISA
} // namespace codex::crypto

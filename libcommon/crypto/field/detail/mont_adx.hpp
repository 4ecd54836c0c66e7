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

/// to = a * b / 2^256 mod p; all reduced. `to` may be a or b.
template <class Params>
inline void mont_mul(std::uint64_t* to, const std::uint64_t* a, const std::uint64_t* b) {
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
    reduce_once<Params>(to, t0, t1, t2, t3);
}

#undef CODEX_ADX_ACCUMULATE
#undef CODEX_ADX_FIRST
#undef CODEX_ADX_REDUCE

} // namespace limbs
} // namespace CODEX_FIELD_ISA
} // namespace codex::crypto

// Addition, subtraction and the last conditional subtraction, branch-free.
//
// On x86-64 in assembly: gcc 12 turns the carry chains of the C++ form into setc and compares,
// which costs a product a third of its time. Only baseline instructions are used.
#pragma once

#include <cstdint>

namespace codex::crypto {
inline namespace CODEX_FIELD_ISA {
namespace limbs {

__extension__ using Wide = unsigned __int128;

#if defined(__x86_64__)

/// to = t mod p for t < 2p.
template <class Params>
inline void reduce_once(std::uint64_t* to, std::uint64_t t0, std::uint64_t t1, std::uint64_t t2,
                        std::uint64_t t3) {
    constexpr auto& kP = Params::kModulus;
    std::uint64_t d0 = t0;
    std::uint64_t d1 = t1;
    std::uint64_t d2 = t2;
    std::uint64_t d3 = t3;
    __asm__("subq %[p0], %[d0]\n\t"
            "sbbq %[p1], %[d1]\n\t"
            "sbbq %[p2], %[d2]\n\t"
            "sbbq %[p3], %[d3]\n\t"
            "cmovcq %[t0], %[d0]\n\t"
            "cmovcq %[t1], %[d1]\n\t"
            "cmovcq %[t2], %[d2]\n\t"
            "cmovcq %[t3], %[d3]\n\t"
            : [d0] "+&r"(d0), [d1] "+&r"(d1), [d2] "+&r"(d2), [d3] "+&r"(d3)
            : [t0] "r"(t0), [t1] "r"(t1), [t2] "r"(t2), [t3] "r"(t3), [p0] "m"(kP[0]),
              [p1] "m"(kP[1]), [p2] "m"(kP[2]), [p3] "m"(kP[3])
            : "cc");
    to[0] = d0;
    to[1] = d1;
    to[2] = d2;
    to[3] = d3;
}

template <class Params>
inline void mod_add(std::uint64_t* to, const std::uint64_t* a, const std::uint64_t* b) {
    std::uint64_t t0 = a[0];
    std::uint64_t t1 = a[1];
    std::uint64_t t2 = a[2];
    std::uint64_t t3 = a[3];
    __asm__("addq %[b0], %[t0]\n\t"
            "adcq %[b1], %[t1]\n\t"
            "adcq %[b2], %[t2]\n\t"
            "adcq %[b3], %[t3]\n\t" // no carry out: 2p < 2^255
            : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3)
            : [b0] "m"(b[0]), [b1] "m"(b[1]), [b2] "m"(b[2]), [b3] "m"(b[3])
            : "cc");
    reduce_once<Params>(to, t0, t1, t2, t3);
}

template <class Params>
inline void mod_sub(std::uint64_t* to, const std::uint64_t* a, const std::uint64_t* b) {
    constexpr auto& kP = Params::kModulus;
    std::uint64_t t0 = a[0];
    std::uint64_t t1 = a[1];
    std::uint64_t t2 = a[2];
    std::uint64_t t3 = a[3];
    std::uint64_t mask = 0;
    __asm__("subq %[b0], %[t0]\n\t"
            "sbbq %[b1], %[t1]\n\t"
            "sbbq %[b2], %[t2]\n\t"
            "sbbq %[b3], %[t3]\n\t"
            "sbbq %[mask], %[mask]\n\t" // all ones after a borrow
            : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3), [mask] "+&r"(mask)
            : [b0] "m"(b[0]), [b1] "m"(b[1]), [b2] "m"(b[2]), [b3] "m"(b[3])
            : "cc");
    const std::uint64_t p0 = kP[0] & mask;
    const std::uint64_t p1 = kP[1] & mask;
    const std::uint64_t p2 = kP[2] & mask;
    const std::uint64_t p3 = kP[3] & mask;
    __asm__("addq %[p0], %[t0]\n\t"
            "adcq %[p1], %[t1]\n\t"
            "adcq %[p2], %[t2]\n\t"
            "adcq %[p3], %[t3]\n\t"
            : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3)
            : [p0] "r"(p0), [p1] "r"(p1), [p2] "r"(p2), [p3] "r"(p3)
            : "cc");
    to[0] = t0;
    to[1] = t1;
    to[2] = t2;
    to[3] = t3;
}

#else

/// a + b + carry; carry is 0 or 1, in and out.
inline std::uint64_t add_carry(std::uint64_t a, std::uint64_t b, std::uint64_t& carry) {
    std::uint64_t first = 0;
    std::uint64_t sum = 0;
    const bool over1 = __builtin_add_overflow(a, b, &first);
    const bool over2 = __builtin_add_overflow(first, carry, &sum);
    carry = static_cast<std::uint64_t>(over1) | static_cast<std::uint64_t>(over2);
    return sum;
}

/// a - b - borrow; borrow is 0 or 1, in and out.
inline std::uint64_t sub_borrow(std::uint64_t a, std::uint64_t b, std::uint64_t& borrow) {
    std::uint64_t first = 0;
    std::uint64_t difference = 0;
    const bool under1 = __builtin_sub_overflow(a, b, &first);
    const bool under2 = __builtin_sub_overflow(first, borrow, &difference);
    borrow = static_cast<std::uint64_t>(under1) | static_cast<std::uint64_t>(under2);
    return difference;
}

/// to = t mod p for t < 2p.
template <class Params>
inline void reduce_once(std::uint64_t* to, std::uint64_t t0, std::uint64_t t1, std::uint64_t t2,
                        std::uint64_t t3) {
    constexpr auto& kP = Params::kModulus;
    std::uint64_t borrow = 0;
    const std::uint64_t d0 = sub_borrow(t0, kP[0], borrow);
    const std::uint64_t d1 = sub_borrow(t1, kP[1], borrow);
    const std::uint64_t d2 = sub_borrow(t2, kP[2], borrow);
    const std::uint64_t d3 = sub_borrow(t3, kP[3], borrow);
    const std::uint64_t keep = 0 - borrow; // all ones when t < p
    to[0] = d0 ^ ((d0 ^ t0) & keep);
    to[1] = d1 ^ ((d1 ^ t1) & keep);
    to[2] = d2 ^ ((d2 ^ t2) & keep);
    to[3] = d3 ^ ((d3 ^ t3) & keep);
}

template <class Params>
inline void mod_add(std::uint64_t* to, const std::uint64_t* a, const std::uint64_t* b) {
    std::uint64_t carry = 0;
    const std::uint64_t t0 = add_carry(a[0], b[0], carry);
    const std::uint64_t t1 = add_carry(a[1], b[1], carry);
    const std::uint64_t t2 = add_carry(a[2], b[2], carry);
    const std::uint64_t t3 = add_carry(a[3], b[3], carry); // no carry out: 2p < 2^255
    reduce_once<Params>(to, t0, t1, t2, t3);
}

template <class Params>
inline void mod_sub(std::uint64_t* to, const std::uint64_t* a, const std::uint64_t* b) {
    constexpr auto& kP = Params::kModulus;
    std::uint64_t borrow = 0;
    const std::uint64_t d0 = sub_borrow(a[0], b[0], borrow);
    const std::uint64_t d1 = sub_borrow(a[1], b[1], borrow);
    const std::uint64_t d2 = sub_borrow(a[2], b[2], borrow);
    const std::uint64_t d3 = sub_borrow(a[3], b[3], borrow);
    const std::uint64_t mask = 0 - borrow;
    std::uint64_t carry = 0;
    to[0] = add_carry(d0, kP[0] & mask, carry);
    to[1] = add_carry(d1, kP[1] & mask, carry);
    to[2] = add_carry(d2, kP[2] & mask, carry);
    to[3] = add_carry(d3, kP[3] & mask, carry);
}

#endif

/// Where a product ends: below p, or, without the last subtraction, below p + ab / 2^256, which
/// from factors below 2p is below 1.8p.
enum class Range { reduced, loose };

template <class Params, Range kRange>
inline void finish(std::uint64_t* to, std::uint64_t t0, std::uint64_t t1, std::uint64_t t2,
                   std::uint64_t t3) {
    if constexpr (kRange == Range::reduced) {
        reduce_once<Params>(to, t0, t1, t2, t3);
    } else {
        to[0] = t0;
        to[1] = t1;
        to[2] = t2;
        to[3] = t3;
    }
}

} // namespace limbs
} // namespace CODEX_FIELD_ISA
} // namespace codex::crypto

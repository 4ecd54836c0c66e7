// f4_avx2.hpp for tests, as plain functions: its own file is compiled for machines that have AVX2.
#pragma once

#include <cstdint>

namespace codex::test {

/// Limb i of element l at [i][l].
using F4Limbs = std::uint64_t[5][4];

/// to := a * b / 2^260, and a * a / 2^260, in Fr, or Fq; limbs not carried.
void f4_multiply_fr(const F4Limbs& a, const F4Limbs& b, F4Limbs& to);
void f4_multiply_fq(const F4Limbs& a, const F4Limbs& b, F4Limbs& to);
/// to := (a * b + c * d) / 2^260 in Fq.
void f4_multiply_sum_fq(const F4Limbs& a, const F4Limbs& b, const F4Limbs& c, const F4Limbs& d,
                        F4Limbs& to);
/// a - b + 2p in Fq, limbs not carried, and what that is mod p, below p.
void f4_difference_fq(const F4Limbs& a, const F4Limbs& b, F4Limbs& difference, F4Limbs& reduced);
void f4_square_fr(const F4Limbs& a, F4Limbs& to);
/// The element below 1.7p, and the one below p for an element below 8p.
void f4_shrink_fr(const F4Limbs& a, F4Limbs& to);
void f4_canonical_fr(const F4Limbs& a, F4Limbs& to);

} // namespace codex::test

// f8_ifma.hpp for tests, as plain functions: its own file is compiled for machines that have IFMA.
#pragma once

#include <cstdint>

namespace codex::test {

/// Limb i of element l at [i][l].
using F8Limbs = std::uint64_t[5][8];

/// to := a * b / 2^260 in Fr, or Fq, of tight a and b; tight.
void f8_multiply_fr(const F8Limbs& a, const F8Limbs& b, F8Limbs& to);
void f8_multiply_fq(const F8Limbs& a, const F8Limbs& b, F8Limbs& to);
/// The same of limbs below 2^63 that are not carried; nor are those of the product.
void f8_multiply_limbs_fr(const F8Limbs& a, const F8Limbs& b, F8Limbs& to);
/// a * a / 2^260 in Fr of a tight a: tight, and not carried.
void f8_square_fr(const F8Limbs& a, F8Limbs& to);
void f8_square_limbs_fr(const F8Limbs& a, F8Limbs& to);
/// The element below 1.7p; the one below p for a tight one below 8p; and the one below p for one
/// from 0 to below 8p whose limbs are signed and not carried.
void f8_shrink_fr(const F8Limbs& a, F8Limbs& to);
void f8_canonical_fr(const F8Limbs& a, F8Limbs& to);
void f8_reduce_small_fr(const F8Limbs& a, F8Limbs& to);
void f8_reduce_small_fq(const F8Limbs& a, F8Limbs& to);
/// From limbs to words of 64 bits and back.
void f8_through_words(const F8Limbs& a, F8Limbs& to);

} // namespace codex::test

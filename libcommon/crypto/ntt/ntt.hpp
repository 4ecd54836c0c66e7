// Number-theoretic transforms over Fr of power-of-two size, up to 2^28. Roots of unity come from
// the generator 5, as snarkjs and rapidsnark have them (codex-groth16(5), FIELDS AND GROUPS).
#pragma once

#include "base/executor.hpp"
#include "crypto/field/field.hpp"

#include <span>

namespace codex::crypto {

/// w_28 = 5^((r - 1) / 2^28).
constexpr unsigned kTwoAdicity = 28;
/// The primitive 2^log2-th root of unity w_28^(2^(28 - log2)); log2 <= 28.
[[nodiscard]] Fr root_of_unity(unsigned log2);

/// values[i] := sum_j values[j] w^(ij) with w of order values.size(), natural order in and out.
/// The size is a power of two. With a pool the work is split over its threads.
void ntt(std::span<Fr> values, Executor& pool = Executor::caller());
/// The inverse, with the factor 1/size.
void inverse_ntt(std::span<Fr> values, Executor& pool = Executor::caller());

/// Evaluations on w^i to evaluations on g w^-i, g the root of order 2 * size: the odd coset of the
/// prover (codex-groth16(5), PROVING), in falling order, for which one table of roots does.
void shift_to_odd_coset(std::span<Fr> values, Executor& pool = Executor::caller());

/// a[i] := a[i] b[i] - c[i].
void multiply_subtract(std::span<Fr> a, std::span<const Fr> b, std::span<const Fr> c,
                       Executor& pool = Executor::caller());

} // namespace codex::crypto

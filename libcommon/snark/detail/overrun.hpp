// A quirk of the circuit's hash (codex-groth16(5), CIRCUIT HASH). snarkjs hashes tau^(2n-1) -
// tau^(n-1) for large domains, also when the phase-1 file has just the powers of the domain and so
// ends before the first of the two. It then takes the 64 bytes that follow, the head of the next
// section and its first coordinate, for a point. Every key made from a file of the circuit's own
// power has the outcome in its hash.
#pragma once

#include "snark/zkey.hpp"

namespace codex::snark::detail {

/// The affine difference of 64 bytes that are no point, their coordinates not reduced, and a point,
/// as the arithmetic of wasmcurves gives it: that corrects sums and products once, so values of
/// 2^256 and above are cut, which matters here and nowhere else.
[[nodiscard]] G1 difference_of_overrun(std::span<const std::uint8_t, kG1Bytes> bytes,
                                       const G1& subtrahend);

} // namespace codex::snark::detail

// What to solve: which positions of a code word are lost, and the coefficients that follow.
//
// The code word is a polynomial of degree < n - m evaluated at positions 0..n-1. With m positions
// E erased, and the locator L(x) = product over e in E of (x ^ e), Lagrange interpolation through
// the other n - m positions collapses (the product over all positions has a constant derivative):
//
//     word[x] = sum over y not in E of word[y] * L(y) / (L'(x) * (x ^ y))     for x in E,
//
// with L'(x) the product over e in E, e != x. Encoding is the case E = {0..m-1}, which is the
// closed form of codex-erasure(5), THE CODE; decoding is any other E (there, LOSSES).
#pragma once

#include "erasure/detail/field.hpp"

#include <cstdint>
#include <vector>

namespace codex::erasure::detail {

/// The log of L(x) for each x not erased, of L'(x) for each x erased; entries in [0, modulus].
/// `erased` has one flag for each of its n positions, n a power of two.
[[nodiscard]] std::vector<std::uint16_t> locator_logs(const Field& field,
                                                      const std::vector<bool>& erased);

/// The coefficient of word[y] in word[x], from the logs above; x is erased, y is not.
[[nodiscard]] inline std::uint32_t coefficient(const Field& field,
                                               const std::vector<std::uint16_t>& logs,
                                               std::uint32_t x, std::uint32_t y) {
    const std::uint32_t denominator = field.add_logs(logs[x], field.log(x ^ y));
    return field.exp(field.sub_logs(logs[y], denominator));
}

} // namespace codex::erasure::detail

#include "erasure/shape.hpp"

#include "base/checked.hpp"
#include "base/counted.hpp"

namespace codex::erasure {

namespace {

/// Positions of the largest field.
constexpr std::uint64_t kMaxPositions = 65536;

} // namespace

Shape::Shape(std::uint32_t k, std::uint32_t m)
    : k_(k), m_(m), parity_positions_(static_cast<std::uint32_t>(next_pow2(m))),
      positions_(static_cast<std::uint32_t>(next_pow2(std::uint64_t{parity_positions_} + k))) {}

Result<Shape> Shape::within_limits(std::uint64_t k, std::uint64_t m) {
    if (k == 0)
        return fail(Error(Errc::erasure_parameters, "k = 0: a code needs at least one data block")
                        .hint("choose k of 1 or more"));
    // Before a sum or a power of two could overflow.
    if (k > UINT32_MAX || m > UINT32_MAX)
        return fail(
            Error(Errc::erasure_parameters,
                  fmt::format("k = {} and m = {}: k + m is more than {}", k, m, kMaxPositions))
                .hint("a column has at most 65536 blocks"));
    if (m > k)
        return fail(Error(Errc::erasure_parameters,
                          fmt::format("m = {} parity blocks exceed k = {} data blocks", m, k))
                        .hint(fmt::format("choose m of {} or less, or raise k", k)));
    if (next_pow2(next_pow2(m) + k) > kMaxPositions)
        return fail(Error(Errc::erasure_parameters,
                          fmt::format("k = {} and m = {}: m rounded up to a power of two ({}) plus "
                                      "k exceeds the {} positions of the code",
                                      k, m, next_pow2(m), kMaxPositions))
                        .hint("lower k or m"));
    return Shape(static_cast<std::uint32_t>(k), static_cast<std::uint32_t>(m));
}

Result<Shape> Shape::create(std::uint64_t k, std::uint64_t m) {
    if (k != 0 && m == 0)
        return fail(Error(Errc::erasure_parameters, "m = 0: without parity nothing is protected")
                        .hint("choose m of 1 or more"));
    return within_limits(k, m);
}

Result<Shape> Shape::for_nodes(std::uint64_t nodes, std::uint64_t tolerance) {
    const auto refused = [&](std::string_view why) {
        return Error(Errc::erasure_parameters,
                     fmt::format("nodes = {} and tolerance = {}: {}", nodes, tolerance, why));
    };
    if (tolerance == 0)
        return fail(refused("no loss would be survived").hint("choose a tolerance of 1 or more"));
    if (tolerance >= nodes || nodes - tolerance < 2)
        return fail(refused("fewer than 2 nodes would hold data")
                        .hint(fmt::format("choose nodes of {} or more with this tolerance",
                                          tolerance > 1 ? "twice the tolerance" : "3")));
    if (nodes - tolerance < tolerance)
        return fail(refused("more than half may not be lost")
                        .hint(fmt::format("choose a tolerance of {} or less with {}", nodes / 2,
                                          counted(nodes, "node"))));
    return create(nodes - tolerance, tolerance);
}

Result<Shape> Shape::of(const codec::ErasureInfo& erasure) {
    return within_limits(erasure.k, erasure.m);
}

} // namespace codex::erasure

#include "erasure/detail/parameters.hpp"

#include "base/checked.hpp"

namespace codex::erasure::detail {

std::uint32_t parity_positions(std::uint32_t m) {
    return static_cast<std::uint32_t>(next_pow2(m));
}

std::uint32_t total_positions(std::uint32_t k, std::uint32_t m) {
    return static_cast<std::uint32_t>(next_pow2(next_pow2(m) + k));
}

Result<void> check_parameters(std::uint32_t k, std::uint32_t m) {
    if (k == 0)
        return fail(Error(Errc::erasure_parameters, "k = 0: a code needs at least one data block")
                        .hint("choose k of 1 or more"));
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
    return {};
}

} // namespace codex::erasure::detail

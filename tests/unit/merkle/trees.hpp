// What the tests of this floor share.
#pragma once

#include "base/error.hpp"
#include "merkle/tree.hpp"

#include <cstdio>
#include <cstdlib>
#include <random>

namespace codex::merkle {

/// The value, or the end of the test binary with the error's text.
template <class T> T must(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "unexpected error: %s\n", result.error().text().c_str());
        std::abort();
    }
    return std::move(*result);
}

inline std::vector<Digest> random_leaves(std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<Digest> leaves(count);
    for (Digest& leaf : leaves)
        for (std::uint8_t& byte : leaf)
            byte = static_cast<std::uint8_t>(random());
    return leaves;
}

} // namespace codex::merkle

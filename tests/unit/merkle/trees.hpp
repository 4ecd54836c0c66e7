// What the tests of this floor share.
#pragma once

#include "merkle/tree.hpp"
#include "must.hpp"

#include <random>

namespace codex::merkle {

using test::must;

inline std::vector<Digest> random_leaves(std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<Digest> leaves(count);
    for (Digest& leaf : leaves)
        for (std::uint8_t& byte : leaf)
            byte = static_cast<std::uint8_t>(random());
    return leaves;
}

} // namespace codex::merkle

// Bytes and choices for the tests, the same in every run.
#pragma once

#include "byte_generator.hpp"

#include <algorithm>
#include <random>

namespace codex::erasure::test {

using codex::test::generate;

/// Seeded choices.
struct Random {
    explicit Random(std::uint32_t seed) : engine(seed) {}
    [[nodiscard]] std::uint32_t below(std::uint32_t limit) {
        return static_cast<std::uint32_t>(engine() % limit);
    }
    template <class Range> void shuffle(Range& range) {
        std::shuffle(range.begin(), range.end(), engine);
    }
    std::mt19937 engine;
};

} // namespace codex::erasure::test

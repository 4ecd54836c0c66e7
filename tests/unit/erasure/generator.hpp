// Bytes and choices for the tests, the same in every run.
#pragma once

#include "base/bytes.hpp"

#include <algorithm>
#include <random>

namespace codex::erasure::test {

/// The first `count` bytes of the generator of spec 01 section 0, stream `number`.
inline Bytes generate(std::uint32_t number, std::size_t count) {
    Bytes bytes(count);
    std::uint32_t state = 0x12345678U + 0x9E3779B9U * number;
    for (std::uint8_t& byte : bytes) {
        state = state * 1664525U + 1013904223U;
        byte = static_cast<std::uint8_t>(state >> 24);
    }
    return bytes;
}

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

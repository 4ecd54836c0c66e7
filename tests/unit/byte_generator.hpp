// The test byte generator of tests/vectors/README.md.
#pragma once

#include "base/bytes.hpp"

namespace codex::test {

/// The first `count` bytes of stream `number`.
inline Bytes generate(std::uint32_t number, std::size_t count) {
    Bytes bytes(count);
    std::uint32_t state = 0x12345678U + 0x9E3779B9U * number;
    for (std::uint8_t& byte : bytes) {
        state = state * 1664525U + 1013904223U;
        byte = static_cast<std::uint8_t>(state >> 24);
    }
    return bytes;
}

} // namespace codex::test

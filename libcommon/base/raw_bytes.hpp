// Bytes that are not set before something is read into them.
#pragma once

#include "base/bytes.hpp"

#include <algorithm>
#include <memory>

namespace codex {

/// Leaves what a resize() adds as it is: zeros that are overwritten at once cost a pass over
/// memory.
struct UnsetBytes : std::allocator<std::uint8_t> {
    template <class U> struct rebind {
        using other = UnsetBytes;
    };
    void construct(std::uint8_t* /*at*/) noexcept {}
    void construct(std::uint8_t* at, std::uint8_t value) noexcept { *at = value; }
};

using RawBytes = std::vector<std::uint8_t, UnsetBytes>;

inline void append(RawBytes& to, BytesView from) {
    const std::size_t at = to.size();
    to.resize(at + from.size());
    std::copy(from.begin(), from.end(), to.begin() + static_cast<std::ptrdiff_t>(at));
}

} // namespace codex

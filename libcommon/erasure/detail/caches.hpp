// What follows from the sizes of the caches: how much is treated at a time, and what goes past
// them.
#pragma once

#include "erasure/detail/kernels.hpp"

#include <cstddef>

namespace codex::erasure::detail {

/// Bytes of the caches that a core has for itself.
struct CacheSizes {
    std::size_t nearest = std::size_t{32} << 10;
    std::size_t second = std::size_t{512} << 10;
};

/// Those of this machine, as the system says; where it says nothing, those above, which all but the
/// oldest machines have. Threads: any.
[[nodiscard]] const CacheSizes& machine_caches();

/// Bytes of a buffer in a work row of a transform of so many buffers, of `rows` work rows: a power
/// of two.
///
/// By rows (row_transform.hpp), each pass begins anew for every few rows, so the rows are as long
/// as fit the nearest cache with something left for buffers; where these would be short, those that
/// fit half of the second are faster, and longer ones where they are little of it, or where there
/// are so many buffers that each visit to one is to a page whose address must be looked up. By
/// columns, a column is in registers, and short rows suffice.
[[nodiscard]] std::size_t work_row_bytes(const KernelSet& kernels, const CacheSizes& caches,
                                         std::size_t rows, std::size_t buffers);

/// Bytes of all inputs of a matrix product that are read again and again: most of the nearest
/// cache.
[[nodiscard]] constexpr std::size_t matrix_strip_bytes(const CacheSizes& caches) {
    return caches.nearest / 3 * 2;
}

/// More bytes of results than this are in no cache when they are read again: they need not push
/// others out of it, nor be read before they are written, which takes longer than computing them.
[[nodiscard]] constexpr std::size_t cached_bytes(const CacheSizes& caches) {
    return 2 * caches.second;
}

} // namespace codex::erasure::detail

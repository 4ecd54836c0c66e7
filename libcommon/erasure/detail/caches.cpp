#include "erasure/detail/caches.hpp"

#include <unistd.h>

namespace codex::erasure::detail {

namespace {

constexpr std::size_t kLongRow = 512;
constexpr std::size_t kLongerRow = 1024;
/// Pages, beside those of work rows and of what stands in memory of pages, that most cores know the
/// addresses of: they have 2048 entries for them or more.
constexpr std::size_t kKnownPages = 1536;

CacheSizes ask() {
    CacheSizes found;
#if defined(_SC_LEVEL1_DCACHE_SIZE) && defined(_SC_LEVEL2_CACHE_SIZE)
    const long nearest = sysconf(_SC_LEVEL1_DCACHE_SIZE);
    const long second = sysconf(_SC_LEVEL2_CACHE_SIZE);
    if (nearest > 0)
        found.nearest = static_cast<std::size_t>(nearest);
    if (second > nearest)
        found.second = static_cast<std::size_t>(second);
#endif
    return found;
}

/// The longest row from `shortest` to `longest` of which `rows` have no more than `room` bytes.
std::size_t longest_row(std::size_t shortest, std::size_t longest, std::size_t rows,
                        std::size_t room) {
    std::size_t bytes = longest;
    while (bytes > shortest && rows * bytes > room)
        bytes /= 2;
    return bytes;
}

} // namespace

const CacheSizes& machine_caches() {
    static const CacheSizes found = ask();
    return found;
}

std::size_t work_row_bytes(const KernelSet& kernels, const CacheSizes& caches, std::size_t rows,
                           std::size_t buffers) {
    const std::size_t shortest = kernels.shortest_row;
    if (!kernels.by_rows)
        return longest_row(shortest, kLongRow, rows, caches.nearest / 3);
    const std::size_t bytes = longest_row(shortest, kZeroRowBytes, rows, caches.nearest / 4 * 3);
    if (bytes >= kLongRow)
        return bytes;
    if (rows * kLongerRow <= caches.second / (buffers > kKnownPages ? 2 : 8))
        return kLongerRow;
    return longest_row(shortest, kLongRow, rows, caches.second / 2);
}

} // namespace codex::erasure::detail

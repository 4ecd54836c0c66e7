// How far a long job is. Lower floors only count; who watches, and how it looks, is cli's matter.
#pragma once

#include <atomic>
#include <cstdint>

namespace codex {

/// Written by the job, read by anybody, at any time. `total` is 0 while unknown.
struct Progress {
    std::atomic<std::uint64_t> done_bytes{0};
    std::atomic<std::uint64_t> total_bytes{0};
    std::atomic<std::uint64_t> done_items{0}; ///< inputs a loop is through with

    void advance(std::uint64_t bytes) { done_bytes.fetch_add(bytes, std::memory_order_relaxed); }
};

} // namespace codex

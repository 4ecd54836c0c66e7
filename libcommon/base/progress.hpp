// How far a long job is, and whether it is still wanted. Lower floors only count and ask; who
// watches, how it looks, and who cancels is the matter of those above.
#pragma once

#include <atomic>
#include <cstdint>
#include <stop_token>

namespace codex {

/// Written by the job, read by anybody, at any time. `total` is 0 while unknown.
/// Threads: all calls from any thread, at once.
struct Progress {
    std::atomic<std::uint64_t> done_bytes{0};
    std::atomic<std::uint64_t> total_bytes{0};
    std::atomic<std::uint64_t> done_items{0}; ///< inputs a loop is through with

    void advance(std::uint64_t bytes) { done_bytes.fetch_add(bytes, std::memory_order_relaxed); }
    /// The job is not wanted any more, and ends as soon as it notices. For good: who wants it again
    /// begins another, with another Progress.
    void cancel() { stop_.request_stop(); }
    [[nodiscard]] bool cancelled() const { return stop_.stop_requested(); }
    /// For a std::stop_callback, which cancel() calls: the way to wake what waits elsewhere.
    [[nodiscard]] std::stop_token stop_token() const { return stop_.get_token(); }

private:
    std::stop_source stop_;
};

} // namespace codex

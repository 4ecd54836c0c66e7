// The system's executor: one pool of worker threads a process, for hashing, coding, proving and
// compression.
//
// The caller of parallel_for works, too: a pool of n threads has n-1 workers, nested calls cannot
// deadlock, and a pool of one runs everything inline, in order.
#pragma once

#include "base/executor.hpp"

#include <memory>

namespace codex {

/// Threads: all calls from any thread, at once, also from within its jobs.
class ThreadPool final : public Executor {
public:
    /// `threads` >= 1 counts the calling thread; 0 means one for each core this process may use.
    /// Where the system refuses threads, the pool has as many as it got.
    explicit ThreadPool(unsigned threads = 0);
    /// Waits for all posted jobs.
    ~ThreadPool() override;

    [[nodiscard]] unsigned size() const override;
    /// Jobs that wait are begun in the order they were posted, but after loops. Without a worker
    /// they run at once.
    void post(std::function<void()> job) override;
    void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace codex

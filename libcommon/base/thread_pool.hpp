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
    /// So many jobs may be beside their callers at once: pipelines of some twenty callers.
    static constexpr unsigned kMostBeside = 64;

    /// `threads` >= 1 counts the calling thread; 0 means one for each core this process may use.
    /// Where the system refuses threads, the pool has as many as it got. `most_beside` is a cap on
    /// the threads of try_beside(), which are others.
    explicit ThreadPool(unsigned threads = 0, unsigned most_beside = kMostBeside);
    /// Waits for all posted jobs, and for those beside.
    ~ThreadPool() override;

    [[nodiscard]] unsigned size() const override;
    /// Jobs that wait are begun in the order they were posted, but after loops. Without a worker
    /// they run at once.
    void post(std::function<void()> job) override;
    void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) override;
    /// Threads are started when they are needed and stay until the end: as many as were busy at
    /// once, whatever the number of calls.
    [[nodiscard]] bool try_beside(std::function<void()> job, std::function<void()> freed) override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace codex

// One pool of worker threads a process, for hashing, coding, proving and compression.
//
// The caller of parallel_for works, too: a pool of n threads has n-1 workers, nested calls cannot
// deadlock, and a pool of one runs everything inline, in order.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace codex {

class ThreadPool {
public:
    /// `threads` >= 1 counts the calling thread; 0 means one for each core this process may use.
    /// Where the system refuses threads, the pool has as many as it got.
    explicit ThreadPool(unsigned threads = 0);
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    [[nodiscard]] unsigned size() const;

    /// Runs body(i) once for each i in [0, count), in any order, and returns when all are done.
    /// When one throws, those that have not begun are left out, and the first exception is thrown
    /// here.
    void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body);

    /// Runs `job`, which must not throw, on a worker at some later time (inline when there is no
    /// worker). The destructor waits for all submitted jobs.
    void submit(std::function<void()> job);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// On `pool`, or in this thread, in order, where there is none.
inline void parallel_for(ThreadPool* pool, std::size_t count,
                         const std::function<void(std::size_t)>& body) {
    if (pool != nullptr)
        return pool->parallel_for(count, body);
    for (std::size_t i = 0; i < count; ++i)
        body(i);
}

} // namespace codex

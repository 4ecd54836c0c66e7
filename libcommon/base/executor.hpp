// Where work is done that the caller does not wait for, or not alone: an interface, so that a
// simulation decides what runs when. The system's is ThreadPool.
#pragma once

#include <cstddef>
#include <functional>

namespace codex {

/// Threads: all calls from any thread, at once, also from within its jobs.
class Executor {
public:
    Executor() = default;
    Executor(const Executor&) = delete;
    Executor& operator=(const Executor&) = delete;
    virtual ~Executor() = default;

    /// No threads but the caller's: where nobody has said another.
    [[nodiscard]] static Executor& caller();

    /// How many jobs can run at once, whoever waits in parallel_for() counted among them; 1 or
    /// more.
    [[nodiscard]] virtual unsigned size() const = 0;
    /// Runs `job`, which must not throw, some time, on some thread, perhaps before this returns. An
    /// executor does not end before all that was posted to it has run.
    virtual void post(std::function<void()> job) = 0;
    /// Runs body(i) once for each i in [0, count), in any order, and returns when all are done. The
    /// caller works, too, so calls within calls cannot wait for each other. When one throws, those
    /// that have not begun are left out, and the first exception is thrown here.
    virtual void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) = 0;
    /// Begins `job` at once, beside the caller, in a thread that it has for itself until it ends:
    /// so it may wait, for a disk or for its caller. It must not throw. `freed`, which must not
    /// wait, is called when that thread is free for another. False where no such thread is to be
    /// had, or as many are busy as may be: then nothing is begun, and the caller does the work in
    /// its turn. See SideJob (base/side_job.hpp).
    [[nodiscard]] virtual bool try_beside(std::function<void()> job,
                                          std::function<void()> freed) = 0;
};

/// Everything at once, in the thread that asks, and loops in their order.
/// Threads: all calls from any thread, at once.
class InlineExecutor : public Executor {
public:
    [[nodiscard]] unsigned size() const override { return 1; }
    void post(std::function<void()> job) override { job(); }
    void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) override {
        for (std::size_t i = 0; i < count; ++i)
            body(i);
    }
    [[nodiscard]] bool try_beside(std::function<void()> /*job*/,
                                  std::function<void()> /*freed*/) override {
        return false;
    }
};

inline Executor& Executor::caller() {
    static InlineExecutor one;
    return one;
}

} // namespace codex

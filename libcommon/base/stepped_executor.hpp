// An executor for simulations and tests: nothing runs before its turn is called.
#pragma once

#include "base/executor.hpp"

#include <deque>
#include <mutex>

namespace codex {

/// Jobs in the order they were posted, each when its owner says so; loops at once, in their order.
/// A program that posts from one thread runs the same way every time.
/// Threads: post() from any; the jobs run in the thread that calls run_one() or run_all().
class SteppedExecutor final : public Executor {
public:
    /// Runs what is left, and what that posts.
    ~SteppedExecutor() override { run_all(); }
    [[nodiscard]] unsigned size() const override { return 1; }
    void post(std::function<void()> job) override {
        const std::lock_guard lock(mutex_);
        jobs_.push_back(std::move(job));
    }
    void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) override {
        for (std::size_t i = 0; i < count; ++i)
            body(i);
    }
    [[nodiscard]] bool try_beside(std::function<void()> /*job*/,
                                  std::function<void()> /*freed*/) override {
        return false;
    }
    /// The job that has waited longest; false when there is none.
    bool run_one() {
        std::function<void()> job;
        {
            const std::lock_guard lock(mutex_);
            if (jobs_.empty())
                return false;
            job = std::move(jobs_.front());
            jobs_.pop_front();
        }
        job();
        return true;
    }
    /// All of them, and those that they post. Gives how many.
    std::size_t run_all() {
        std::size_t count = 0;
        while (run_one())
            ++count;
        return count;
    }

private:
    std::mutex mutex_;
    std::deque<std::function<void()>> jobs_;
};

} // namespace codex

// An executor for simulations and tests: nothing runs before its turn is called.
#pragma once

#include "base/executor.hpp"

#include <deque>
#include <mutex>

namespace codex {

/// As InlineExecutor, but what is posted waits until its owner says so, in the order of the posts.
/// A program that posts from one thread runs the same way every time.
/// Threads: post() from any; the jobs run in the thread that calls run_one() or run_all().
class SteppedExecutor final : public InlineExecutor {
public:
    /// Runs what is left, and what that posts.
    ~SteppedExecutor() override { run_all(); }
    void post(std::function<void()> job) override {
        const std::lock_guard lock(mutex_);
        jobs_.push_back(std::move(job));
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

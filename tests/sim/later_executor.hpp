// An executor whose jobs take time, and overtake each other, as they do in threads.
#pragma once

#include "base/event_loop.hpp"
#include "base/executor.hpp"
#include "base/random.hpp"

#include <deque>
#include <memory>

namespace codex::sim {

/// Runs each job some milliseconds of the loop's time after it was posted.
/// Threads: the loop's.
class LaterExecutor final : public InlineExecutor {
public:
    LaterExecutor(EventLoop& loop, std::uint64_t seed) : loop_(loop), random_(seed), tasks_(loop) {}
    ~LaterExecutor() override { run_all(); }

    void post(std::function<void()> job) override {
        while (!jobs_.empty() && !*jobs_.front())
            jobs_.pop_front();
        jobs_.push_back(std::make_shared<std::function<void()>>(std::move(job)));
        const std::uint64_t us = random_.below(4000).value_or(0);
        tasks_.start(run(this, jobs_.back(), loop_.now() + std::chrono::microseconds(us)));
    }
    /// All that have not run yet, and what these post.
    void run_all() {
        while (!jobs_.empty()) {
            const auto job = std::move(jobs_.front());
            jobs_.pop_front();
            run_now(*job);
        }
    }

private:
    /// It is empty afterwards.
    static void run_now(std::function<void()>& job) {
        const auto work = std::exchange(job, nullptr);
        if (work)
            work();
    }
    static Task<void> run(LaterExecutor* self, std::shared_ptr<std::function<void()>> job,
                          Clock::Instant at) {
        co_await self->loop_.pause_until(at);
        run_now(*job);
    }

    EventLoop& loop_;
    SeededRandom random_;
    std::deque<std::shared_ptr<std::function<void()>>> jobs_; ///< empty ones have run
    TaskGroup tasks_;
};

} // namespace codex::sim

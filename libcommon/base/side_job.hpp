// Work beside its owner that may wait: a stage of a pipeline, reading ahead, a batch that goes to
// disk. It takes a thread of the executor's, which keeps it for the next such job.
#pragma once

#include "base/executor.hpp"

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

namespace codex {

/// One job beside its owner at a time. What it throws is kept for the owner.
/// Threads: its owner alone calls it.
class SideJob {
public:
    SideJob() = default;
    SideJob(SideJob&&) noexcept = default;
    SideJob& operator=(SideJob&&) = delete;
    /// Waits; what the job threw is lost.
    ~SideJob() {
        if (state_)
            state_->wait();
    }

    /// Runs a copy of `work` beside the caller; no other is running. False when the executor has no
    /// thread to give, or there is no memory: then nothing was begun.
    template <class Work> [[nodiscard]] bool start(Executor& executor, const Work& work) noexcept {
        try {
            auto state = std::make_shared<State>();
            const auto run = [work, state] {
                try {
                    work();
                } catch (...) {
                    state->thrown = std::current_exception();
                }
            };
            if (!executor.try_beside(run, [state] { state->finish(); }))
                return false;
            state_ = std::move(state);
            return true;
        } catch (const std::bad_alloc&) {
            return false;
        }
    }
    /// The same, or in this thread and at once where that is false.
    template <class Work> void start_or_run(Executor& executor, const Work& work) {
        if (!start(executor, work))
            work();
    }

    /// Waits for the job, if one was begun, and throws what it threw.
    void wait() {
        const auto state = std::move(state_);
        if (!state)
            return;
        state->wait();
        if (state->thrown)
            std::rethrow_exception(state->thrown);
    }

private:
    struct State {
        std::mutex mutex;
        std::condition_variable changed;
        bool finished = false;
        std::exception_ptr thrown; // written before `finished`

        void finish() {
            const std::lock_guard lock(mutex);
            finished = true;
            changed.notify_all();
        }
        void wait() {
            std::unique_lock lock(mutex);
            changed.wait(lock, [this] { return finished; });
        }
    };
    std::shared_ptr<State> state_;
};

} // namespace codex

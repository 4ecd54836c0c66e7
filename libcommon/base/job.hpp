// What every long piece of work is given: where its parts may run, who counts along, and whether to
// go on.
#pragma once

#include "base/error.hpp"
#include "base/executor.hpp"
#include "base/progress.hpp"

#include <cstdint>
#include <stop_token>

namespace codex {

/// Two references and cheap to copy: what they refer to outlives the work. One made of nothing
/// works, too, in the caller's thread, and nobody watches or cancels it: so whoever takes a Job
/// asks it, and never whether there is one.
/// Threads: all calls from any thread, at once, also from parts of the job on its executor.
class Job {
public:
    Job() : Job(Executor::caller()) {}
    /// An executor alone is a job that nobody watches.
    Job(Executor& executor) : Job(executor, unwatched()) {}
    Job(Executor& executor, Progress& progress)
        : executor_(&executor), counted_(&progress), asked_(&progress) {}

    /// The same work for the same asker, but what it counts is not shown: for a step that was not
    /// expected when the whole was.
    [[nodiscard]] Job uncounted() const {
        Job job = *this;
        job.counted_ = &unwatched();
        return job;
    }

    /// The same work on another executor.
    [[nodiscard]] Job on(Executor& executor) const {
        Job job = *this;
        job.executor_ = &executor;
        return job;
    }

    [[nodiscard]] Executor& executor() const { return *executor_; }
    /// So many more bytes (or what the job counts) are to come.
    void expect(std::uint64_t bytes) const {
        counted_->total_bytes.fetch_add(bytes, std::memory_order_relaxed);
    }
    /// So many of them are done.
    void advance(std::uint64_t bytes) const { counted_->advance(bytes); }

    /// Asked between any two steps of more than a few milliseconds. It costs one load; loops over
    /// bytes ask once a block. Errors: cancelled.
    [[nodiscard]] Result<void> go_on() const {
        if (cancelled()) [[unlikely]]
            return fail(Errc::cancelled, "cancelled");
        return {};
    }
    /// The same for parts that cannot fail: they leave out what is left.
    [[nodiscard]] bool cancelled() const { return asked_->cancelled(); }
    /// For a std::stop_callback that wakes a wait which does not ask.
    [[nodiscard]] std::stop_token stop_token() const { return asked_->stop_token(); }

private:
    static Progress& unwatched() {
        static Progress nobodys;
        return nobodys;
    }

    Executor* executor_;
    Progress* counted_;
    const Progress* asked_;
};

} // namespace codex

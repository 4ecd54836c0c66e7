// The one way to start a thread. The system may refuse one (a limit of processes, no address space
// for its stack), and then the work is done with the threads there are, or by the caller.
#pragma once

#include <exception>
#include <memory>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

namespace codex {

/// A job beside its owner, in a thread of its own. What it throws is kept for the owner.
/// Threads: its owner alone calls it.
class SideJob {
public:
    SideJob() = default;
    SideJob(SideJob&&) noexcept = default;
    SideJob& operator=(SideJob&&) = delete;
    /// Waits; what the job threw is lost.
    ~SideJob() {
        if (thread_.joinable())
            thread_.join();
    }

    /// Runs a copy of `job` in a thread; no other job is running. False when the system has no
    /// thread to give: then nothing was started.
    template <class Job> [[nodiscard]] bool start(Job job) noexcept {
        try {
            thrown_ = std::make_unique<std::exception_ptr>();
            thread_ = std::thread([job = std::move(job), thrown = thrown_.get()]() mutable {
                try {
                    job();
                } catch (...) {
                    *thrown = std::current_exception();
                }
            });
            return true;
        } catch (const std::system_error&) {
        } catch (const std::bad_alloc&) {
        }
        thrown_.reset();
        return false;
    }
    /// The same, or in this thread and at once where there is none to be had.
    template <class Job> void start_or_run(const Job& job) {
        if (!start(job))
            job();
    }

    /// Waits for the job, if one was started, and throws what it threw.
    void wait() {
        if (thread_.joinable())
            thread_.join();
        const auto thrown = std::move(thrown_);
        if (thrown && *thrown)
            std::rethrow_exception(*thrown);
    }

private:
    std::unique_ptr<std::exception_ptr> thrown_;
    std::thread thread_;
};

} // namespace codex

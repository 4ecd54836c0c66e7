// The one way to start a thread. The system may refuse one (a limit of processes, no address space
// for its stack), and then the work is done with the threads there are, or by the caller. Work of
// the library goes over an Executor, which keeps its threads; this is for those that own some.
#pragma once

#include <exception>
#include <memory>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

namespace codex {

class Error;

/// Of a thread that was refused and cannot be done without. Errors: out_of_memory, for it is memory
/// or the number of processes that the system limits, and it does not say which.
[[nodiscard]] Error no_thread();

/// A thread of its owner. What its job throws is kept for him.
/// Threads: its owner alone calls it.
class Thread {
public:
    Thread() = default;
    Thread(Thread&&) noexcept = default;
    Thread& operator=(Thread&&) = delete;
    /// Waits; what the job threw is lost.
    ~Thread() {
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
    /// Runs a copy of `job`, which must not throw, in a thread that nobody waits for, not even the
    /// end of the process: for calls of the system that cannot be given up. What it touches lives
    /// as long as it does. False as start().
    template <class Job> [[nodiscard]] static bool start_unawaited(Job job) noexcept {
        try {
            std::thread(std::move(job)).detach();
            return true;
        } catch (const std::system_error&) {
        } catch (const std::bad_alloc&) {
        }
        return false;
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

// Work on an executor that a coroutine waits for: the loop goes on meanwhile.
#pragma once

#include "base/event_loop.hpp"
#include "base/executor.hpp"

#include <exception>
#include <optional>
#include <type_traits>

namespace codex {

namespace detail {

/// What a job gives, and who waits for it. The loop's thread alone touches it but for the job,
/// which has it before. Threads: as said.
template <class Value> struct Offloaded final : Posted {
    explicit Offloaded(EventLoop& loop) : over(loop) {}
    void run() override {
        done = true;
        over.notify();
    }
    void release() noexcept override { self.reset(); }

    std::shared_ptr<Offloaded> self; ///< keeps it while the loop has it
    std::optional<Value> value;
    std::exception_ptr thrown;
    bool done = false;
    Signal over;
};

} // namespace detail

/// Runs `job` on `executor`, and goes on in the loop's thread with what it gives, which is no void;
/// what it throws is thrown where this is awaited. The job runs to its end also when the coroutine
/// that waits is destroyed before: so it owns what it uses, or that outlives the executor. With an
/// executor that runs jobs at once the order of everything is that of the loop.
///     auto job = [blocks = std::move(blocks)] { return hash_of(blocks); };
///     auto hash = co_await offload(loop, executor, std::move(job));
template <class Job>
[[nodiscard]] Task<std::invoke_result_t<Job&>> offload(EventLoop& loop, Executor& executor,
                                                       Job job) {
    using Value = std::invoke_result_t<Job&>;
    const auto shared = std::make_shared<detail::Offloaded<Value>>(loop);
    std::function<void()> work = [shared, &loop,
                                  work_of = std::make_shared<Job>(std::move(job))]() {
        try {
            shared->value.emplace((*work_of)());
        } catch (...) {
            shared->thrown = std::current_exception();
        }
        shared->self = shared;
        loop.post(*shared); // without memory, for nobody could be told that there is none
    };
    executor.post(std::move(work));
    while (!shared->done) {
        co_await shared->over.wait();
    }
    if (shared->thrown)
        std::rethrow_exception(shared->thrown);
    co_return std::move(*shared->value);
}

} // namespace codex

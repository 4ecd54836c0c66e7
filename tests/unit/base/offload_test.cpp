// Work beside a loop that a coroutine waits for.
#include "base/offload.hpp"

#include "base/stepped_executor.hpp"
#include "base/thread_pool.hpp"
#include "must.hpp"

#include <atomic>
#include <gtest/gtest.h>
#include <thread>

namespace codex {
namespace {

Task<int> add_in(EventLoop* loop, Executor* executor, int a, int b) {
    auto job = [a, b] { return a + b; };
    const auto sum = co_await offload(*loop, *executor, std::move(job));
    co_return sum;
}

Task<Result<std::string>> refuse_in(EventLoop* loop, Executor* executor) {
    auto job = []() -> Result<std::string> { return fail(Errc::io, "no"); };
    CODEX_CO_TRY(text, offload(*loop, *executor, std::move(job)));
    co_return text;
}

/// Whether what the job throws comes here.
Task<bool> catch_in(EventLoop* loop, Executor* executor) {
    auto job = []() -> int { throw std::bad_alloc(); };
    try {
        co_await offload(*loop, *executor, std::move(job));
    } catch (const std::bad_alloc&) {
        co_return true;
    }
    co_return false;
}

Task<std::thread::id> thread_in(EventLoop* loop, Executor* executor, std::thread::id* after) {
    auto job = [] { return std::this_thread::get_id(); };
    const auto id = co_await offload(*loop, *executor, std::move(job));
    *after = std::this_thread::get_id();
    co_return id;
}

class OffloadTest : public testing::Test {
protected:
    [[nodiscard]] Clock::Instant in(Clock::Duration span) const { return loop.now() + span; }
    SimulatedClock clock;
    SimulatedLoop loop{clock};
    InlineExecutor at_once;
    SteppedExecutor stepped;
};

TEST_F(OffloadTest, GivesWhatTheJobGives) {
    EXPECT_EQ(run_task(loop, add_in(&loop, &at_once, 2, 3), in(std::chrono::seconds(1))), 5);
    const auto refused = run_task(loop, refuse_in(&loop, &at_once), in(std::chrono::seconds(1)));
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->error().code(), Errc::io);
}

TEST_F(OffloadTest, ThrowsWhatTheJobThrows) {
    EXPECT_EQ(run_task(loop, catch_in(&loop, &at_once), in(std::chrono::seconds(1))), true);
}

TEST_F(OffloadTest, TheLoopGoesOnUntilTheJobHasRun) {
    std::optional<int> sum;
    TaskGroup group(loop);
    group.start(detail::keep_value(add_in(&loop, &stepped, 2, 3), &sum));
    bool passed = false;
    loop.post([&] { passed = true; });
    EXPECT_FALSE(loop.run_until([&] { return sum.has_value(); }, in(std::chrono::seconds(1))));
    EXPECT_TRUE(passed);
    EXPECT_TRUE(stepped.run_one());
    EXPECT_FALSE(sum); // not before the loop's turn
    EXPECT_TRUE(loop.run_until([&] { return sum.has_value(); }, in(std::chrono::seconds(1))));
    EXPECT_EQ(sum, 5);
}

TEST_F(OffloadTest, WhoWaitsMayGoBeforeTheJob) {
    const auto alive = std::make_shared<int>(1);
    bool ran = false;
    {
        TaskGroup group(loop);
        struct Root {
            static Task<void> run(EventLoop* on, Executor* executor, std::shared_ptr<int> held,
                                  bool* has_run) {
                auto job = [held = std::move(held), has_run] {
                    *has_run = true;
                    return *held;
                };
                co_await offload(*on, *executor, std::move(job));
            }
        };
        group.start(Root::run(&loop, &stepped, alive, &ran));
    }
    EXPECT_EQ(alive.use_count(), 2); // the job's
    stepped.run_all();
    EXPECT_TRUE(ran);
    loop.run_until([] { return false; }, in(std::chrono::seconds(1)));
    EXPECT_EQ(alive.use_count(), 1);
}

TEST(OffloadToThreads, WorksBesideTheLoopAndGoesOnInIt) {
    const SimulatedClock clock;
    // Waits for what is posted, as a loop of the system does.
    class WaitingLoop final : public EventLoop {
    public:
        using EventLoop::EventLoop;

    private:
        void wait_outside(Clock::Instant until) override {
            if (until > now()) // else it is only asked what has happened
                woken_.wait(false);
            woken_ = false;
        }
        void interrupt() noexcept override {
            woken_ = true;
            woken_.notify_one();
        }
        std::atomic<bool> woken_ = false;
    };
    WaitingLoop loop(clock);
    ThreadPool pool(2);
    std::thread::id after;
    const auto id = run_task(loop, thread_in(&loop, &pool, &after));
    ASSERT_TRUE(id);
    EXPECT_NE(*id, std::this_thread::get_id());
    EXPECT_EQ(after, std::this_thread::get_id());
}

} // namespace
} // namespace codex

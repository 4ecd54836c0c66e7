// Threads and pools, when the system gives threads and memory, and when it does not.
#include "base/thread.hpp"

#include "base/memory_limit.hpp"
#include "base/offload.hpp"
#include "base/side_job.hpp"
#include "base/stepped_executor.hpp"
#include "base/thread_pool.hpp"
#include "failing_memory.hpp"
#include "no_threads.hpp"

#include <atomic>
#include <stdexcept>
#include <vector>

namespace codex {
namespace {

using test::FailingMemory;
using test::NoThreads;

Task<int> without_memory_at_its_end(EventLoop* loop, Executor* executor) {
    auto job = [] {
        test::memory_countdown = 0; // from here on
        return 7;
    };
    co_return co_await offload(*loop, *executor, std::move(job));
}

TEST(Offload, TellsWhoeverWaitsAlsoWithoutMemory) {
    const SimulatedClock clock;
    SimulatedLoop loop(clock);
    SteppedExecutor stepped;
    std::optional<int> value;
    TaskGroup group(loop);
    group.start(detail::keep_value(without_memory_at_its_end(&loop, &stepped), &value));
    EXPECT_NO_THROW(stepped.run_all());
    EXPECT_EQ(test::memory_countdown, 0) << "it has asked for memory";
    test::memory_countdown = -1;
    EXPECT_TRUE(
        loop.run_until([&] { return group.size() == 0; }, loop.now() + std::chrono::seconds(1)));
    EXPECT_EQ(value, 7);
}

TEST(NoThread, IsForWantOfMemoryAndSaysWhatIsLimited) {
    const Error error = no_thread();
    EXPECT_EQ(error.code(), Errc::out_of_memory);
    EXPECT_EQ(errc_exit_code(error.code()), 74);
    EXPECT_THAT(error.text(), ::testing::HasSubstr("memory or the number of processes"));
    EXPECT_EQ(error.hint(), hint_for_more_memory() + "; or more processes: ulimit -u unlimited");
}

TEST(Thread, RunsBesideItsOwner) {
    Thread thread;
    std::thread::id there;
    ASSERT_TRUE(thread.start([&] { there = std::this_thread::get_id(); }));
    thread.wait();
    EXPECT_NE(there, std::thread::id());
    EXPECT_NE(there, std::this_thread::get_id());
    thread.wait(); // there is nothing more to wait for
    ASSERT_TRUE(thread.start([] { throw std::bad_alloc(); })) << "it can be used again";
    EXPECT_THROW(thread.wait(), std::bad_alloc);
    EXPECT_NO_THROW(thread.wait()) << "once";
}

TEST(Thread, WithoutThreadsNothingIsStarted) {
    const NoThreads none;
    Thread thread;
    bool ran = false;
    EXPECT_FALSE(thread.start([&] { ran = true; }));
    thread.wait();
    EXPECT_FALSE(ran);
}

TEST(SideJob, WithoutMemoryNothingIsStarted) {
    int runs = 0;
    for (long n = 0;; ++n) {
        ThreadPool pool(1);
        const FailingMemory memory(n);
        SideJob job;
        const bool started = job.start(pool, [&] { ++runs; });
        job.wait();
        ASSERT_LT(n, 100);
        if (!memory.refused())
            break;
        EXPECT_EQ(runs, started ? 1 : 0);
        runs = 0;
    }
}

TEST(ThreadPool, IsAsLargeAsTheSystemAllows) {
    const NoThreads none;
    ThreadPool pool(8);
    EXPECT_EQ(pool.size(), 1U);
    std::vector<int> runs(100);
    pool.parallel_for(runs.size(), [&](std::size_t i) { ++runs[i]; });
    EXPECT_EQ(runs, std::vector<int>(100, 1));
    bool submitted = false;
    pool.post([&] { submitted = true; });
    EXPECT_TRUE(submitted);
}

TEST(ThreadPool, ABodyThatThrowsEndsTheLoopAndNotTheProcess) {
    for (const unsigned threads : {1U, 2U, 5U}) {
        ThreadPool pool(threads);
        for (const std::size_t bad : {0U, 1U, 50U, 99U}) {
            std::atomic<std::size_t> runs{0};
            EXPECT_THROW(pool.parallel_for(100,
                                           [&](std::size_t i) {
                                               if (i == bad)
                                                   throw std::bad_alloc();
                                               ++runs;
                                           }),
                         std::bad_alloc);
            EXPECT_LT(runs.load(), 100U);
        }
        std::atomic<int> after{0};
        pool.parallel_for(10, [&](std::size_t) { ++after; });
        EXPECT_EQ(after.load(), 10) << "it works on";
    }
}

TEST(ThreadPool, EveryRefusalOfMemoryIsSurvived) {
    for (long n = 0;; ++n) {
        const FailingMemory memory(n);
        std::atomic<int> runs{0};
        bool thrown = false;
        try {
            ThreadPool pool(3);
            pool.parallel_for(20, [&](std::size_t) { ++runs; });
        } catch (const std::bad_alloc&) {
            thrown = true;
        }
        ASSERT_LT(n, 1000);
        if (!memory.refused()) {
            EXPECT_EQ(runs.load(), 20);
            break;
        }
        EXPECT_TRUE(thrown || runs.load() == 20);
    }
}

} // namespace
} // namespace codex

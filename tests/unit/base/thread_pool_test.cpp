#include "base/thread_pool.hpp"

#include <atomic>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>
#include <vector>

namespace codex {
namespace {

TEST(ThreadPool, CountsTheCaller) {
    EXPECT_EQ(ThreadPool(1).size(), 1u);
    EXPECT_EQ(ThreadPool(4).size(), 4u);
    EXPECT_GE(ThreadPool().size(), 1u);
}

TEST(ThreadPool, RunsEachIndexOnce) {
    for (const unsigned threads : {1u, 2u, 5u}) {
        ThreadPool pool(threads);
        for (const std::size_t count : {0u, 1u, 2u, 3u, 7u, 1000u}) {
            std::vector<std::atomic<int>> runs(count);
            pool.parallel_for(count, [&](std::size_t i) { runs[i].fetch_add(1); });
            for (const auto& run : runs)
                EXPECT_EQ(run.load(), 1);
        }
    }
}

TEST(ThreadPool, OfOneRunsInlineInOrder) {
    ThreadPool pool(1);
    std::vector<std::size_t> order;
    const auto caller = std::this_thread::get_id();
    pool.parallel_for(5, [&](std::size_t i) {
        EXPECT_EQ(std::this_thread::get_id(), caller);
        order.push_back(i);
    });
    pool.post([&] { order.push_back(99); });
    EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2, 3, 4, 99}));
}

TEST(ThreadPool, NestedLoopsFinish) {
    ThreadPool pool(3);
    std::atomic<int> runs{0};
    pool.parallel_for(8, [&](std::size_t) {
        pool.parallel_for(
            8, [&](std::size_t) { pool.parallel_for(3, [&](std::size_t) { runs.fetch_add(1); }); });
    });
    EXPECT_EQ(runs.load(), 8 * 8 * 3);
}

TEST(ThreadPool, LoopsFromManyThreadsAtOnce) {
    ThreadPool pool(3);
    std::atomic<std::size_t> sum{0};
    std::vector<std::thread> callers;
    for (int c = 0; c < 4; ++c)
        callers.emplace_back([&] {
            for (int round = 0; round < 50; ++round)
                pool.parallel_for(20, [&](std::size_t i) { sum.fetch_add(i); });
        });
    for (std::thread& caller : callers)
        caller.join();
    EXPECT_EQ(sum.load(), 4u * 50 * 190);
}

TEST(ThreadPool, ResultsAreVisibleToTheCaller) {
    ThreadPool pool(4);
    std::vector<std::size_t> squares(5000);
    pool.parallel_for(squares.size(), [&](std::size_t i) { squares[i] = i * i; });
    for (std::size_t i = 0; i < squares.size(); ++i)
        ASSERT_EQ(squares[i], i * i);
}

TEST(ThreadPool, DestructorWaitsForSubmittedJobs) {
    std::atomic<int> runs{0};
    {
        ThreadPool pool(3);
        for (int i = 0; i < 200; ++i)
            pool.post([&] { runs.fetch_add(1); });
    }
    EXPECT_EQ(runs.load(), 200);
}

TEST(ThreadPool, ALoopPassesWaitingJobs) {
    // The one worker is held by a job; the loop must finish with the caller alone.
    std::mutex held;
    std::unique_lock hold(held);
    std::atomic<bool> released{false};
    ThreadPool pool(2);
    pool.post([&] {
        const std::lock_guard wait(held);
        released = true;
    });
    int runs = 0;
    std::mutex count;
    pool.parallel_for(10, [&](std::size_t) {
        const std::lock_guard lock(count);
        ++runs;
    });
    EXPECT_EQ(runs, 10);
    EXPECT_FALSE(released.load());
    hold.unlock();
}

} // namespace
} // namespace codex

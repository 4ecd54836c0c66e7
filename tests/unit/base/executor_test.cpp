#include "base/executor.hpp"

#include "base/stepped_executor.hpp"
#include "base/thread_pool.hpp"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace codex {
namespace {

using Order = std::vector<std::size_t>;

TEST(InlineExecutor, RunsAtOnceAndInOrder) {
    InlineExecutor executor;
    Order order;
    executor.post([&] { order.push_back(7); });
    EXPECT_EQ(order, (Order{7}));
    executor.parallel_for(3, [&](std::size_t i) { order.push_back(i); });
    EXPECT_EQ(order, (Order{7, 0, 1, 2}));
    EXPECT_EQ(executor.size(), 1U);
}

TEST(SteppedExecutor, RunsInTheOrderOfPostsWhenTold) {
    SteppedExecutor executor;
    Order order;
    for (const std::size_t i : {1U, 2U, 3U})
        executor.post([&, i] {
            order.push_back(i);
            if (i == 1)
                executor.post([&] { order.push_back(4); });
        });
    EXPECT_TRUE(order.empty());
    EXPECT_TRUE(executor.run_one());
    EXPECT_EQ(order, (Order{1}));
    EXPECT_EQ(executor.run_all(), 3U);
    EXPECT_EQ(order, (Order{1, 2, 3, 4}));
    EXPECT_FALSE(executor.run_one());
    executor.parallel_for(2, [&](std::size_t i) { order.push_back(10 + i); });
    EXPECT_EQ(order, (Order{1, 2, 3, 4, 10, 11}));
}

TEST(SteppedExecutor, RunsWhatIsLeftAtItsEnd) {
    Order order;
    {
        SteppedExecutor executor;
        executor.post([&] {
            order.push_back(1);
            executor.post([&] { order.push_back(2); });
        });
    }
    EXPECT_EQ(order, (Order{1, 2}));
}

TEST(SteppedExecutor, TakesJobsFromOtherThreads) {
    SteppedExecutor executor;
    std::atomic<int> runs{0};
    std::vector<std::thread> posters;
    for (int t = 0; t < 4; ++t)
        posters.emplace_back([&] {
            for (int i = 0; i < 100; ++i)
                executor.post([&] { ++runs; });
        });
    for (std::thread& poster : posters)
        poster.join();
    EXPECT_EQ(executor.run_all(), 400U);
    EXPECT_EQ(runs, 400);
}

TEST(Executors, AllKeepThePromisesOfTheirInterface) {
    InlineExecutor in_line;
    SteppedExecutor stepped;
    ThreadPool one(1);
    ThreadPool three(3);
    for (Executor* executor :
         std::initializer_list<Executor*>{&in_line, &stepped, &one, &three, &Executor::caller()}) {
        std::vector<std::atomic<int>> runs(100);
        executor->parallel_for(runs.size(), [&](std::size_t i) {
            ++runs[i];
            if (i % 25 == 0) // within a loop
                executor->parallel_for(4, [&](std::size_t k) { ++runs[i + k]; });
        });
        int sum = 0;
        for (const auto& run : runs)
            sum += run;
        EXPECT_EQ(sum, 100 + 4 * 4);
        EXPECT_THROW(executor->parallel_for(5, [](std::size_t) { throw std::runtime_error("no"); }),
                     std::runtime_error);
        EXPECT_GE(executor->size(), 1U);
    }
}

} // namespace
} // namespace codex

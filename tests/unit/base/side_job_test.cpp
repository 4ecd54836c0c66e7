// Jobs beside their owner, when the executor gives threads, and when it does not.
#include "base/side_job.hpp"

#include "base/stepped_executor.hpp"
#include "base/thread_pool.hpp"
#include "no_threads.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace codex {
namespace {

using test::NoThreads;

TEST(SideJob, RunsBesideItsOwner) {
    ThreadPool pool(1);
    SideJob job;
    std::thread::id there;
    ASSERT_TRUE(job.start(pool, [&] { there = std::this_thread::get_id(); }));
    job.wait();
    EXPECT_NE(there, std::thread::id());
    EXPECT_NE(there, std::this_thread::get_id());
    job.wait(); // there is nothing more to wait for
    ASSERT_TRUE(job.start(pool, [&] { there = std::this_thread::get_id(); }))
        << "it can be used again";
    job.wait();
}

TEST(SideJob, ThrowsWhatItThrewWhenItIsWaitedFor) {
    ThreadPool pool(1);
    SideJob job;
    ASSERT_TRUE(job.start(pool, [] { throw std::bad_alloc(); }));
    EXPECT_THROW(job.wait(), std::bad_alloc);
    EXPECT_NO_THROW(job.wait()) << "once";
}

TEST(SideJob, TheDestructorWaits) {
    std::atomic<bool> done{false};
    {
        ThreadPool pool(1);
        SideJob job;
        ASSERT_TRUE(job.start(pool, [&] {
            std::this_thread::yield();
            done = true;
            throw std::runtime_error("nobody hears this");
        }));
    }
    EXPECT_TRUE(done);
}

TEST(SideJob, WithoutThreadsRunsAtOnceAndHere) {
    const NoThreads none;
    ThreadPool pool(1);
    SideJob job;
    std::thread::id there;
    const auto work = [&] { there = std::this_thread::get_id(); };
    ASSERT_FALSE(job.start(pool, work));
    EXPECT_EQ(there, std::thread::id());
    job.start_or_run(pool, work);
    EXPECT_EQ(there, std::this_thread::get_id());
    job.wait();
}

TEST(SideJob, ExecutorsWithoutThreadsLeaveItToTheCaller) {
    SteppedExecutor stepped;
    for (Executor* executor : {&Executor::caller(), static_cast<Executor*>(&stepped)}) {
        SideJob job;
        std::thread::id there;
        const auto work = [&] { there = std::this_thread::get_id(); };
        ASSERT_FALSE(job.start(*executor, work));
        job.start_or_run(*executor, work);
        EXPECT_EQ(there, std::this_thread::get_id());
    }
}

/// Jobs that wait until they are told to end.
class Gate {
public:
    void pass() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return open_; });
    }
    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
};

TEST(SideJob, NoMoreThanTheCapAtOnce) {
    constexpr unsigned kMost = 3;
    ThreadPool pool(1, kMost);
    Gate gate;
    std::vector<SideJob> jobs(kMost);
    for (SideJob& job : jobs)
        ASSERT_TRUE(job.start(pool, [&] { gate.pass(); }));
    SideJob one_more;
    bool ran = false;
    EXPECT_FALSE(one_more.start(pool, [&] { ran = true; }));
    EXPECT_FALSE(ran);
    gate.open();
    jobs.front().wait(); // and so its thread is free
    EXPECT_TRUE(one_more.start(pool, [&] { ran = true; }));
    one_more.wait();
    EXPECT_TRUE(ran);
}

TEST(SideJob, ManyCallsStartNoThreadAfterTheFirst) {
    ThreadPool pool(2);
    std::mutex mutex;
    std::set<std::thread::id> threads;
    const auto work = [&] {
        const std::lock_guard lock(mutex);
        threads.insert(std::this_thread::get_id());
    };
    for (int call = 0; call < 200; ++call) {
        Gate both; // two at once, as a pipeline has
        SideJob first, second;
        ASSERT_TRUE(first.start(pool, [&] {
            work();
            both.pass();
        }));
        ASSERT_TRUE(second.start(pool, work));
        second.wait();
        both.open();
        first.wait();
        if (call == 0) {
            EXPECT_EQ(threads.size(), 2U);
        }
    }
    EXPECT_EQ(threads.size(), 2U);
}

TEST(SideJob, MayUseThePoolAndBeginOthers) {
    ThreadPool pool(2);
    std::atomic<int> runs{0};
    SideJob outer;
    ASSERT_TRUE(outer.start(pool, [&] {
        SideJob inner;
        inner.start_or_run(pool, [&] { pool.parallel_for(10, [&](std::size_t) { ++runs; }); });
        pool.parallel_for(10, [&](std::size_t) { ++runs; });
        inner.wait();
    }));
    outer.wait();
    EXPECT_EQ(runs, 20);
}

TEST(ThreadPool, WaitsForWhatIsBeside) {
    std::atomic<int> ended{0};
    {
        ThreadPool pool(1);
        for (int i = 0; i < 5; ++i)
            ASSERT_TRUE(pool.try_beside([] { std::this_thread::yield(); }, [&] { ++ended; }));
    }
    EXPECT_EQ(ended, 5);
}

} // namespace
} // namespace codex

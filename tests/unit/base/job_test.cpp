#include "base/job.hpp"

#include "base/thread_pool.hpp"

#include <atomic>
#include <stop_token>
#include <thread>

namespace codex {
namespace {

TEST(Job, MadeOfNothingWorksInTheCallersThread) {
    const Job job;
    EXPECT_EQ(&job.executor(), &Executor::caller());
    EXPECT_EQ(job.executor().size(), 1U);
    job.expect(10);
    job.advance(10);
    EXPECT_TRUE(job.go_on());
}

TEST(Job, CountsForWhoWatches) {
    Progress progress;
    ThreadPool pool(2);
    const Job job(pool, progress);
    EXPECT_EQ(&job.executor(), &pool);
    job.expect(10);
    job.expect(5);
    job.executor().parallel_for(3, [&](std::size_t) { job.advance(4); });
    EXPECT_EQ(progress.total_bytes, 15U);
    EXPECT_EQ(progress.done_bytes, 12U);
    job.uncounted().expect(100);
    job.uncounted().advance(100);
    EXPECT_EQ(progress.total_bytes, 15U);
    EXPECT_EQ(progress.done_bytes, 12U);
}

TEST(Job, EndsWhereItIsAskedWhenAnotherThreadHasCancelledIt) {
    Progress progress;
    const Job job(Executor::caller(), progress);
    const Job copy = job;
    const Job quiet = job.uncounted();
    EXPECT_TRUE(job.go_on());
    EXPECT_FALSE(progress.cancelled());
    std::thread([&] { progress.cancel(); }).join();
    for (const Job* one : {&job, &copy, &quiet}) {
        const auto done = one->go_on();
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code(), Errc::cancelled);
    }
    progress.cancel(); // once more changes nothing
    EXPECT_TRUE(Job().go_on()) << "another job is not";
}

TEST(Job, CancellingWakesWhoWaitsElsewhere) {
    Progress progress;
    const Job job(Executor::caller(), progress);
    std::atomic<int> woken{0};
    {
        const std::stop_callback gone(job.stop_token(), [&] { woken += 100; });
    }
    const std::stop_callback wake(job.stop_token(), [&] { ++woken; });
    progress.cancel();
    EXPECT_EQ(woken, 1);
    const std::stop_callback late(job.stop_token(), [&] { ++woken; });
    EXPECT_EQ(woken, 2) << "who comes late is not left waiting";
}

TEST(Errors, CancelledMeansTryAgain) {
    EXPECT_EQ(errc_exit_code(Errc::cancelled), 75);
}

} // namespace
} // namespace codex

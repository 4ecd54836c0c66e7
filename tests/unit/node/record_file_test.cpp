// The file with the number of the last record: who writes it, and when.
#include "node/record_file.hpp"

#include "base/stepped_executor.hpp"
#include "base/thread_pool.hpp"
#include "temporary_folder.hpp"

#include <gtest/gtest.h>

namespace codex::node::record_file_test {
namespace {

TEST(RecordFileTest, IsWrittenByTheExecutorInTheOrderOfTheNumbers) {
    const test::TemporaryFolder folder;
    SteppedExecutor executor;
    RecordFile file(folder.file("record"), {});
    EXPECT_EQ(file.last(), 0U);
    file.keep(4);
    EXPECT_EQ(file.last(), 4U); // nobody else is there to write it
    file.write_beside(executor);
    file.keep(5);
    EXPECT_EQ(file.last(), 4U); // the caller has waited for no disk
    file.keep(6);
    EXPECT_EQ(executor.run_all(), 1U);
    EXPECT_EQ(file.last(), 6U);
    file.keep(7);
    executor.run_all();
    EXPECT_EQ(file.last(), 7U);
}

TEST(RecordFileTest, TheLastIsThereWhenItIsFinished) {
    const test::TemporaryFolder folder;
    SteppedExecutor executor;
    RecordFile file(folder.file("record"), {});
    file.write_beside(executor);
    file.keep(8);
    file.finish();
    EXPECT_EQ(file.last(), 8U);
    file.keep(9); // nobody runs jobs any more
    EXPECT_EQ(file.last(), 9U);
    executor.run_all(); // one that comes too late has nothing to do
    EXPECT_EQ(file.last(), 9U);
    ThreadPool pool(2);
    for (std::uint64_t first = 100; first < 110; ++first) {
        RecordFile busy(folder.file("busy"), {});
        busy.write_beside(pool);
        for (std::uint64_t number = first; number < first + 20; ++number)
            busy.keep(number);
        busy.finish();
        EXPECT_EQ(busy.last(), first + 19);
    }
}

} // namespace
} // namespace codex::node::record_file_test

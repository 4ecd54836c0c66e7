// Full disks, failing disks, quotas: a clean error, and a repo as if nothing had been tried.
#include "repo/broken_disk.hpp"
#include "repo/fixture.hpp"
#include "repo/small_limits.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace codex::repo::test {

namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class Fault : public testing::Test {
protected:
    Fault() : repo_(must(Repo::init(scratch_.repo(), {}, on_disk()))) {
        made_ = must(write_blocks(repo_, seeds(1, 100)));
        counters_ = must(repo_.space()).counters;
    }
    OpenOptions on_disk() {
        OpenOptions options = small();
        options.disk = disk_;
        return options;
    }
    void breaks(BrokenDisk::Fault fault, int error) {
        disk_.fault = fault;
        disk_.error = error;
    }

    /// The same operation fails at every call, one after another, until it comes through.
    template <class Attempt> void fail_everywhere(Errc expected, Attempt attempt) {
        for (int n = 0;; ++n) {
            ASSERT_LT(n, 1000);
            disk_.calls_left = n;
            const auto result = attempt();
            const bool failed = disk_.calls_left < 0;
            disk_.calls_left = 1'000'000;
            if (!failed) {
                EXPECT_TRUE(result.has_value());
                EXPECT_GT(n, 0);
                return;
            }
            ASSERT_FALSE(result.has_value()) << "call " << n;
            EXPECT_EQ(result.error().code(), expected) << result.error().text();
            EXPECT_THAT(problems(repo_), IsEmpty()) << "call " << n;
            EXPECT_EQ(must(repo_.space()).counters, counters_);
            EXPECT_EQ(must(repo_.get(made_.blocks[0])), random_bytes(1, kBlock));
        }
    }

    const Scratch scratch_;
    BrokenDisk disk_;
    Repo repo_;
    Made made_;
    Counters counters_;
};

TEST_F(Fault, FullDiskAtEveryWrite) {
    breaks(BrokenDisk::Fault::writes, ENOSPC);
    fail_everywhere(Errc::no_space, [&] { return write_blocks(repo_, seeds(50, 150)); });
}

TEST_F(Fault, TornWrites) {
    breaks(BrokenDisk::Fault::torn_writes, EIO);
    fail_everywhere(Errc::io, [&] { return write_blocks(repo_, seeds(50, 150)); });
}

TEST_F(Fault, FailedSyncs) {
    breaks(BrokenDisk::Fault::syncs, EIO);
    fail_everywhere(Errc::io, [&] { return write_blocks(repo_, seeds(50, 150)); });
    disk_.error = ENOSPC; // as file systems with delayed allocation say it
    counters_ = must(repo_.space()).counters;
    fail_everywhere(Errc::no_space, [&] { return write_blocks(repo_, seeds(500, 20)); });
}

TEST_F(Fault, FailedPutsAndRestores) {
    breaks(BrokenDisk::Fault::writes, ENOSPC);
    const Bytes data = random_bytes(999, kBlock);
    fail_everywhere(Errc::no_space, [&] { return repo_.put(cid_of(data), data, 0); });
    disk_.calls_left = 1'000'000;
    must(repo_.drop_bytes(std::span(&made_.blocks[3], 1)));
    disk_.calls_left = 0;
    const Bytes lost = random_bytes(4, kBlock);
    const Restored again{made_.blocks[3], lost};
    EXPECT_EQ(code_of(repo_.restore(std::span(&again, 1))), Errc::no_space);
    EXPECT_FALSE(must(repo_.has(made_.blocks[3])));
    disk_.calls_left = 1'000'000;
    must(repo_.restore(std::span(&again, 1)));
    EXPECT_EQ(must(repo_.get(made_.blocks[3])), lost);
}

TEST_F(Fault, ShortWritesAreContinued) {
    breaks(BrokenDisk::Fault::short_writes, 0);
    const Made made = must(write_blocks(repo_, seeds(200, 100)));
    for (std::size_t i = 0; i < made.blocks.size(); ++i)
        EXPECT_EQ(must(repo_.get(made.blocks[i])), random_bytes(200 + i, kBlock));
}

TEST_F(Fault, AFullIndexIsNoSpace) {
    OpenOptions narrow = on_disk();
    narrow.limits.index_map_bytes = fs::file_size(scratch_.repo() + "/index.mdb") + 16U * 4096;
    const auto reopen = [this](const OpenOptions& options) {
        {
            const Repo closed = std::move(repo_);
        }
        repo_ = must(Repo::open(scratch_.repo(), options));
    };
    reopen(narrow);
    EXPECT_EQ(code_of(write_blocks(repo_, seeds(10'000, 3000))), Errc::no_space);
    EXPECT_THAT(problems(repo_), IsEmpty());
    reopen(on_disk());
    EXPECT_THAT(problems(repo_), IsEmpty());
    EXPECT_TRUE(write_blocks(repo_, seeds(10'000, 3000)).has_value());
}

TEST(Quota, IsCheckedBeforeAnythingIsWritten) {
    const Scratch scratch;
    Config config;
    config.quota_bytes = 100 * kBlock;
    Repo repo = must(Repo::init(scratch.repo(), config));
    must(write_blocks(repo, seeds(1, 60)));
    const Space before = must(repo.space());
    DatasetWriter writer = must(repo.write_dataset());
    std::vector<Bytes> data;
    std::vector<LeafInput> leaves;
    for (std::uint64_t i = 0; i < 50; ++i)
        data.push_back(random_bytes(1000 + i, kBlock));
    for (std::size_t i = 0; i < data.size(); ++i)
        leaves.push_back({i, cid_of(data[i]), data[i]});
    const auto refused = writer.leaves(leaves);
    EXPECT_EQ(code_of(refused), Errc::quota_exceeded);
    EXPECT_THAT(refused.error().text(), HasSubstr("200KiB more needed"));
    EXPECT_TRUE(refused.error().has_way_out());
    std::uint64_t bytes = 0;
    for (const std::string& segment : segment_files(scratch.repo()))
        bytes += fs::file_size(segment);
    EXPECT_EQ(bytes, before.stored_bytes + before.dead_bytes) << "nothing was appended";
    // What is here already takes no space.
    EXPECT_TRUE(write_blocks(repo, seeds(20, 40)).has_value());
}

TEST(Quota, HoldsAgainstWritersThatRace) {
    const Scratch scratch;
    Config config;
    config.quota_bytes = 100 * kBlock;
    Repo first = must(Repo::init(scratch.repo(), config, small()));
    Repo second = must(Repo::open(scratch.repo(), small()));
    // Both look when there is room for one of them.
    DatasetWriter a = must(first.write_dataset());
    DatasetWriter b = must(second.write_dataset());
    std::vector<Bytes> data;
    for (std::uint64_t i = 0; i < 140; ++i)
        data.push_back(random_bytes(i, kBlock));
    const auto give = [&](DatasetWriter& writer, std::size_t index, std::size_t from) {
        std::vector<LeafInput> leaves;
        for (std::size_t i = 0; i < 20; ++i)
            leaves.push_back({index + i, cid_of(data[from + i]), data[from + i]});
        return writer.leaves(leaves);
    };
    must(give(a, 0, 0));
    must(give(b, 0, 70));
    Config smaller = config;
    smaller.quota_bytes = 25 * kBlock;
    must(first.set_config(smaller));
    const Bytes manifest = manifest_for(must(a.finish_tree()), 20, kBlock, "");
    must(a.commit(manifest, 0));
    // No new bytes here, but it fills the batch, whose transaction sees what has become of the
    // room.
    must(give(b, 20, 0));
    const Bytes too_much = manifest_for(must(b.finish_tree()), 40, kBlock, "");
    EXPECT_EQ(code_of(b.commit(too_much, 0)), Errc::quota_exceeded);
    {
        const DatasetWriter gone = std::move(b);
    }
    EXPECT_THAT(problems(first), IsEmpty());
    EXPECT_EQ(must(first.space()).counters.datasets, 1U);
}

TEST(FileSizeLimit, IsAFullDisk) {
    const Scratch scratch;
    must(Repo::init(scratch.repo(), {}));
    const pid_t pid = ::fork();
    if (pid == 0) {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{400'000, 400'000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        auto repo = Repo::open(scratch.repo(), {});
        if (!repo)
            ::_exit(1);
        const auto small = write_blocks(*repo, seeds(1, 50));
        const auto large = write_blocks(*repo, seeds(100, 200));
        const bool right = small && !large && large.error().code() == Errc::no_space;
        ::_exit(right ? 0 : 2);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0);
    Repo repo = must(Repo::open(scratch.repo(), {}));
    EXPECT_THAT(problems(repo), IsEmpty());
    EXPECT_EQ(must(repo.space()).counters.datasets, 1U);
    EXPECT_TRUE(write_blocks(repo, seeds(100, 200)).has_value()) << "with room it works again";
}

} // namespace
} // namespace codex::repo::test

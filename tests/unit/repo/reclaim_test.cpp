// What gc destroys, and what it must not: segments the index does not account for, and bytes whose
// replacement is not on the disk yet.
#include "repo/index/age.hpp"
#include "repo/reclaim_fixture.hpp"
#include "repo/upkeep/doomed.hpp"
#include "repo/upkeep/reclaim.hpp"

#include <csignal>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace codex::repo::test {

using namespace detail;

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(Reclaim, SegmentsWithRecordsThatTheIndexDoesNotKnowStay) {
    const Made made = must(write_blocks(repo_, seeds(1, 20)));
    {
        const Repo closed = std::move(repo_);
    }
    const std::string known = segment_files(scratch_.repo()).at(0);
    const std::string foreign = scratch_.repo() + "/segments/0000ff00.seg";
    const std::string hidden = scratch_.repo() + "/segments/0000ff01.seg";
    const std::string empty = scratch_.repo() + "/segments/0000ff02.seg";
    const std::string zeros = scratch_.repo() + "/segments/0000ff03.seg";
    fs::copy_file(known, foreign);
    // A record behind a hole and something that is no record.
    must(write_file_atomic(hidden, Bytes(640, 1)));
    ASSERT_EQ(::truncate(hidden.c_str(), 1 << 20), 0);
    const Bytes whole = must(read_file(known, 1 << 30));
    {
        const Fd file = must(open_file(hidden, O_RDWR));
        must(pwrite_full(file.get(), whole, 1 << 20, hidden));
    }
    must(write_file_atomic(empty, {}));
    must(write_file_atomic(zeros, Bytes(100'000)));
    repo_ = must(Repo::open(scratch_.repo(), small()));
    const GcReport forecast = gc(true);
    EXPECT_THAT(forecast.unaccounted, ElementsAre(foreign, hidden));
    EXPECT_EQ(forecast.freed_bytes, 100'000U);
    const GcReport report = gc();
    EXPECT_THAT(report.unaccounted, ElementsAre(foreign, hidden));
    EXPECT_EQ(report.freed_bytes, 100'000U);
    EXPECT_THAT(segment_files(scratch_.repo()), ElementsAre(known, foreign, hidden));
    EXPECT_EQ(must(read_file(foreign, 1 << 30)), whole);
    EXPECT_THAT(gc().unaccounted, ElementsAre(foreign, hidden)) << "again and again";
    // The way out.
    {
        const Repo closed = std::move(repo_);
    }
    must(Repo::rebuild_index(scratch_.repo(), small()));
    repo_ = must(Repo::open(scratch_.repo(), small()));
    EXPECT_THAT(gc().unaccounted, IsEmpty());
    EXPECT_EQ(must(repo_.get(made.blocks[0])), random_bytes(1, kBlock));
    EXPECT_THAT(problems(repo_), IsEmpty());
}

/// A row of dead ranges that is wrong: what lives there is not erased, and it is said.
TEST_F(Reclaim, WhatIsSaidToBeDeadAndAliveStays) {
    const Made stays = must(write_blocks(repo_, seeds(1, 3)));
    const Made goes = must(write_blocks(repo_, seeds(10, 3)));
    must(repo_.remove_dataset(goes.manifest));
    std::string segment;
    {
        auto store = must(Store::open(scratch_.repo(), {}));
        Ledger ledger = must(Ledger::begin(*store, true));
        const BlockEntry block = *must(ledger.block(stays.blocks[1]));
        segment = store->segments().path(block.extent.segment);
        must(ledger.add_dead(block.extent, block_record_bytes(stays.blocks[1], block)));
        must(ledger.commit());
        Store::release(std::move(store));
    }
    EXPECT_THAT(gc().unaccounted, ElementsAre(segment));
    EXPECT_EQ(must(repo_.get(stays.blocks[1])), random_bytes(2, kBlock));
    EXPECT_THAT(problems(repo_), testing::Not(IsEmpty()));
    // The way out.
    {
        const Repo closed = std::move(repo_);
    }
    must(Repo::rebuild_index(scratch_.repo()));
    repo_ = must(Repo::open(scratch_.repo(), {}));
    EXPECT_THAT(gc().unaccounted, IsEmpty());
    EXPECT_EQ(must(repo_.get(stays.blocks[1])), random_bytes(2, kBlock));
    EXPECT_THAT(problems(repo_), IsEmpty());
}

/// A writer that dies after its first segment is full of records and before its first commit.
TEST_F(Reclaim, WhatAWriterLeftBeforeItsFirstCommitGoes) {
    {
        const Repo closed = std::move(repo_);
    }
    const pid_t pid = ::fork();
    if (pid == 0) {
        auto repo = Repo::open(scratch_.repo(), small());
        auto writer = repo->write_dataset();
        for (std::uint64_t i = 0; i < 10; ++i) {
            const Bytes data = random_bytes(i, kBlock);
            const LeafInput leaf{i, cid_of(data), data};
            if (!writer->leaves(std::span(&leaf, 1)))
                ::_exit(1);
        }
        ::raise(SIGKILL);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << status;
    ASSERT_EQ(segment_files(scratch_.repo()).size(), 1U);
    const auto left = fs::file_size(segment_files(scratch_.repo())[0]);
    EXPECT_GT(left, 10U * kBlock);
    repo_ = must(Repo::open(scratch_.repo(), small()));
    EXPECT_EQ(gc(true).freed_bytes, left);
    const GcReport report = gc();
    EXPECT_EQ(report.freed_bytes, left);
    EXPECT_THAT(report.unaccounted, IsEmpty());
    EXPECT_THAT(segment_files(scratch_.repo()), IsEmpty());
}

/// The same of a segment that has other records: its tail.
TEST_F(Reclaim, TailsOfKilledWritersAreCutOff) {
    const Made made = must(write_blocks(repo_, seeds(1, 5)));
    {
        const Repo closed = std::move(repo_);
    }
    const std::string segment = segment_files(scratch_.repo()).at(0);
    const auto committed = fs::file_size(segment);
    {
        const Fd file = must(open_file(segment, O_RDWR));
        must(pwrite_full(file.get(), random_bytes(5, 10'000), committed, segment));
    }
    repo_ = must(Repo::open(scratch_.repo(), small()));
    EXPECT_EQ(gc(true).freed_bytes, 10'000U);
    EXPECT_EQ(fs::file_size(segment), committed + 10'000);
    EXPECT_EQ(gc().freed_bytes, 10'000U);
    EXPECT_EQ(fs::file_size(segment), committed);
    EXPECT_EQ(must(repo_.get(made.blocks[0])), random_bytes(1, kBlock));
}

TEST_F(Reclaim, NumbersOfSegmentsAreNeverUsedTwice) {
    const Made made = must(write_blocks(repo_, seeds(1, 5)));
    const std::string first = segment_files(scratch_.repo()).at(0);
    must(repo_.remove_dataset(made.manifest));
    gc();
    EXPECT_THAT(segment_files(scratch_.repo()), IsEmpty());
    must(write_blocks(repo_, seeds(1, 5)));
    EXPECT_GT(segment_files(scratch_.repo()).at(0), first);
}

TEST_F(Reclaim, NothingDeadIsLeftToBeFound) {
    const Made stays = must(write_blocks(repo_, seeds(1, 9)));
    const Made goes = must(write_blocks(repo_, seeds(100, 9)));
    must(write_blocks(repo_, seeds(200, 9)));
    must(repo_.remove_dataset(goes.manifest));
    GcOptions options;
    options.compact = false;
    must(repo_.gc(options));
    for (const std::string& name : segment_files(scratch_.repo())) {
        const Bytes bytes = must(read_file(name, 1 << 30));
        for (std::uint64_t i = 0; i < 9; ++i) {
            const Bytes needle = random_bytes(100 + i, 64);
            EXPECT_EQ(std::search(bytes.begin(), bytes.end(), needle.begin(), needle.end()),
                      bytes.end());
        }
    }
    for (std::size_t i = 0; i < 9; ++i)
        EXPECT_EQ(must(repo_.get(stays.blocks[i])), random_bytes(1 + i, kBlock));
    EXPECT_THAT(problems(repo_), IsEmpty());
}

// --- order --------------------------------------------------------------------------------------

/// Notes what its calls did, in order: "sync" and "punch" with the inode.
class NotingDisk : public Disk {
public:
    std::vector<std::pair<std::string, ino_t>> events;

    int fdatasync(int fd) override {
        events.emplace_back("sync", inode(fd));
        return Disk::fdatasync(fd);
    }
    int fallocate(int fd, int mode, off_t offset, off_t length) override {
        events.emplace_back("punch", inode(fd));
        return Disk::fallocate(fd, mode, offset, length);
    }

private:
    static ino_t inode(int fd) {
        struct stat st{};
        return ::fstat(fd, &st) == 0 ? st.st_ino : 0;
    }
};

class Order : public Reclaim {
protected:
    Order() { open(true); }
    ~Order() override { close(); } // before its disk goes
    void open(bool sync) {
        close();
        OpenOptions options = small();
        options.sync = sync;
        options.disk = disk_;
        repo_ = must(Repo::open(scratch_.repo(), options));
    }
    void close() { const Repo closed = std::move(repo_); }
    NotingDisk disk_;
};

/// Others' synced bytes die by a removal that is not synced; everything is on the disk before the
/// first of them goes, whoever collects, and however.
TEST_F(Order, NothingIsDestroyedBeforeWhatReplacesItIsOnTheDisk) {
    const Made goes = must(write_blocks(repo_, seeds(1, 60)));
    must(write_blocks(repo_, seeds(1, 3)));
    open(false);
    must(write_blocks(repo_, seeds(500, 60))); // in segments that nobody synced
    must(repo_.remove_dataset(goes.manifest));
    const std::uint64_t removed = transactions();
    ASSERT_LT(recorded_age(scratch_.repo())->transaction, removed);
    std::set<ino_t> unsynced;
    {
        auto store = must(Store::open(scratch_.repo(), small()));
        const Txn txn = must(store->env().read());
        for (const auto& [id, entry] : must(all_segments(txn))) {
            struct stat st{};
            ASSERT_EQ(::stat(store->segments().path(id).c_str(), &st), 0);
            if (entry.synced_end < entry.committed_end)
                unsynced.insert(st.st_ino);
        }
        Store::release(std::move(store));
    }
    ASSERT_FALSE(unsynced.empty());
    disk_.events.clear();
    gc();
    bool punched = false;
    for (const auto& [what, file] : disk_.events) {
        if (what == "sync")
            unsynced.erase(file);
        if (what == "punch") {
            EXPECT_THAT(unsynced, IsEmpty()) << "a segment is punched, and these are not synced";
            punched = true;
        }
    }
    EXPECT_TRUE(punched);
    EXPECT_GE(recorded_age(scratch_.repo())->transaction, removed) << "the index was not synced";
    EXPECT_THAT(problems(repo_), IsEmpty());
}

/// The name of a segment that its maker did not sync is synced by the first who does.
TEST_F(Order, NamesOfSegmentsAreOnTheDiskBeforeTheyAreReliedOn) {
    open(false);
    must(write_blocks(repo_, seeds(1, 3)));
    open(true);
    {
        auto store = must(Store::open(scratch_.repo(), small()));
        const SegmentLease lease = must(store->segments().acquire(true));
        EXPECT_TRUE(lease->named());
        Store::release(std::move(store));
    }
    open(false);
    auto store = must(Store::open(scratch_.repo(), small()));
    store->segments().release_all();
    {
        const SegmentLease first = must(store->segments().acquire(false));
        const SegmentLease second = must(store->segments().acquire(false));
        EXPECT_FALSE(second->named()) << "made by one who does not sync";
    }
    // Both are idle now; whoever syncs gets none whose name is not.
    const SegmentLease one = must(store->segments().acquire(true));
    const SegmentLease two = must(store->segments().acquire(true));
    EXPECT_TRUE(one->named());
    EXPECT_TRUE(two->named());
    Store::release(std::move(store));
}

// --- cost ---------------------------------------------------------------------------------------

TEST_F(Reclaim, ManyRemovalsTakeFewTransactions) {
    {
        const Repo closed = std::move(repo_);
    }
    repo_ = must(Repo::open(scratch_.repo(), {})); // with the limits of every day
    std::vector<Cid> manifests;
    const Made alive = must(write_blocks(repo_, seeds(0, 1)));
    for (std::uint64_t i = 0; i < 400; ++i) {
        manifests.push_back(must(write_blocks(repo_, seeds(10 * i + 10, 2), 5)).manifest);
        must(write_blocks(repo_, seeds(10 * i + 15, 1))); // so that dead ranges are no neighbours
    }
    for (std::size_t i = 0; i < 200; ++i)
        must(repo_.remove_dataset(manifests[i]));
    const std::uint64_t before = transactions();
    const GcReport report = gc(false, 6);
    EXPECT_EQ(report.expired_datasets, 200U);
    EXPECT_LT(transactions() - before, 20U) << "of 600 dead ranges and 200 datasets that expire";
    EXPECT_EQ(must(repo_.space()).dead_bytes, 0U);
    EXPECT_EQ(must(repo_.get(alive.blocks[0])), random_bytes(0, kBlock));
    EXPECT_THAT(problems(repo_), IsEmpty());
}

} // namespace
} // namespace codex::repo::test

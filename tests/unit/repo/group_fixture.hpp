// What tests of datasets that share a transaction share: a repo, and a count of what goes to the
// disk.
#pragma once

#include "repo/broken_disk.hpp"
#include "repo/fixture.hpp"
#include "repo/index/store.hpp"
#include "repo/segments/tails.hpp"
#include "repo/small_limits.hpp"
#include "repo/upkeep/reclaim.hpp"

#include <gmock/gmock.h>

namespace codex::repo::test {

/// How often a file was put on the disk: each commit of the index, and each of what it names, does.
class CountingDisk : public BrokenDisk {
public:
    std::atomic<int> syncs{0};
    int fdatasync(int fd) override {
        ++syncs;
        return BrokenDisk::fdatasync(fd);
    }
    /// Of the index and all other files, since it was last asked.
    int take_syncs() { return syncs.exchange(0); }
};

/// A repo with small limits on such a disk.
class SharedTransactions : public testing::Test {
protected:
    SharedTransactions() : repo_(must(Repo::init(scratch_.repo(), {}, options()))) {
        empty_ = must(repo_.space()).counters;
    }
    OpenOptions options() {
        OpenOptions options = small();
        options.disk = disk_;
        options.clock = clock_;
        return options;
    }
    bool here(const Cid& manifest) { return repo_.dataset(manifest).has_value(); }
    /// Of what is here, and of nothing when that was removed.
    void expect_sound() {
        EXPECT_THAT(problems(repo_), testing::IsEmpty());
        must(repo_.gc({}));
        EXPECT_THAT(problems(repo_), testing::IsEmpty());
        EXPECT_EQ(must(repo_.space()).dead_bytes, 0U);
        EXPECT_TRUE(fs::is_empty(scratch_.repo() + "/writers"));
    }
    /// All that is committed of segments is live or dead (codex-repo(5), R12).
    void expect_accounted() {
        auto store = must(detail::Store::open(scratch_.repo(), {}));
        {
            const detail::Txn txn = must(store->env().read());
            for (const auto& [id, entry] : must(detail::all_segments(txn)))
                EXPECT_TRUE(must(detail::is_accounted(txn, id, entry))) << "segment " << id;
        }
        detail::Store::release(std::move(store));
    }
    void expect_empty() {
        expect_sound();
        EXPECT_EQ(must(repo_.space()).counters, empty_);
    }
    static void expect_all(const std::vector<Result<void>>& outcomes, std::size_t count) {
        EXPECT_EQ(outcomes.size(), count);
        for (const Result<void>& outcome : outcomes)
            EXPECT_TRUE(outcome) << outcome.error().text();
    }

    const Scratch scratch_;
    const SimulatedClock clock_; // stands still: nobody waits too long
    CountingDisk disk_;
    Repo repo_;
    Counters empty_;
};

} // namespace codex::repo::test

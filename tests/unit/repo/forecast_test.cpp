// A dry run of gc says what gc then does.
#include "repo/reclaim_fixture.hpp"
#include "repo/upkeep/doomed.hpp"

#include <csignal>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

namespace codex::repo::test {

using namespace detail;

namespace {

using testing::IsEmpty;

class Forecast : public Reclaim {};

/// Leaves a writer's pins behind, as a kill does.
void leave_a_dead_writer(const std::string& path, std::uint64_t seed) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        auto repo = Repo::open(path, small());
        auto writer = repo->write_dataset();
        for (std::uint64_t i = 0; i < 90; ++i) {
            const Bytes data = random_bytes(seed + i, kBlock);
            const LeafInput leaf{i, cid_of(data), data};
            if (!writer->leaves(std::span(&leaf, 1)))
                ::_exit(1);
        }
        ::raise(SIGKILL);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << status;
}

TEST_F(Forecast, ADryRunSaysExactlyWhatWillBeDone) {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        std::mt19937_64 rng(seed);
        const auto below = [&rng](std::uint64_t n) { return rng() % n; };
        {
            const Repo closed = std::move(repo_);
        }
        fs::remove_all(scratch_.repo());
        repo_ = must(Repo::init(scratch_.repo(), {}, small()));
        std::vector<Made> made;
        std::uint64_t now = 1000;
        for (int round = 0; round < 4; ++round) {
            for (std::uint64_t i = 0, n = 2 + below(6); i < n; ++i)
                made.push_back(must(write_blocks(repo_, seeds(below(150), 1 + below(60)),
                                                 below(2) * (now + below(100)))));
            for (std::uint64_t i = 0; i < 8; ++i) {
                const Bytes data = random_bytes(below(200), kBlock);
                must(repo_.put(cid_of(data), data, below(2) * (now + below(100))));
            }
            const Made& some = made[below(made.size())];
            if (below(2) == 0 && repo_.dataset(some.manifest)) {
                const Bytes other = manifest_for(some.tree, some.blocks.size(), kBlock,
                                                 fmt::format("other{}", below(1000)));
                must(repo_.add_manifest(
                    Cid::sha256(codec::Multicodec::codex_manifest, crypto::sha256(other)), other,
                    below(2) * (now + below(100))));
            }
            const Made& gone = made[below(made.size())];
            if (below(2) == 0 && repo_.dataset(gone.manifest))
                must(repo_.remove_dataset(gone.manifest));
            const Made& half = made[below(made.size())];
            if (below(2) == 0 && repo_.dataset(half.manifest)) {
                auto store = must(Store::open(scratch_.repo(), small()));
                Ledger ledger = must(Ledger::begin(*store, true));
                (void)must(erase_dataset(ledger, half.manifest));
                must(ledger.commit());
                Store::release(std::move(store));
            }
            if (below(2) == 0) {
                {
                    const Repo closed = std::move(repo_);
                }
                leave_a_dead_writer(scratch_.repo(), below(300));
                repo_ = must(Repo::open(scratch_.repo(), small()));
            }
            now += below(80);
            const GcReport forecast = gc(true, now);
            const std::uint64_t before = transactions();
            EXPECT_EQ(gc(true, now).freed_bytes, forecast.freed_bytes);
            EXPECT_EQ(transactions(), before) << "a dry run changes nothing";
            const GcReport report = gc(false, now);
            EXPECT_EQ(report.expired_datasets, forecast.expired_datasets) << "seed " << seed;
            EXPECT_EQ(report.removed_blocks, forecast.removed_blocks) << "seed " << seed;
            EXPECT_EQ(report.abandoned_writers, forecast.abandoned_writers) << "seed " << seed;
            EXPECT_EQ(report.freed_bytes, forecast.freed_bytes) << "seed " << seed;
            EXPECT_EQ(report.unaccounted, forecast.unaccounted);
            EXPECT_THAT(problems(repo_), IsEmpty());
        }
    }
}

} // namespace
} // namespace codex::repo::test

// kill -9 at random moments: whatever was acknowledged is there, whatever was not is whole or gone,
// and nothing is left behind that gc does not remove.
#include "repo/fixture.hpp"
#include "repo/small_limits.hpp"

#include "base/fd.hpp"

#include <csignal>
#include <gmock/gmock.h>
#include <map>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace codex::repo::test {

using namespace detail;

namespace {

using testing::IsEmpty;

constexpr unsigned kDatasets = 12;

/// Dataset `d` always has the same blocks; neighbours share half of theirs.
std::vector<std::uint64_t> seeds_of(unsigned d) {
    return seeds(1000 + d * 30, 20 + d * 11 % 80);
}

/// What the child was doing with a dataset when it was last heard of.
enum class Event : char { putting = '+', put = '=', removing = '-', removed = '_' };

void tell(int fd, Event event, unsigned d) {
    const std::array<std::uint8_t, 2> message = {static_cast<std::uint8_t>(event),
                                                 static_cast<std::uint8_t>(d)};
    if (!write_full(fd, message, "pipe"))
        ::_exit(3);
}

/// Some datasets in one transaction.
void put_group(Repo& repo, unsigned d, std::mt19937_64& rng, std::map<unsigned, Cid>& made,
               int out) {
    DatasetGroup group = repo.dataset_group();
    std::map<unsigned, Cid> prepared;
    for (std::uint64_t more = 1 + rng() % 4; more > 0; --more, d = (d + 1) % kDatasets) {
        tell(out, Event::putting, d);
        auto writer = repo.write_dataset({}, group);
        if (!writer)
            ::_exit(8);
        const std::vector<std::uint64_t> all = seeds_of(d);
        for (std::size_t i = 0; i < all.size(); ++i) {
            const Bytes data = random_bytes(all[i], kBlock);
            const LeafInput leaf{i, cid_of(data), data};
            if (!writer->leaves({&leaf, 1}))
                ::_exit(9);
        }
        const auto tree = writer->finish_tree();
        auto manifest = tree ? writer->prepare(manifest_for(*tree, all.size(), kBlock, ""), 0)
                             : Result<Cid>(fail(Errc::io));
        if (!manifest)
            ::_exit(10);
        prepared.insert_or_assign(d, *manifest);
    }
    for (const Result<void>& outcome : group.commit())
        if (!outcome)
            ::_exit(11);
    for (const auto& [dataset, manifest] : prepared) {
        made[dataset] = manifest;
        tell(out, Event::put, dataset);
    }
}

/// Works on the repo until it is killed.
[[noreturn]] void child(const std::string& path, std::uint64_t seed, int out) {
    OpenOptions options;
    options.sync = seed % 4 == 0; // most runs without: a kill is not a power loss
    auto repo = Repo::open(path, small(options));
    if (!repo)
        ::_exit(2);
    std::mt19937_64 rng(seed);
    std::map<unsigned, Cid> made;
    for (;;) {
        const auto d = static_cast<unsigned>(rng() % kDatasets);
        switch (rng() % 7) {
        case 0:
        case 1:
        case 2: {
            tell(out, Event::putting, d);
            auto result = write_blocks(*repo, seeds_of(d), 0, "", 1 + rng() % 40);
            if (!result)
                ::_exit(4);
            made[d] = result->manifest;
            tell(out, Event::put, d);
            break;
        }
        case 3:
            if (made.contains(d)) {
                tell(out, Event::removing, d);
                if (!repo->remove_dataset(made[d]))
                    ::_exit(5);
                made.erase(d);
                tell(out, Event::removed, d);
            }
            break;
        case 5: // small ones together
            put_group(*repo, d, rng, made, out);
            break;
        case 4: {
            std::vector<Bytes> data;
            std::vector<Restored> restored;
            std::vector<Cid> cids;
            for (const std::uint64_t s : seeds_of(d)) {
                data.push_back(random_bytes(s, kBlock));
                cids.push_back(cid_of(data.back()));
            }
            for (std::size_t i = 0; i < cids.size(); ++i)
                restored.push_back({cids[i], data[i]});
            // Dropped blocks are restored before anything else: a kill in between loses them.
            tell(out, Event::removing, kDatasets);
            if (!repo->drop_bytes(cids) || !repo->restore(restored))
                ::_exit(6);
            tell(out, Event::removed, kDatasets);
            break;
        }
        default:
            if (!repo->gc({}))
                ::_exit(7);
        }
    }
}

class Kill : public testing::Test {
protected:
    /// One child, killed about `microseconds` after it has said a few words; gives all it said.
    std::map<unsigned, Event> run(std::uint64_t seed, unsigned microseconds) {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe(ends.data()), 0);
        const pid_t pid = ::fork();
        if (pid == 0)
            child(scratch_.repo(), seed, ends[1]);
        Fd write_end(ends[1]);
        const Fd read_end(ends[0]);
        write_end.reset();
        std::array<std::uint8_t, 2> message{};
        std::map<unsigned, Event> said;
        const auto note = [&] {
            said[message[1]] = static_cast<Event>(message[0]);
            total_ += said[message[1]] == Event::put ? 1 : 0;
        };
        // However slow the machine is, the child gets to do something first.
        for (std::uint64_t words = 1 + seed % 10; words > 0; --words)
            if (must(read_full(read_end.get(), message, "pipe")) == 2)
                note();
        std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
        ::kill(pid, SIGKILL);
        while (must(read_full(read_end.get(), message, "pipe")) == 2)
            note();
        int status = 0;
        ::waitpid(pid, &status, 0);
        EXPECT_TRUE(WIFSIGNALED(status)) << "the child failed with " << WEXITSTATUS(status);
        return said;
    }

    void check(Repo& repo, const std::map<unsigned, Event>& state) {
        for (unsigned d = 0; d < kDatasets; ++d) {
            std::vector<Cid> blocks;
            std::vector<Digest> leaves;
            for (const std::uint64_t s : seeds_of(d)) {
                blocks.push_back(cid_of(random_bytes(s, kBlock)));
                leaves.push_back(blocks.back().digest32());
            }
            const Digest root = must(merkle::Tree::build(leaves)).root();
            const Cid tree = Cid::sha256(codec::Multicodec::codex_root, root);
            const Cid manifest =
                Cid::sha256(codec::Multicodec::codex_manifest,
                            crypto::sha256(manifest_for(tree, blocks.size(), kBlock, "")));
            const bool here = repo.dataset(manifest).has_value();
            if (const auto event = state.find(d); event != state.end()) {
                EXPECT_TRUE(event->second != Event::put || here) << "acknowledged, and lost";
                EXPECT_TRUE(event->second != Event::removed || !here) << "removed, and back";
            }
            if (!here)
                continue;
            for (const Cid& block : blocks)
                EXPECT_EQ(cid_of(must(repo.get(block))), block);
        }
    }

    const Scratch scratch_;
    unsigned total_ = 0;
};

TEST_F(Kill, LosesNothingThatWasAcknowledged) {
    must(Repo::init(scratch_.repo(), {}, small()));
    const char* const rounds_text = std::getenv("CODEX_KILL_ROUNDS");
    const unsigned rounds =
        rounds_text != nullptr ? static_cast<unsigned>(std::atoi(rounds_text)) : 60;
    std::mt19937_64 rng(20260729);
    std::map<unsigned, Event> state;
    for (unsigned round = 0; round < rounds; ++round) {
        for (const auto& [d, event] : run(rng(), static_cast<unsigned>(rng() % 20'000)))
            state[d] = event;
        Repo repo = must(Repo::open(scratch_.repo(), small()));
        if (state[kDatasets] == Event::removing) {
            // It was killed between dropping blocks and restoring them.
            std::vector<Cid> lost;
            must(repo.for_each_block([&](const BlockInfo& info) {
                if (!info.present)
                    lost.push_back(info.cid);
                return true;
            }));
            for (unsigned d = 0; d < kDatasets; ++d)
                for (const std::uint64_t s : seeds_of(d)) {
                    const Bytes data = random_bytes(s, kBlock);
                    const Restored again{cid_of(data), data};
                    if (std::ranges::find(lost, again.cid) != lost.end())
                        must(repo.restore(std::span(&again, 1)));
                }
            state[kDatasets] = Event::removed;
        }
        ASSERT_THAT(problems(repo), IsEmpty()) << "round " << round;
        check(repo, state);
        if (round % 3 == 0) {
            must(repo.gc({}));
            ASSERT_THAT(problems(repo), IsEmpty()) << "round " << round << ", after gc";
            EXPECT_TRUE(fs::is_empty(scratch_.repo() + "/writers"));
            EXPECT_EQ(must(repo.space()).dead_bytes, 0U);
        }
        if (HasFailure())
            FAIL() << "in round " << round;
    }
    EXPECT_GT(total_, rounds / 3) << "the children did too little for this test to mean much";
}

} // namespace
} // namespace codex::repo::test

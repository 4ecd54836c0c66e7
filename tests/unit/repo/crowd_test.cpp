// Many processes at once in one repo, without anybody who directs them.
#include "repo/fixture.hpp"
#include "repo/small_limits.hpp"

#include <gmock/gmock.h>
#include <map>
#include <sys/wait.h>
#include <unistd.h>

namespace codex::repo::test {

using namespace detail;

namespace {

using testing::IsEmpty;

constexpr unsigned kProcesses = 6;

/// Blocks that all processes put, and blocks that only one does.
std::vector<std::uint64_t> list_of(unsigned process, unsigned n) {
    std::vector<std::uint64_t> list = seeds(n * 7 % 40, 30);
    for (unsigned i = 0; i < 20; ++i)
        list.push_back(10'000 + process * 1000 + n * 20 + i);
    return list;
}

/// One process; gives 0 when everything it was promised held.
int work(const std::string& path, unsigned process) {
    OpenOptions options;
    options.sync = false;
    auto repo = Repo::open(path, small(options));
    if (!repo)
        return 2;
    std::mt19937_64 rng(process);
    std::map<unsigned, Made> mine;
    for (unsigned n = 0; n < 40; ++n) {
        const std::string name = std::to_string(process) + "." + std::to_string(n % 8);
        if (mine.contains(n % 8)) {
            if (!repo->remove_dataset(mine[n % 8].manifest))
                return 3;
            mine.erase(n % 8);
        }
        auto made = write_blocks(*repo, list_of(process, n % 8), 0, name, 1 + rng() % 50);
        if (!made)
            return 4;
        mine[n % 8] = *made;
        if (rng() % 4 == 0 && !repo->gc({}))
            return 5;
        for (const auto& [slot, dataset] : mine) {
            const std::vector<std::uint64_t> list = list_of(process, slot);
            const std::size_t i = rng() % list.size();
            const auto data = repo->get(dataset.blocks[i]);
            if (!data || *data != random_bytes(list[i], kBlock))
                return 6;
            const auto tree = repo->tree(dataset.tree);
            if (!tree || !tree->proof(i))
                return 7;
        }
    }
    // Odd processes leave nothing, even ones what they have.
    if (process % 2 == 1)
        for (const auto& [slot, dataset] : mine)
            if (!repo->remove_dataset(dataset.manifest))
                return 8;
    return 0;
}

TEST(Crowd, EveryProcessFindsWhatItPut) {
    const Scratch scratch;
    must(Repo::init(scratch.repo(), {}, small()));
    std::vector<pid_t> children;
    for (unsigned process = 0; process < kProcesses; ++process) {
        const pid_t pid = ::fork();
        if (pid == 0)
            ::_exit(work(scratch.repo(), process));
        children.push_back(pid);
    }
    for (const pid_t pid : children) {
        int status = 0;
        ::waitpid(pid, &status, 0);
        EXPECT_TRUE(WIFEXITED(status));
        EXPECT_EQ(WEXITSTATUS(status), 0);
    }
    Repo repo = must(Repo::open(scratch.repo(), small()));
    EXPECT_THAT(problems(repo), IsEmpty());
    must(repo.gc({}));
    EXPECT_THAT(problems(repo), IsEmpty());
    EXPECT_EQ(must(repo.space()).counters.datasets, 8U * kProcesses / 2);
    std::vector<Cid> left;
    must(repo.for_each_dataset([&](const DatasetInfo& info) {
        left.push_back(info.cid);
        return true;
    }));
    for (const Cid& cid : left)
        must(repo.remove_dataset(cid));
    must(repo.gc({}));
    EXPECT_EQ(must(repo.space()).counters, Counters{});
    EXPECT_TRUE(segment_files(scratch.repo()).empty()) << "nothing live, nothing on disk";
}

/// Opens two writers of the same dataset in one process: both get in, one tree is stored.
TEST(Crowd, TwoWritersOfOneDataset) {
    const Scratch scratch;
    Repo repo = must(Repo::init(scratch.repo(), {}, small()));
    std::vector<Bytes> data;
    std::vector<LeafInput> leaves;
    for (std::uint64_t i = 0; i < 90; ++i)
        data.push_back(random_bytes(i % 60, kBlock));
    for (std::size_t i = 0; i < data.size(); ++i)
        leaves.push_back({i, cid_of(data[i]), data[i]});
    DatasetWriter a = must(repo.write_dataset());
    DatasetWriter b = must(repo.write_dataset());
    for (std::size_t done = 0; done < leaves.size(); done += 15) {
        must(a.leaves(std::span(leaves).subspan(done, 15)));
        must(b.leaves(std::span(leaves).subspan(done, 15)));
    }
    const Cid tree = must(a.finish_tree());
    EXPECT_EQ(must(b.finish_tree()), tree);
    const Bytes one = manifest_for(tree, 90, kBlock, "one");
    const Bytes two = manifest_for(tree, 90, kBlock, "two");
    const Cid first = must(a.commit(one, 5));
    EXPECT_THAT(problems(repo), IsEmpty());
    const Cid second = must(b.commit(two, 0));
    EXPECT_THAT(problems(repo), IsEmpty());
    EXPECT_TRUE(fs::is_empty(scratch.repo() + "/writers"));
    must(repo.remove_dataset(first));
    EXPECT_EQ(must(repo.tree(tree)).leaf_count(), 90U);
    must(repo.remove_dataset(second));
    must(repo.gc({}));
    EXPECT_EQ(must(repo.space()).counters, Counters{});
}

/// The tree a writer counts on, and the blocks it found here, are removed before it commits.
TEST(Crowd, WhatVanishesMeanwhileIsWrittenAfterAll) {
    const Scratch scratch;
    Repo repo = must(Repo::init(scratch.repo(), {}, small()));
    const Made first = must(write_blocks(repo, seeds(1, 30)));
    std::vector<Bytes> data;
    std::vector<LeafInput> leaves;
    for (std::uint64_t i = 0; i < 10; ++i)
        data.push_back(random_bytes(1 + i, kBlock));
    for (std::size_t i = 0; i < data.size(); ++i)
        leaves.push_back({i, cid_of(data[i]), data[i]});
    DatasetWriter writer = must(repo.write_dataset());
    must(writer.leaves(leaves));
    EXPECT_EQ(writer.new_bytes(), 0U) << "all are here";
    must(repo.remove_dataset(first.manifest));
    must(repo.gc({}));
    const Cid tree = must(writer.finish_tree());
    const Cid manifest = must(writer.commit(manifest_for(tree, 10, kBlock, ""), 0));
    EXPECT_THAT(problems(repo), IsEmpty());
    for (std::size_t i = 0; i < data.size(); ++i)
        EXPECT_EQ(must(repo.get(leaves[i].cid)), data[i]);
    EXPECT_TRUE(repo.dataset(manifest).has_value());
}

/// Leaves that name blocks without giving their bytes need somebody to have them.
TEST(Crowd, KnownBlocksThatVanishAreAnError) {
    const Scratch scratch;
    Repo repo = must(Repo::init(scratch.repo(), {}));
    const Made first = must(write_blocks(repo, seeds(1, 3)));
    DatasetWriter writer = must(repo.write_dataset());
    const LeafInput unknown{0, cid_of(random_bytes(9, 9)), {}};
    EXPECT_EQ(code_of(writer.leaves(std::span(&unknown, 1))), Errc::block_not_found);
    const LeafInput known{0, first.blocks[0], {}};
    must(writer.leaves(std::span(&known, 1)));
    must(repo.remove_dataset(first.manifest));
    const Cid tree = must(writer.finish_tree());
    EXPECT_EQ(code_of(writer.commit(manifest_for(tree, 1, kBlock, ""), 0)), Errc::block_not_found);
    {
        const DatasetWriter gone = std::move(writer);
    }
    EXPECT_THAT(problems(repo), IsEmpty());
    EXPECT_EQ(must(repo.space()).counters, Counters{});
}

/// A removal that was interrupted is finished by gc; a reader's block that moves is found again.
TEST(Crowd, ReadersFollowBlocksThatMove) {
    const Scratch scratch;
    Repo repo = must(Repo::init(scratch.repo(), {}, small()));
    // Each removed dataset leaves one block of it alive, so that segments are mostly dead.
    std::vector<Made> kept;
    for (std::uint64_t i = 0; i < 8; ++i) {
        const Made big = must(write_blocks(repo, seeds(i * 100, 90)));
        kept.push_back(must(write_blocks(repo, {i * 100 + 1, i * 100 + 50})));
        must(repo.remove_dataset(big.manifest));
    }
    const StoredTree tree = must(repo.tree(kept[0].tree));
    const std::uint64_t before = must(repo.space()).disk_bytes;
    must(repo.gc({}));
    EXPECT_LT(must(repo.space()).disk_bytes, before / 2);
    for (std::uint64_t i = 0; i < 8; ++i)
        EXPECT_EQ(must(repo.get(kept[i].blocks[1])), random_bytes(i * 100 + 50, kBlock));
    EXPECT_TRUE(tree.proof(1).has_value());
    EXPECT_THAT(problems(repo), IsEmpty());
}

} // namespace
} // namespace codex::repo::test

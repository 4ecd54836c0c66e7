// Single blocks: what put, get, remove, drop and restore promise (codex-repo(5), PROMISES).
#include "repo/fixture.hpp"

#include <gmock/gmock.h>

namespace codex::repo::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Block : public testing::TestWithParam<int> {
protected:
    Block() : repo_(must(Repo::init(scratch_.repo(), Config{.zstd_level = GetParam()}))) {}
    const Scratch scratch_;
    Repo repo_;
};
INSTANTIATE_TEST_SUITE_P(Compression, Block, testing::Values(0, 3));

TEST_P(Block, PutGetHasStat) {
    const Bytes data = random_bytes(1, 1000);
    const Cid cid = cid_of(data);
    EXPECT_FALSE(must(repo_.has(cid)));
    EXPECT_FALSE(must(repo_.stat(cid)).has_value());
    EXPECT_EQ(code_of(repo_.get(cid)), Errc::block_not_found);
    must(repo_.put(cid, data, 50));
    EXPECT_TRUE(must(repo_.has(cid)));
    EXPECT_EQ(must(repo_.get(cid)), data);
    const BlockInfo info = must(repo_.stat(cid)).value();
    EXPECT_TRUE(info.kept);
    EXPECT_EQ(info.size_bytes, 1000U);
    EXPECT_EQ(info.expiry, 50U);
    EXPECT_EQ(info.references, 0U);
}

TEST_P(Block, CompressesWithoutAnybodySeeing) {
    const Bytes data(65536, 'x');
    const Cid cid = cid_of(data);
    must(repo_.put(cid, data, 0));
    EXPECT_EQ(must(repo_.get(cid)), data);
    const BlockInfo info = must(repo_.stat(cid)).value();
    EXPECT_EQ(info.size_bytes, 65536U);
    EXPECT_EQ(info.stored_bytes < 1000, GetParam() > 0);
    EXPECT_EQ(must(repo_.space()).counters.used_bytes, 65536U) << "the quota counts plain sizes";
    EXPECT_THAT(problems(repo_), IsEmpty());
}

TEST_P(Block, EmptyBlockIsAlwaysHere) {
    const Cid& empty = Cid::empty_block();
    EXPECT_TRUE(must(repo_.has(empty)));
    EXPECT_EQ(must(repo_.get(empty)), Bytes());
    EXPECT_TRUE(must(repo_.stat(empty))->present);
    must(repo_.put(empty, {}, 0));
    must(repo_.remove(empty));
    EXPECT_TRUE(must(repo_.has(empty)));
    BlockRead read{empty, {}};
    must(repo_.read(std::span(&read, 1)));
    EXPECT_EQ(read.state, BlockRead::State::ok);
    EXPECT_EQ(read.size, 0U);
    EXPECT_EQ(must(repo_.space()).counters, Counters{});
}

TEST_P(Block, ExpiryIsOnlyEverExtended) {
    const Bytes data = random_bytes(1, 100);
    const Cid cid = cid_of(data);
    const auto expiry = [&] { return must(repo_.stat(cid))->expiry; };
    must(repo_.put(cid, data, 50));
    must(repo_.put(cid, data, 40));
    EXPECT_EQ(expiry(), 50U);
    must(repo_.put(cid, data, 60));
    EXPECT_EQ(expiry(), 60U);
    must(repo_.put(cid, data, 0));
    EXPECT_EQ(expiry(), 0U) << "0 is never, the latest of all";
    must(repo_.put(cid, data, 70));
    EXPECT_EQ(expiry(), 0U);
    EXPECT_THAT(problems(repo_), IsEmpty());
}

TEST_P(Block, RemoveIsRefusedWhileADatasetRefersToIt) {
    const Made made = must(write_blocks(repo_, seeds(1, 3)));
    const auto refused = repo_.remove(made.blocks[1]);
    EXPECT_EQ(code_of(refused), Errc::block_in_use);
    EXPECT_EQ(code_of(repo_.remove(made.manifest)), Errc::block_in_use);
    EXPECT_TRUE(must(repo_.has(made.blocks[1])));
    must(repo_.remove(cid_of(as_bytes("never seen")))); // success
}

TEST_P(Block, KeptForItselfOutlivesItsDataset) {
    const Made made = must(write_blocks(repo_, seeds(1, 3)));
    must(repo_.put(made.blocks[1], random_bytes(2, kBlock), 0));
    must(repo_.remove_dataset(made.manifest));
    EXPECT_FALSE(must(repo_.has(made.blocks[0])));
    EXPECT_TRUE(must(repo_.has(made.blocks[1])));
    must(repo_.remove(made.blocks[1]));
    EXPECT_FALSE(must(repo_.stat(made.blocks[1])).has_value());
    EXPECT_EQ(must(repo_.space()).counters, Counters{});
}

TEST_P(Block, DroppedBytesAreMissingButNotForgotten) {
    const Made made = must(write_blocks(repo_, seeds(1, 5)));
    const std::vector<Cid> lost = {made.blocks[1], made.blocks[3], cid_of(as_bytes("unknown"))};
    EXPECT_EQ(must(repo_.drop_bytes(lost)), 2U);
    EXPECT_EQ(must(repo_.drop_bytes(lost)), 0U);
    EXPECT_FALSE(must(repo_.has(lost[0])));
    EXPECT_EQ(code_of(repo_.get(lost[0])), Errc::block_not_found);
    EXPECT_EQ(must(repo_.stat(lost[0]))->references, 1U);
    EXPECT_EQ(must(repo_.space()).counters.blocks, 4U);
    EXPECT_EQ(problems(repo_).size(), 2U);
    const Bytes data = random_bytes(2, kBlock);
    const Bytes other = random_bytes(77, kBlock);
    const std::vector<Restored> back = {{lost[0], data}, {lost[0], data}, {cid_of(other), other}};
    must(repo_.restore(back));
    EXPECT_EQ(must(repo_.get(lost[0])), data);
    EXPECT_FALSE(must(repo_.has(cid_of(other)))) << "nobody refers to it";
    EXPECT_EQ(problems(repo_).size(), 1U);
    // Putting the dataset again also brings the bytes back.
    must(write_blocks(repo_, seeds(1, 5)));
    EXPECT_THAT(problems(repo_), IsEmpty());
}

TEST_P(Block, RestoreCountsAgainstTheQuota) {
    const Made made = must(write_blocks(repo_, seeds(1, 5)));
    must(repo_.drop_bytes(made.blocks));
    Config config = repo_.config();
    const Counters counters = must(repo_.space()).counters;
    config.quota_bytes = counters.used_bytes + counters.tree_bytes + kBlock;
    must(repo_.set_config(config));
    std::vector<Bytes> data;
    std::vector<Restored> blocks;
    for (std::uint64_t i = 0; i < 2; ++i)
        data.push_back(random_bytes(1 + i, kBlock));
    for (std::size_t i = 0; i < 2; ++i)
        blocks.push_back({made.blocks[i], data[i]});
    EXPECT_EQ(code_of(repo_.restore(blocks)), Errc::quota_exceeded);
    must(repo_.restore(std::span(blocks).first(1)));
}

TEST_P(Block, BadInputIsRefused) {
    const Bytes data = random_bytes(1, 100);
    const Bytes digest64(64, 1);
    const Cid sha512 = Cid::make(codec::Multicodec::raw, codec::HashCodec::sha2_512, digest64);
    EXPECT_EQ(code_of(repo_.put(sha512, data, 0)), Errc::unsupported);
    EXPECT_EQ(code_of(repo_.put(cid_of(data), {}, 0)), Errc::limit_exceeded);
    const Bytes huge(codec::kMaxBlockSizeBytes + 1U);
    EXPECT_EQ(code_of(repo_.put(cid_of(data), huge, 0)), Errc::limit_exceeded);
    must(repo_.put(cid_of(data), data, 0));
    Bytes small(99);
    BlockRead read{cid_of(data), small};
    EXPECT_EQ(code_of(repo_.read(std::span(&read, 1))), Errc::limit_exceeded);
}

TEST_P(Block, WalkIsInOrderAndStops) {
    must(write_blocks(repo_, seeds(1, 1200)));
    std::vector<Bytes> keys;
    must(repo_.for_each_block([&](const BlockInfo& info) {
        keys.emplace_back(info.cid.bytes().begin(), info.cid.bytes().end());
        return true;
    }));
    EXPECT_EQ(keys.size(), 1201U);
    EXPECT_TRUE(std::ranges::is_sorted(keys));
    std::size_t visited = 0;
    must(repo_.for_each_block([&](const BlockInfo& info) {
        (void)repo_.stat(info.cid); // the repo may be used meanwhile
        return ++visited < 3;
    }));
    EXPECT_EQ(visited, 3U);
}

} // namespace
} // namespace codex::repo::test

// Jobs over datasets whose manifests and trees are in the repo, and whose blocks are elsewhere.
#include "protected_store.hpp"

#include <gmock/gmock.h>

namespace codex::dataset::test {
namespace {

using testing::HasSubstr;

class BlockSources : public ::testing::Test {
protected:
    BlockSources() {
        take_blocks(store_, coded_, elsewhere_);
        take_blocks(store_, plain_, elsewhere_);
    }
    /// The repo's, with blocks from elsewhere.
    [[nodiscard]] Job job() { return {store_.repo(), elsewhere_, store_.job()}; }
    [[nodiscard]] Cid block(std::size_t index) { return Cid::block(leaves_[index]); }
    Bytes get_all(const Cid& cid) {
        MemorySink sink;
        must(get(job(), cid, {}, sink));
        return sink.content();
    }
    Error get_fails(const Cid& cid) {
        MemorySink sink;
        return must_fail(get(job(), cid, {}, sink));
    }

    codex::test::TemporaryFolder folder_;
    Store store_{folder_.file("repo")};
    Store other_{folder_.file("other")};
    Bytes content_ = generate(1, 22 * kBlock - 7); // rows of 6, two of them padding
    Cid plain_ = store_.put(content_, {.block_size_bytes = kBlock});
    Cid coded_ = must(encode(store_.job(), plain_, code_shape(4, 2)));
    std::vector<Digest> leaves_ = store_.leaves(coded_);
    MemoryBlocks elsewhere_;
};

TEST_F(BlockSources, GetReadsThere) {
    MemorySink nothing;
    EXPECT_EQ(must_fail(get(store_.job(), plain_, {}, nothing)).code(), Errc::dataset_damaged);
    EXPECT_EQ(get_all(plain_), content_);
    EXPECT_EQ(get_all(coded_), content_);
    EXPECT_EQ(elsewhere_.reads(), 44U);
    EXPECT_EQ(elsewhere_.placed(), 44U); // with tree and index, for sources that ask others
    MemorySink range;
    must(get(job(), plain_, {5000, 9000}, range));
    EXPECT_TRUE(equal(range.content(), BytesView(content_).subspan(5000, 4000)));
}

TEST_F(BlockSources, GetComputesWhatIsMissingOrWrongThere) {
    elsewhere_.remove(block(0));
    elsewhere_.spoil(block(7));
    elsewhere_.lose_sight_of(block(14));
    MemorySink sink;
    EXPECT_EQ(must(get(job(), coded_, {}, sink)).reconstructed_blocks, 3U);
    EXPECT_EQ(sink.content(), content_);
}

TEST_F(BlockSources, WrongBytesAreRefused) {
    elsewhere_.spoil(block(3));
    const Error error = get_fails(plain_);
    EXPECT_EQ(error.code(), Errc::dataset_damaged);
    EXPECT_THAT(error.text(), testing::AllOf(HasSubstr("block 3 "), HasSubstr("is damaged")));
    EXPECT_EQ(must(health(job(), coded_, true)).damaged, std::vector<std::uint64_t>{3});
    EXPECT_EQ(must_fail(encode(job(), plain_, code_shape(3, 1))).code(), Errc::dataset_damaged);
}

TEST_F(BlockSources, WhatCannotBeReadIsAnErrorAndNotDamage) {
    elsewhere_.lose_sight_of(block(3));
    EXPECT_EQ(get_fails(plain_).code(), Errc::unavailable);
    for (const bool data : {false, true})
        EXPECT_EQ(must_fail(health(job(), coded_, data)).code(), Errc::unavailable) << data;
    EXPECT_EQ(must_fail(verify(job(), coded_)).code(), Errc::unavailable);
    EXPECT_EQ(must_fail(encode(job(), plain_, code_shape(3, 1))).code(), Errc::unavailable);
    EXPECT_EQ(get_all(coded_), content_); // there are other ways to its bytes
    elsewhere_.remove(block(9));          // of the same column
    elsewhere_.remove(block(15));
    EXPECT_EQ(get_fails(coded_).code(), Errc::unavailable);
}

TEST_F(BlockSources, HealthAndVerifyLookThere) {
    for (const bool data : {false, true})
        EXPECT_TRUE(must(health(job(), coded_, data)).whole());
    EXPECT_TRUE(must(verify(job(), coded_)).right());
    EXPECT_EQ(must(health(store_.job(), coded_, false)).missing.size(), 34U);
    elsewhere_.remove(block(1));
    elsewhere_.remove(block(30));
    for (const bool data : {false, true})
        EXPECT_EQ(must(health(job(), coded_, data)).missing, (std::vector<std::uint64_t>{1, 30}));
}

TEST_F(BlockSources, EncodeReadsThereAndStoresItsParityHere) {
    const Cid coded = must(encode(job(), plain_, code_shape(3, 2)));
    EXPECT_EQ(coded, must(encode(other_.job(), other_.put(content_, {.block_size_bytes = kBlock}),
                                 code_shape(3, 2))));
    const std::vector<Digest> leaves = store_.leaves(coded);
    EXPECT_FALSE(must(store_.repo().has(Cid::block(leaves.front()))));
    EXPECT_TRUE(must(store_.repo().has(Cid::block(leaves.back()))));
}

TEST_F(BlockSources, ExportReadsThere) {
    MemorySink archive;
    must(export_car(job(), std::vector<Cid>{coded_}, archive, false));
    MemorySource source(archive.content());
    must(import_car(other_.job(), source, 0, [](const Cid&) {}));
    EXPECT_EQ(other_.get(coded_), content_);
}

TEST_F(BlockSources, RepairIsOfTheRepoWhereverTheOthersAreRead) {
    for (std::size_t i = 0; i < leaves_.size(); ++i)
        if (!block(i).is_empty_block() && i != 2 && i != 9) { // of two columns
            Bytes bytes(kBlock);
            BlockRead read{.cid = block(i), .buffer = bytes};
            must(elsewhere_.read({&read, 1}));
            const repo::Restored back{block(i), bytes};
            must(store_.repo().restore({&back, 1}));
        }
    elsewhere_.spoil(block(20)); // of the first of them; parity stands in for it
    elsewhere_.spoil(block(4));  // of neither
    EXPECT_EQ(must(repair(job(), coded_)).restored_data, 2U);
    EXPECT_EQ(store_.get(coded_), content_);
}

} // namespace
} // namespace codex::dataset::test

#include "blocks/block_source.hpp"

#include "byte_generator.hpp"
#include "memory_blocks.hpp"
#include "must.hpp"

#include <gmock/gmock.h>
#include <vector>

namespace codex::blocks {
namespace {

using test::generate;
using test::MemoryBlocks;
using test::must;
using test::must_fail;
using testing::AllOf;
using testing::HasSubstr;
using State = BlockRead::State;

/// A batch of blocks with buffers of `room` bytes each.
struct Batch {
    Batch(const std::vector<Cid>& cids, std::size_t room) : bytes(cids.size() * room) {
        for (std::size_t i = 0; i < cids.size(); ++i)
            reads.push_back({cids[i], MutableBytes(bytes).subspan(i * room, room)});
    }
    Bytes bytes;
    std::vector<BlockRead> reads;
};

class Source : public ::testing::Test {
protected:
    /// More than one round of the lanes that compare, and a part of one.
    Source() {
        for (std::uint32_t i = 0; i < 75; ++i)
            cids_.push_back(source_.add(generate(i, 100 + i % 3)));
    }
    MemoryBlocks source_;
    std::vector<Cid> cids_;
};

TEST_F(Source, ReadsAndComparesABatch) {
    Batch batch(cids_, 128);
    must(source_.read(batch.reads));
    for (std::uint32_t i = 0; i < cids_.size(); ++i) {
        EXPECT_EQ(batch.reads[i].state, State::ok) << i;
        EXPECT_EQ(batch.reads[i].size, 100 + i % 3);
        EXPECT_TRUE(
            equal(batch.reads[i].buffer.first(batch.reads[i].size), generate(i, 100 + i % 3)));
    }
}

TEST_F(Source, RefusesBytesThatAreNotTheBlock) {
    for (const std::size_t wrong :
         {std::size_t{0}, std::size_t{31}, std::size_t{32}, cids_.size() - 1}) {
        source_.spoil(cids_[wrong]);
        Batch batch(cids_, 128);
        must(source_.read(batch.reads));
        for (std::size_t i = 0; i < cids_.size(); ++i)
            EXPECT_EQ(batch.reads[i].state, i == wrong ? State::damaged : State::ok) << i;
        source_.spoil(cids_[wrong]); // back
    }
}

TEST_F(Source, TellsMissingFromDamagedFromUnreadable) {
    source_.remove(cids_[3]);
    source_.spoil(cids_[4]);
    source_.lose_sight_of(cids_[5]);
    Batch batch(cids_, 128);
    must(source_.try_read(batch.reads));
    EXPECT_EQ(batch.reads[3].state, State::missing);
    EXPECT_EQ(batch.reads[4].state, State::damaged);
    EXPECT_EQ(batch.reads[5].state, State::unreadable);
    EXPECT_EQ(batch.reads[6].state, State::ok);
    const Error error = must_fail(source_.read(batch.reads));
    EXPECT_EQ(error.code(), Errc::unavailable);
    EXPECT_THAT(error.text(), AllOf(HasSubstr(cids_[5].text()), HasSubstr("the peer is gone")));
    // What went wrong once is forgotten with the next look.
    Batch others({cids_[3], cids_[6]}, 128);
    others.reads[0].state = State::unreadable;
    others.reads[1].state = State::damaged;
    must(source_.read(others.reads));
    EXPECT_EQ(others.reads[0].state, State::missing);
    EXPECT_EQ(others.reads[1].state, State::ok);
}

TEST_F(Source, FindsWithoutReading) {
    source_.remove(cids_[3]);
    Batch batch(cids_, 0);
    must(source_.find(batch.reads));
    for (std::size_t i = 0; i < cids_.size(); ++i)
        EXPECT_EQ(batch.reads[i].state, i == 3 ? State::missing : State::ok);
    EXPECT_EQ(source_.reads(), 0U);
    EXPECT_TRUE(must(source_.has(cids_[4])));
    EXPECT_FALSE(must(source_.has(cids_[3])));
    source_.lose_sight_of(cids_[4]);
    EXPECT_EQ(must_fail(source_.has(cids_[4])).code(), Errc::unavailable);
    must(source_.find(batch.reads));
    EXPECT_EQ(batch.reads[4].state, State::unreadable);
    EXPECT_EQ(must_fail(require_readable(batch.reads)).code(), Errc::unavailable);
}

TEST_F(Source, HasTheEmptyBlockAndNothingThatCannotBeCompared) {
    const Digest digest{1};
    const Cid identity =
        Cid::make(codec::Multicodec::codex_slot_root, codec::HashCodec::identity, digest);
    const Cid empty = Cid::empty_block();
    EXPECT_TRUE(must(source_.has(empty)));
    EXPECT_FALSE(must(source_.has(identity)));
    Batch batch({empty, identity}, 0);
    must(source_.read(batch.reads));
    EXPECT_EQ(batch.reads[0].state, State::ok);
    EXPECT_EQ(batch.reads[0].size, 0U);
    EXPECT_EQ(batch.reads[1].state, State::missing);
}

TEST_F(Source, GivesTheErrorOfTheSourceAsAWhole) {
    Batch batch(cids_, 99);
    EXPECT_EQ(must_fail(source_.try_read(batch.reads)).code(), Errc::limit_exceeded);
}

} // namespace
} // namespace codex::blocks

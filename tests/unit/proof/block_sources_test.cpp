// Slot trees and proof inputs of datasets whose blocks are not in the repo.
#include "dataset/protected_store.hpp"
#include "fixture.hpp"
#include "proof/slots.hpp"

#include <gmock/gmock.h>

namespace codex::proof {
namespace {

using dataset::test::code_shape;
using dataset::test::Store;
using dataset::test::take_blocks;
using test::generate;
using test::kSmallOfRepo;
using test::MemoryBlocks;
using test::must;
using test::must_fail;
using testing::HasSubstr;

class BlockSources : public testing::Test {
protected:
    BlockSources() {
        const Cid plain = store_.put(content_, {.block_size_bytes = 512});
        coded_ = must(dataset::encode(store_.job(), plain, code_shape(3, 2)));
        leaves_ = store_.leaves(coded_);
        const Cid other_plain = other_.put(content_, {.block_size_bytes = 512});
        EXPECT_EQ(must(dataset::encode(other_.job(), other_plain, code_shape(3, 2))), coded_);
        take_blocks(store_, coded_, elsewhere_);
    }
    [[nodiscard]] dataset::Job job() { return {store_.repo(), elsewhere_, store_.job()}; }
    [[nodiscard]] Cid slots(const dataset::Job& job) {
        return must(build_slots(job, coded_, {.cell_size_bytes = 128})).manifest;
    }
    [[nodiscard]] Error input_fails(const Cid& verifiable, std::uint64_t slot) {
        return must_fail(make_proof_input(job(), verifiable, slot, Fr::from_u64(77), kSmallOfRepo));
    }

    test::TemporaryFolder folder_;
    Store store_{folder_.file("repo")};
    Store other_{folder_.file("other")};
    Bytes content_ = generate(9, 5'000);
    Cid coded_;
    std::vector<Digest> leaves_;
    MemoryBlocks elsewhere_;
};

TEST_F(BlockSources, SlotTreesAndProofInputsAreTheSame) {
    EXPECT_EQ(must_fail(build_slots(store_.job(), coded_, {.cell_size_bytes = 128})).code(),
              Errc::dataset_damaged);
    const Cid verifiable = slots(job());
    EXPECT_EQ(verifiable, slots(other_.job()));
    EXPECT_GT(elsewhere_.reads(), 0U);
    EXPECT_EQ(elsewhere_.placed(), elsewhere_.reads());
    EXPECT_TRUE(must(check_slots(job(), verifiable)).empty());
    for (const std::uint64_t slot : {0U, 4U})
        EXPECT_EQ(
            must(make_proof_input(job(), verifiable, slot, Fr::from_u64(77), kSmallOfRepo)),
            must(make_proof_input(other_.job(), verifiable, slot, Fr::from_u64(77), kSmallOfRepo)));
}

TEST_F(BlockSources, WrongBytesAreRefused) {
    const Cid verifiable = slots(job());
    for (const Digest& leaf : leaves_)
        if (!Cid::block(leaf).is_empty_block())
            elsewhere_.spoil(Cid::block(leaf));
    const Error error = input_fails(verifiable, 0);
    EXPECT_EQ(error.code(), Errc::dataset_damaged);
    EXPECT_THAT(error.text(), HasSubstr("damaged"));
    EXPECT_EQ(must_fail(check_slots(job(), verifiable)).code(), Errc::dataset_damaged);
}

TEST_F(BlockSources, WhatCannotBeReadIsAnErrorAndNotDamage) {
    const Cid verifiable = slots(job());
    for (const Digest& leaf : leaves_)
        elsewhere_.lose_sight_of(Cid::block(leaf));
    EXPECT_EQ(input_fails(verifiable, 0).code(), Errc::unavailable);
    EXPECT_EQ(must_fail(check_slots(job(), verifiable)).code(), Errc::unavailable);
}

} // namespace
} // namespace codex::proof

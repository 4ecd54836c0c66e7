// Slot trees and verifiable manifests over a real repo.
#include "proof/slots.hpp"

#include "base/checked.hpp"
#include "check_input.hpp"
#include "crypto/field/text.hpp"
#include "crypto/hash/sha256.hpp"
#include "dataset/protected_store.hpp"
#include "fixture.hpp"
#include "temporary_folder.hpp"
#include "vectors.hpp"

#include <gmock/gmock.h>

namespace codex::proof {
namespace {

using codec::Strategy;
using dataset::test::generate;
using dataset::test::Store;
using test::FakeDataset;
using test::Json;
using test::kSmallOfRepo;
using test::must;
using test::must_fail;
using test::proofs;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// The tree over the blocks of a slot, computed the slow way: block by block from plain bytes.
Digest slow_slot_root(const std::vector<Bytes>& blocks, std::size_t cell_size,
                      std::size_t block_size) {
    std::vector<Digest> roots;
    for (std::size_t i = 0; i < next_pow2(blocks.size()); ++i) {
        const Bytes block = i < blocks.size() ? blocks[i] : Bytes(block_size);
        std::vector<Digest> cells;
        for (std::size_t at = 0; at < block.size(); at += cell_size)
            cells.push_back(crypto::poseidon2::hash_bytes(BytesView(block).subspan(at, cell_size)));
        roots.push_back(must(merkle::Tree::build(cells, merkle::poseidon2_tree())).root());
    }
    return must(merkle::Tree::build(roots, merkle::poseidon2_tree())).root();
}

class Slots : public testing::Test {
protected:
    Cid protect(BytesView content, std::uint32_t k, std::uint32_t m,
                std::uint32_t block_size = 65536) {
        const Cid plain = store_.put(content, {.block_size_bytes = block_size});
        return must(dataset::encode(job(), plain, dataset::test::code_shape(k, m)));
    }
    [[nodiscard]] dataset::Job job() { return store_.job(); }
    [[nodiscard]] std::uint64_t problems() {
        std::uint64_t count = 0;
        const auto report = must(store_.repo().verify({}, [&](const repo::VerifyProblem& problem) {
            ++count;
            ADD_FAILURE() << name_of(problem.kind) << ' ' << problem.text;
        }));
        EXPECT_EQ(report.problems, count);
        return count;
    }
    /// Every slot root of a verifiable dataset against slow_slot_root().
    void expect_right_roots(const Cid& verifiable) {
        const VerifiableDataset dataset = must(open_verifiable(store_.repo(), verifiable));
        const SlotShape& shape = dataset.shape;
        const std::vector<Digest> leaves = store_.leaves(verifiable);
        for (std::uint32_t slot = 0; slot < shape.slots; ++slot) {
            std::vector<Bytes> blocks;
            for (std::uint64_t i = 0; i < shape.data_blocks; ++i) {
                const Cid cid = Cid::block(leaves[shape.tree_index(slot, i)]);
                Bytes block = must(store_.repo().get(cid));
                block.resize(shape.block_size_bytes); // the empty block stands for zeros
                blocks.push_back(std::move(block));
            }
            EXPECT_EQ(dataset.slot_root(slot),
                      slow_slot_root(blocks, shape.cell_size_bytes, shape.block_size_bytes))
                << "slot " << slot;
        }
    }

    test::TemporaryFolder folder_;
    Store store_{folder_.file("repo")};
};

/// The reference's fake dataset as a protected one: its blocks, and a manifest around them.
Cid store_fake(repo::Repo& repo, const FakeDataset& data) {
    constexpr std::size_t kBlockCells = 32;
    repo::DatasetWriter writer = must(repo.write_dataset());
    std::uint64_t index = 0;
    for (std::uint64_t slot = 0; slot < data.slots; ++slot)
        for (std::uint64_t cell = 0; cell < data.cells; cell += kBlockCells) {
            Bytes block;
            for (std::uint64_t i = cell; i < cell + kBlockCells; ++i)
                append(block, test::fake_cell(data, slot, i));
            const repo::LeafInput leaf{index++, Cid::block(crypto::sha256(block)), block};
            must(writer.leaves({&leaf, 1}));
        }
    codec::Manifest manifest;
    manifest.tree = must(writer.finish_tree());
    manifest.dataset_size_bytes = index * 65536;
    manifest.erasure.emplace();
    manifest.erasure->k = 6;
    manifest.erasure->m = 5;
    manifest.erasure->original_size_bytes = 6 * data.cells * 2048;
    manifest.erasure->original_tree = manifest.tree;
    return must(writer.commit(must(codec::encode_manifest(manifest)), 0));
}

TEST_F(Slots, FixtureOfTheReferenceComesOutOfTheRepo) {
    const Json& vector = proofs().at("dataset_fixture");
    const SlotsReport built = must(build_slots(job(), store_fake(store_.repo(), {}), {}));
    const codec::VerificationInfo& info = *built.verifiable.erasure->verification;
    EXPECT_EQ(info.slot_roots[3].text(),
              proofs()["cids"]["slot_root"]["cid_base58btc"].get<std::string>());
    EXPECT_EQ(info.verify_root.text(),
              proofs()["cids"]["proving_root"]["cid_base58btc"].get<std::string>());

    const Fr entropy = must(crypto::field_from_text<Fr>(vector["entropy"].get<std::string>()));
    const ProofInput input = must(make_proof_input(job(), built.manifest, 3, entropy, {}));
    EXPECT_EQ(input, test::fake_input({}, {}));
    EXPECT_EQ(crypto::field_to_text(input.dataset_root), vector["dataSetRoot"].get<std::string>());
}

TEST_F(Slots, BlocksOfTheVectors) {
    Bytes pattern(65536);
    for (std::size_t i = 0; i < pattern.size(); ++i)
        pattern[i] = static_cast<std::uint8_t>(7 * i + i / 256);
    EXPECT_EQ(to_hex(must(block_tree(pattern, 2048)).root()),
              proofs()["block_pattern"]["root_le_hex"].get<std::string>());
    EXPECT_EQ(to_hex(must(block_tree(Bytes(65536), 2048)).root()),
              proofs()["zero_block"]["root_le_hex"].get<std::string>());
    // A short last cell is hashed as it is.
    EXPECT_EQ(must(block_tree(Bytes(3000), 2048)).leaves()[1],
              crypto::poseidon2::hash_bytes(Bytes(952)));
}

TEST_F(Slots, EveryShapeGivesTheRootsOfThePlainComputation) {
    struct Case {
        std::size_t size;
        std::uint32_t k, m, block, cell;
        Strategy strategy;
    };
    const Case cases[] = {
        {200'000, 3, 2, 65536, 2048, Strategy::linear},   // two blocks a slot, padding in the last
        {1, 1, 1, 65536, 2048, Strategy::linear},         // one block a slot, one data slot
        {65536 * 3, 3, 1, 65536, 2048, Strategy::linear}, // one block a slot
        {700'000, 2, 1, 65536, 2048, Strategy::stepped},  // six blocks a slot, two pad blocks
        {50'000, 4, 2, 1024, 128, Strategy::stepped},     // small blocks
        {50'000, 4, 3, 4096, 4096, Strategy::linear},     // one cell a block
        {90'000, 2, 2, 512, 32, Strategy::linear},        // more blocks than one group
    };
    for (const Case& test : cases) {
        SCOPED_TRACE(fmt::format("{} bytes in {}+{} of {}/{}", test.size, test.k, test.m,
                                 test.block, test.cell));
        const Cid coded = protect(generate(7, test.size), test.k, test.m, test.block);
        const SlotsReport built = must(
            build_slots(job(), coded, {.cell_size_bytes = test.cell, .strategy = test.strategy}));
        EXPECT_EQ(built.computed_slots, test.k + test.m);
        expect_right_roots(built.manifest);
        EXPECT_THAT(must(check_slots(job(), built.manifest)), IsEmpty());
    }
    EXPECT_EQ(problems(), 0U);
}

TEST_F(Slots, StoredSlotTreesAreNotComputedAgain) {
    const Cid coded = protect(generate(1, 500'000), 4, 2);
    const SlotsReport first = must(build_slots(job(), coded, {}));
    EXPECT_EQ(first.computed_slots, 6U);
    const SlotsReport again = must(build_slots(job(), coded, {}));
    EXPECT_EQ(again.computed_slots, 0U);
    EXPECT_EQ(again.manifest, first.manifest);
    // The same of the verifiable dataset itself, and another cut is another matter.
    EXPECT_EQ(must(build_slots(job(), first.manifest, {})).manifest, first.manifest);
    EXPECT_EQ(must(build_slots(job(), coded, {.cell_size_bytes = 4096})).computed_slots, 6U);
    const repo::StoredTree tree =
        must(store_.repo().tree(first.verifiable.erasure->verification->slot_roots[0]));
    EXPECT_EQ(tree.leaf_count(), 2U);
    EXPECT_THAT(must(tree.check()), IsEmpty());
}

TEST_F(Slots, SlotTreesGoWithTheLastDatasetOverTheirTree) {
    const Cid coded = protect(Bytes(600'000), 4, 2); // equal slots share a tree
    const SlotsReport built = must(build_slots(job(), coded, {}));
    const Cid root = built.verifiable.erasure->verification->slot_roots[0];
    must(store_.repo().remove_dataset(coded));
    EXPECT_EQ(problems(), 0U);
    must(store_.repo().tree(root));
    must(store_.repo().remove_dataset(built.manifest));
    EXPECT_EQ(must_fail(store_.repo().tree(root)).code(), Errc::block_not_found);
    EXPECT_EQ(problems(), 0U);
}

TEST_F(Slots, IndexRebuiltFromSegmentsStillProves) {
    const Cid coded = protect(generate(2, 500'000), 4, 2);
    const Cid built = must(build_slots(job(), coded, {})).manifest;
    const ProofInput before = must(make_proof_input(job(), built, 5, Fr::from_u64(9), {}));
    const std::string copy = folder_.file("copy");
    std::filesystem::copy(folder_.file("repo"), copy, std::filesystem::copy_options::recursive);
    EXPECT_EQ(must(repo::Repo::rebuild_index(copy)).damaged_records, 0U);
    Store rebuilt(copy);
    // From the slot's blocks, then from the tree stored again.
    EXPECT_EQ(must(make_proof_input(rebuilt.job(), built, 5, Fr::from_u64(9), {})), before);
    EXPECT_EQ(must(build_slots(rebuilt.job(), coded, {})).computed_slots, 6U);
    EXPECT_EQ(must(make_proof_input(rebuilt.job(), built, 5, Fr::from_u64(9), {})), before);
}

TEST_F(Slots, MissingBlocksAreNamed) {
    const Cid coded = protect(generate(3, 500'000), 4, 2);
    const std::uint64_t lost[] = {2, 3};
    must(dataset::erase(job(), coded, lost));
    const Error error = must_fail(build_slots(job(), coded, {}));
    EXPECT_EQ(error.code(), Errc::dataset_damaged);
    EXPECT_THAT(error.text(), HasSubstr("blocks 2, 3 are missing"));
    ASSERT_EQ(error.remedies().size(), 1U);
    EXPECT_EQ(error.remedies().front().action(), Remedy::repair_dataset);
    must(dataset::repair(job(), coded));
    expect_right_roots(must(build_slots(job(), coded, {})).manifest);
}

TEST_F(Slots, AnInterruptedJobGoesOnWhereItWas) {
    // 2048 blocks a slot: two slots are stored at a time.
    const Cid coded = protect(generate(6, std::size_t{4} << 20), 4, 2, 512);
    const std::uint64_t lost[] = {5 * 2048 + 1};
    must(dataset::erase(job(), coded, lost));
    EXPECT_EQ(must_fail(build_slots(job(), coded, {.cell_size_bytes = 128})).code(),
              Errc::dataset_damaged);
    must(dataset::repair(job(), coded));
    const SlotsReport built = must(build_slots(job(), coded, {.cell_size_bytes = 128}));
    EXPECT_EQ(built.computed_slots, 2U);
    EXPECT_THAT(must(check_slots(job(), built.manifest)), IsEmpty());
}

TEST_F(Slots, ManifestsWhoseRootsDoNotAgreeAreRefused) {
    const Cid coded = protect(generate(4, 500'000), 4, 2);
    const SlotsReport built = must(build_slots(job(), coded, {}));
    const auto add = [&](const codec::Manifest& manifest) {
        const Bytes bytes = must(codec::encode_manifest(manifest));
        const Cid cid = Cid::sha256(codec::Multicodec::codex_manifest, crypto::sha256(bytes));
        must(store_.repo().add_manifest(cid, bytes, 0));
        return cid;
    };
    codec::Manifest swapped = built.verifiable;
    auto& roots = swapped.erasure->verification->slot_roots;
    std::swap(roots[0], roots[1]);
    EXPECT_THAT(must_fail(open_verifiable(store_.repo(), add(swapped))).text(),
                HasSubstr("the listed slot roots give the verify root"));
    // Consistent in itself, but not about these blocks.
    std::vector<Digest> digests;
    for (const Cid& root : roots)
        digests.push_back(root.digest32());
    swapped.erasure->verification->verify_root =
        proving_root_cid(must(merkle::Tree::build(digests, merkle::poseidon2_tree())).root());
    const Cid wrong = add(swapped);
    EXPECT_THAT(must(check_slots(job(), wrong)), ElementsAre(0, 1));
    EXPECT_EQ(must_fail(make_proof_input(job(), wrong, 0, Fr::from_u64(1), {})).code(),
              Errc::dataset_damaged);
    EXPECT_THAT(must_fail(open_verifiable(store_.repo(), coded)).text(),
                HasSubstr("no slot roots"));
}

TEST_F(Slots, InputsHoldForEveryShapeOfTheCircuit) {
    struct Case {
        std::size_t size;
        std::uint32_t k, m;
    };
    for (const Case& test : {Case{500, 1, 1}, Case{5'000, 3, 2}, Case{20'000, 4, 4}}) {
        const Cid coded = protect(generate(9, test.size), test.k, test.m, 512);
        for (const Strategy strategy : {Strategy::linear, Strategy::stepped}) {
            const Cid built =
                must(build_slots(job(), coded, {.cell_size_bytes = 128, .strategy = strategy}))
                    .manifest;
            for (std::uint64_t slot = 0; slot < test.k + test.m; ++slot)
                must(test::check_input(
                    kSmallOfRepo,
                    must(make_proof_input(job(), built, slot, Fr::from_u64(77), kSmallOfRepo))));
        }
    }
    const Cid coded = protect(generate(9, 5'000), 3, 2, 512);
    const Cid built = must(build_slots(job(), coded, {.cell_size_bytes = 128})).manifest;
    const auto refusal = [&](std::uint64_t slot, const CircuitParameters& p) {
        return must_fail(make_proof_input(job(), built, slot, Fr::one(), p)).text();
    };
    EXPECT_THAT(refusal(5, kSmallOfRepo), HasSubstr("slots 0 to 4"));
    EXPECT_THAT(refusal(0, {10, 3, 3, 5, 3}), HasSubstr("the circuit is for 2^3 cells a block"));
    EXPECT_THAT(refusal(0, {10, 3, 2, 6, 3}), HasSubstr("6 elements a cell"));
    EXPECT_THAT(refusal(0, {3, 3, 2, 5, 3}), HasSubstr("more than the circuit's 2^3"));
}

} // namespace
} // namespace codex::proof

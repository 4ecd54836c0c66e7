// encode and decode: the vectors, shapes and refusals.
#include "crypto/hash/sha256.hpp"
#include "erasure/layout.hpp"
#include "protected_store.hpp"
#include "vectors.hpp"

#include <gmock/gmock.h>

namespace codex::dataset::test {
namespace {

using codex::test::data_model;
using codex::test::Json;
using codex::test::unhex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Protect : public testing::Test {
protected:
    TemporaryFolder folder_;
    Store store_{folder_.file("repo")};
    Job job_ = store_.job();
};

TEST_F(Protect, VectorsComeOutByteForByte) {
    ASSERT_EQ(data_model()["protectedDatasets"].size(), 4U);
    for (const Json& vector : data_model()["protectedDatasets"]) {
        SCOPED_TRACE(vector["name"].get<std::string>());
        const Bytes wire = unhex(vector["protectedManifestHex"]);
        const codec::Manifest wanted = must(codec::decode_manifest(wire));
        const Bytes content = generate(5, vector["size"].get<std::size_t>());
        const Cid plain = store_.put(content, {.block_size_bytes = vector["blockSize"],
                                               .filename = wanted.filename,
                                               .mimetype = wanted.mimetype});
        EXPECT_EQ(store_.manifest(plain).tree.text(), vector["originalTreeCid"].get<std::string>());

        const Cid coded = must(encode(job_, plain, code_shape(vector["k"], vector["m"])));
        EXPECT_EQ(coded.text(), vector["protectedManifestCid"].get<std::string>());
        const repo::DatasetInfo info = must(store_.repo().dataset(coded));
        EXPECT_EQ(info.manifest_bytes, wire);
        EXPECT_EQ(info.manifest.tree.text(), vector["treeCid"].get<std::string>());
        std::vector<std::string> leaves;
        for (const Digest& leaf : store_.leaves(coded))
            leaves.push_back(Cid::block(leaf).text());
        EXPECT_EQ(leaves, vector["leafCids"].get<std::vector<std::string>>());

        EXPECT_TRUE(must(verify(job_, coded)).right());
        EXPECT_EQ(must(decode(job_, coded, {})), plain);
        EXPECT_EQ(store_.get(plain), content);
    }
}

TEST_F(Protect, EncodingTwiceGivesTheSameDatasetAndStoresNothingNew) {
    const Cid plain = store_.put(generate(1, 700'000));
    const Cid coded = must(encode(job_, plain, code_shape(4, 2)));
    const repo::Counters before = must(store_.repo().space()).counters;
    EXPECT_EQ(must(encode(job_, plain, code_shape(4, 2))), coded);
    EXPECT_EQ(must(store_.repo().space()).counters, before);
    EXPECT_NE(must(encode(job_, plain, code_shape(4, 3))), coded);
}

TEST_F(Protect, ExpiryIsThePlainDatasetsOrTheOneGiven) {
    const Cid plain = store_.put(generate(1, 300'000), {.expiry = 4'000'000'000});
    const Cid inherited = must(encode(job_, plain, code_shape(2, 1)));
    EXPECT_EQ(must(store_.repo().dataset(inherited)).expiry, 4'000'000'000U);
    const Cid given = must(encode(job_, plain, code_shape(3, 1), 4'100'000'000));
    EXPECT_EQ(must(store_.repo().dataset(given)).expiry, 4'100'000'000U);
}

TEST_F(Protect, DecodeBringsBackARemovedPlainDataset) {
    const Bytes content = generate(7, 1'000'003);
    const Cid plain = store_.put(content, {.filename = "a.bin"});
    const Cid coded = must(encode(job_, plain, code_shape(5, 2)));
    must(store_.repo().remove_dataset(plain));
    const erasure::Layout layout = must(erasure::Layout::of(store_.manifest(coded)));
    // Two whole rows, one of data and one of parity.
    std::vector<std::uint64_t> lost;
    for (std::uint64_t column = 0; column < layout.steps; ++column) {
        lost.push_back(layout.index(column, 1));
        lost.push_back(layout.index(column, 5));
    }
    EXPECT_EQ(must(erase(job_, coded, lost)), lost.size());
    EXPECT_EQ(must(decode(job_, coded, {})), plain);
    EXPECT_TRUE(must(health(job_, plain, true)).whole());
    EXPECT_EQ(store_.get(plain), content);
    // decode restores data only.
    EXPECT_EQ(must(health(job_, coded, true)).missing.size(), layout.steps);
}

TEST_F(Protect, DecodeNamesTheColumnBeyondRepair) {
    const Cid plain = store_.put(generate(7, 16 * 65536));
    const Cid coded = must(encode(job_, plain, code_shape(4, 2)));
    EXPECT_EQ(must(erase(job_, coded, std::vector<std::uint64_t>{3, 7, 19})), 3U);
    const Error error = must_fail(decode(job_, coded, {}));
    EXPECT_EQ(error.code(), Errc::erasure_unrepairable);
    EXPECT_EQ(error.text(),
              "column 3 lost 3 blocks, parity covers 2; 1 block must come from somewhere else");
    ASSERT_EQ(error.remedies().size(), 1U);
    EXPECT_EQ(error.remedies().front().action(), Remedy::repair_dataset);
}

TEST_F(Protect, EncodeRefuses) {
    const Cid plain = store_.put(generate(2, 3 * 65536));
    const Error too_few = must_fail(encode(job_, plain, code_shape(4, 2)));
    EXPECT_EQ(too_few.code(), Errc::erasure_too_few);
    EXPECT_THAT(too_few.hint(), HasSubstr("196609"));

    const Cid odd = store_.put(generate(2, 1000), {.block_size_bytes = 100});
    EXPECT_EQ(must_fail(encode(job_, odd, code_shape(2, 1))).code(), Errc::unsupported);

    const Cid coded = must(encode(job_, plain, code_shape(2, 1)));
    EXPECT_EQ(must_fail(encode(job_, coded, code_shape(2, 1))).code(), Errc::unsupported);
    EXPECT_EQ(must_fail(encode(job_, Cid::empty_block(), code_shape(2, 1))).code(),
              Errc::dataset_not_found);
    EXPECT_EQ(must_fail(decode(job_, plain, {})).code(), Errc::manifest_invalid);

    must(erase(job_, plain, std::vector<std::uint64_t>{2}));
    const Error missing = must_fail(encode(job_, plain, code_shape(3, 1)));
    EXPECT_EQ(missing.code(), Errc::dataset_damaged);
    EXPECT_THAT(missing.text(), HasSubstr("block 2 ("));
    EXPECT_EQ(must(store_.repo().space()).counters.datasets, 3U); // nothing half-made to be seen
}

/// A protected dataset that nobody's encoder made: `change` may spoil blocks and manifest.
Cid forge(Store& store, const Cid& coded, const std::function<void(codec::Manifest&)>& change,
          std::uint64_t replaced, BytesView bytes) {
    codec::Manifest manifest = store.manifest(coded);
    change(manifest);
    std::vector<Digest> leaves = store.leaves(coded);
    leaves.resize(std::min<std::uint64_t>(leaves.size(), manifest.blocks_count()));
    repo::DatasetWriter writer = must(store.repo().write_dataset());
    std::vector<repo::LeafInput> inputs;
    for (std::uint64_t i = 0; i < leaves.size(); ++i)
        inputs.push_back({i, Cid::block(leaves[i]), {}});
    if (!bytes.empty())
        inputs[replaced] = {replaced, Cid::block(crypto::sha256(bytes)), bytes};
    must(writer.leaves(inputs));
    manifest.tree = must(writer.finish_tree());
    return must(writer.commit(must(codec::encode_manifest(manifest)), 0));
}

TEST_F(Protect, VerifySeesParityThatTheDataDoesNotGive) {
    const Cid plain = store_.put(generate(3, 6 * 65536));
    const Cid coded = must(encode(job_, plain, code_shape(3, 2)));
    const Bytes wrong = generate(99, 65536);
    const Cid forged = forge(store_, coded, [](codec::Manifest&) {}, 7, wrong);
    EXPECT_TRUE(must(health(job_, forged, true)).whole());
    const Verification verification = must(verify(job_, forged));
    EXPECT_FALSE(verification.right());
    EXPECT_TRUE(verification.health.whole());
    EXPECT_TRUE(verification.original_tree_matches);
    EXPECT_THAT(verification.wrong_parity, ElementsAre(7U));

    // What it restores is compared with the tree, so wrong parity is never passed on as data.
    must(erase(job_, forged, std::vector<std::uint64_t>{1, 3}));
    const RepairReport report = must(repair(job_, forged));
    EXPECT_THAT(report.lost_columns, ElementsAre(1U));
    EXPECT_THAT(report.lost_blocks, ElementsAre(1U, 3U));
    EXPECT_THAT(
        unrepairable(must(erasure::Layout::of(store_.manifest(forged))), report.lost_blocks).text(),
        HasSubstr("the parity of column 1 does not fit the data"));
}

TEST_F(Protect, VerifyAndDecodeSeeAWrongOriginalTree) {
    const Cid plain = store_.put(generate(3, 6 * 65536));
    const Cid other = store_.put(generate(4, 6 * 65536));
    const Cid coded = must(encode(job_, plain, code_shape(3, 2)));
    const Cid forged = forge(store_, coded,
                             [&](codec::Manifest& manifest) {
                                 manifest.erasure->original_tree = store_.manifest(other).tree;
                             },
                             0, {});
    EXPECT_FALSE(must(verify(job_, forged)).original_tree_matches);
    EXPECT_EQ(must_fail(decode(job_, forged, {})).code(), Errc::dataset_damaged);
}

TEST_F(Protect, TheLinearStrategyIsRefused) {
    const Cid plain = store_.put(generate(3, 6 * 65536));
    const Cid coded = must(encode(job_, plain, code_shape(3, 2)));
    const Cid linear = forge(
        store_, coded,
        [](codec::Manifest& manifest) { manifest.erasure->strategy = codec::Strategy::linear; }, 0,
        {});
    EXPECT_EQ(must_fail(health(job_, linear, false)).code(), Errc::unsupported);
    EXPECT_EQ(must_fail(repair(job_, linear)).code(), Errc::unsupported);
    EXPECT_EQ(must_fail(verify(job_, linear)).code(), Errc::unsupported);
    EXPECT_EQ(must_fail(decode(job_, linear, {})).code(), Errc::unsupported);
}

TEST_F(Protect, WithoutParityNothingIsAddedAndNothingRepaired) {
    const Cid plain = store_.put(generate(3, 5 * 65536));
    const Cid coded = forge(store_, must(encode(job_, plain, code_shape(2, 1))),
                            [](codec::Manifest& manifest) {
                                manifest.erasure->m = 0;
                                manifest.dataset_size_bytes = 6 * 65536;
                            },
                            0, {});
    EXPECT_EQ(store_.manifest(coded).blocks_count(), 6U);
    EXPECT_TRUE(must(verify(job_, coded)).right());
    must(erase(job_, coded, std::vector<std::uint64_t>{4}));
    EXPECT_THAT(must(repair(job_, coded)).lost_columns, ElementsAre(1U));
}

} // namespace
} // namespace codex::dataset::test

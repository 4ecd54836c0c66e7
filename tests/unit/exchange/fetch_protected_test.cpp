// Fetching a protected dataset: of each column any k blocks do, and the others are computed.
#include "fetch_fixture.hpp"

#include "dataset/dataset.hpp"
#include "exchange/detail/column_needs.hpp"
#include "memory_streams.hpp"

namespace codex::exchange::test {
namespace {

using detail::ColumnNeeds;
using repo::test::kBlock;

constexpr std::uint64_t kData = 37; // of 40: three leaves are padding
constexpr std::uint32_t kK = 4;
constexpr std::uint32_t kM = 2;
constexpr std::uint64_t kSteps = 10;

erasure::Layout layout() {
    return must(erasure::Layout::create(kData, must(erasure::Shape::create(kK, kM)), kBlock));
}

class FetchProtectedTest : public Fetching {
protected:
    FetchProtectedTest() : origin(world, 99) {
        content = repo::test::random_bytes(5, kData * kBlock);
        codex::test::MemorySource source(content);
        dataset::PutOptions options;
        options.block_size_bytes = kBlock;
        plain = must(dataset::put(job(origin), source, options)).manifest;
        cid = must(dataset::encode(job(origin), plain, must(erasure::Shape::create(kK, kM)), {}));
        manifest = must(origin.repo.get(cid));
    }

    dataset::Job job(Store& store) { return {store.repo, {store.executor}}; }
    /// Gives these leaves of it to another node.
    void give(Store& to, const IndexSet& leaves) {
        auto partial = must(to.repo.open_partial(manifest));
        const auto tree = must(origin.repo.tree(partial.manifest().tree));
        for (auto index = leaves.next(0); index; index = leaves.next(*index + 1)) {
            Digest digest;
            must(tree.leaves(*index, {&digest, 1}));
            const Bytes data = must(origin.repo.get(Cid::block(digest)));
            const merkle::Proof proof = must(tree.proof(*index));
            const repo::VerifiedLeaf leaf{Cid::block(digest), data, &proof};
            must(partial.add({&leaf, 1}));
        }
        must(partial.commit());
    }
    /// A node that serves these.
    std::unique_ptr<Store> holder(std::uint8_t number, const IndexSet& leaves) {
        auto made = std::make_unique<Store>(world, number);
        give(*made, leaves);
        made->serve();
        return made;
    }
    static IndexSet rows(std::initializer_list<std::uint64_t> numbers) {
        IndexSet set;
        for (const std::uint64_t row : numbers)
            set.insert({row * kSteps, kSteps});
        set.erase({kData, 3});
        return set;
    }
    Result<FetchStatus> fetch(Store& into, std::vector<net::Multiaddr> from,
                              FetchOptions options = {}) {
        return Fetching::fetch(cid, into, std::move(from), std::move(options));
    }
    void expect_whole(Store& store) {
        EXPECT_TRUE(store.repo.dataset(cid));
        codex::test::MemorySink sink;
        must(dataset::get(job(store), cid, {}, sink));
        EXPECT_TRUE(equal(sink.content(), content));
        EXPECT_TRUE(must(dataset::health(job(store), cid, true)).whole());
        EXPECT_EQ(repo::test::problems(store.repo), std::vector<std::string>());
    }

    Store origin;
    Bytes content;
    Bytes manifest;
    Cid plain = Cid::empty_block();
    Cid cid = Cid::empty_block();
};

TEST_F(FetchProtectedTest, FetchesKRowsAndComputesTheOthers) {
    origin.serve();
    Store leecher(world, 2);
    must(fetch(leecher, {origin.address()}));
    EXPECT_EQ(status.blocks_fetched, kData); // neither parity nor padding
    EXPECT_EQ(status.blocks, kData);
    EXPECT_EQ(status.blocks_here, kData);
    EXPECT_EQ(origin.server->counts().blocks, kData + 1); // and the manifest
    expect_whole(leecher);
    // What was computed is served with proofs.
    leecher.serve();
    Store third(world, 3);
    must(fetch(third, {leecher.address()}));
    expect_whole(third);
}

TEST_F(FetchProtectedTest, AnyRowsDoWhereOthersAreNowhere) {
    const auto one = holder(1, rows({1, 5}));
    const auto other = holder(2, rows({2, 4}));
    Store leecher(world, 3);
    must(fetch(leecher, {one->address(), other->address()}));
    EXPECT_EQ(status.blocks_fetched, kData);
    expect_whole(leecher);
}

TEST_F(FetchProtectedTest, EachColumnMayLackOtherRows) {
    IndexSet some;
    for (std::uint64_t index = 0; index < kSteps * (kK + kM); ++index)
        if ((index / kSteps + index % kSteps) % 3 != 0) // four rows of each column
            some.insert(index);
    some.erase({kData, 3});
    // Of columns with padding less is enough, of the others not one block is too many.
    const auto one = holder(1, some);
    Store leecher(world, 3);
    must(fetch(leecher, {one->address()}));
    expect_whole(leecher);
}

TEST_F(FetchProtectedTest, WithFewerRowsThanKItStaysPartialAndGoesOnLater) {
    const auto one = holder(1, rows({0, 3, 5}));
    Store leecher(world, 3);
    const Error error = must_fail(fetch(leecher, {one->address()}));
    EXPECT_EQ(error.code(), Errc::block_not_found) << error.text();
    EXPECT_EQ(must(leecher.repo.partial(cid)).blocks_held, 27U);
    const auto other = holder(2, rows({4}));
    must(fetch(leecher, {other->address()}));
    EXPECT_EQ(status.blocks_fetched, 10U);
    expect_whole(leecher);
}

TEST_F(FetchProtectedTest, NobodyIsNeededForWhatCanBeComputed) {
    Store leecher(world, 3);
    give(leecher, rows({0, 3, 4, 5}));
    codex::test::MemorySink sink;
    must(fetch(leecher, {}, options_to(sink)));
    EXPECT_EQ(status.blocks_fetched, 0U);
    EXPECT_TRUE(equal(sink.content(), content));
    expect_whole(leecher);
}

TEST_F(FetchProtectedTest, TheContentIsWrittenAlsoWhereItIsComputed) {
    const auto one = holder(1, rows({0, 2, 4, 5}));
    Store leecher(world, 3);
    codex::test::MemorySink sink;
    must(fetch(leecher, {one->address()}, options_to(sink)));
    EXPECT_TRUE(equal(sink.content(), content));
    expect_whole(leecher);
}

TEST_F(FetchProtectedTest, WhatIsLostOfAPartComesAgain) {
    origin.serve();
    Store leecher(world, 3);
    give(leecher, rows({0, 1, 2}));
    const auto tree = must(origin.repo.tree(must(codec::decode_manifest(manifest)).tree));
    Digest digest;
    must(tree.leaves(kSteps + 3, {&digest, 1}));
    const Cid lost = Cid::block(digest);
    must(leecher.repo.drop_bytes({&lost, 1}));
    must(fetch(leecher, {origin.address()}));
    EXPECT_EQ(status.blocks_fetched, 8U); // seven of the last row, and this one
    expect_whole(leecher);
}

TEST_F(FetchProtectedTest, WhoseParityIsOfOtherDataIsFetchedWhole) {
    // A dataset whose tree has the parity of other data: each leaf is right, the code is not.
    const Bytes strange = repo::test::random_bytes(6, kBlock);
    const codec::Manifest good = must(codec::decode_manifest(manifest));
    const auto tree = must(origin.repo.tree(good.tree));
    std::vector<Digest> leaves(tree.leaf_count());
    must(tree.leaves(0, leaves));
    leaves[kSteps * kK + 3] = crypto::sha256(strange);
    const merkle::Tree other = must(merkle::Tree::build(leaves, merkle::sha256_tree()));
    codec::Manifest bad = good;
    bad.tree = Cid::sha256(codec::Multicodec::codex_root, other.root());
    const Bytes bad_bytes = must(codec::encode_manifest(bad));
    Store liar(world, 1);
    auto partial = must(liar.repo.open_partial(bad_bytes));
    for (std::uint64_t index = 0; index < leaves.size(); ++index) {
        const Bytes data = leaves[index] == crypto::sha256(strange)
                               ? strange
                               : must(origin.repo.get(Cid::block(leaves[index])));
        const merkle::Proof proof = must(other.proof(index));
        const repo::VerifiedLeaf leaf{Cid::block(leaves[index]), data, &proof};
        must(partial.add({&leaf, 1}));
    }
    cid = partial.cid();
    liar.serve();
    Store leecher(world, 3);
    must(fetch(leecher, {liar.address()}));
    EXPECT_EQ(status.blocks_fetched, leaves.size());
    EXPECT_TRUE(leecher.repo.dataset(cid));
    EXPECT_EQ(repo::test::problems(leecher.repo), std::vector<std::string>());
}

/// Bytes of the content, and the blocks that have them.
FetchOptions part(std::uint64_t first_block, std::uint64_t end_block, ByteSink* sink) {
    FetchOptions options;
    options.content = sink;
    options.part = [=](const codec::Manifest& manifest) -> Result<FetchPart> {
        CODEX_TRY(bytes, dataset::clamp({first_block * kBlock, end_block * kBlock},
                                        manifest.content_size_bytes()));
        return FetchPart{IndexSet(dataset::blocks_of(manifest, bytes)), bytes};
    };
    return options;
}

TEST_F(FetchProtectedTest, OfAPartWhatNobodyHasIsComputedAndProvedByItsNeighbours) {
    Store one(world, 1);
    IndexSet some = rows({0, 1, 2, 3, 4, 5});
    for (const std::uint64_t lost : {3U, 4U, 13U})
        some.erase(lost);
    give(one, some);
    one.serve();
    Store leecher(world, 3);
    codex::test::MemorySink sink;
    must(fetch(leecher, {one.address()}, part(3, 6, &sink)));
    EXPECT_TRUE(equal(sink.content(), BytesView(content).subspan(3 * kBlock, 3 * kBlock)));
    // 5, four of each of two columns, and 2, whose proof has the digest of 3; 5 has that of 4.
    EXPECT_EQ(status.blocks_fetched, 10U);
    const auto tree = must(leecher.repo.partial_tree(cid));
    for (const std::uint64_t index : {3U, 4U, 5U}) {
        EXPECT_TRUE(must(tree.present()).contains(index));
        must(tree.proof(index));
    }
    // Served with its proof, and whole when the rest comes.
    leecher.serve();
    Store third(world, 4);
    must(fetch(third, {leecher.address()}, part(3, 6, nullptr)));
    EXPECT_EQ(status.blocks_fetched, 3U);
    must(fetch(leecher, {one.address()}));
    expect_whole(leecher);
}

TEST_F(FetchProtectedTest, OfARowThatIsLostNeighboursAreComputedAsFarAsOnesAreHere) {
    Store one(world, 1);
    give(one, rows({1, 2, 4, 5}));
    one.serve();
    Store leecher(world, 3);
    codex::test::MemorySink sink;
    must(fetch(leecher, {one.address()}, part(1, 3, &sink)));
    EXPECT_TRUE(equal(sink.content(), BytesView(content).subspan(kBlock, 2 * kBlock)));
    EXPECT_LE(status.blocks_fetched, 4 * 8U); // the first eight are below one node
    EXPECT_FALSE(leecher.repo.dataset(cid));
    EXPECT_TRUE(must(must(leecher.repo.partial_tree(cid)).present()).contains(1));
    EXPECT_EQ(repo::test::problems(leecher.repo), std::vector<std::string>());
}

TEST_F(FetchProtectedTest, OfAPartPaddingIsNotAskedForNorOtherRowsWhereAllIsThere) {
    origin.serve();
    Store leecher(world, 3);
    FetchOptions row;
    row.part = [](const codec::Manifest& /*manifest*/) -> Result<FetchPart> {
        return FetchPart{IndexSet({30, kSteps}), {}};
    };
    must(fetch(leecher, {origin.address()}, row));
    EXPECT_EQ(status.blocks, 7U);
    EXPECT_EQ(status.blocks_fetched, 7U);
    EXPECT_EQ(origin.server->counts().blocks, 8U); // and the manifest
    must(fetch(leecher, {}, std::move(row)));      // nobody is needed
}

TEST_F(FetchProtectedTest, OfAPartWithTooFewRowsItSaysWhatIsMissing) {
    Store one(world, 1);
    give(one, rows({1, 2, 5}));
    one.serve();
    Store leecher(world, 3);
    const Error error = must_fail(fetch(leecher, {one.address()}, part(1, 3, nullptr)));
    EXPECT_EQ(error.code(), Errc::block_not_found) << error.text();
}

TEST(ColumnNeedsTest, OfAPartAColumnIsAskedForOtherRowsOnceOneIsNowhere) {
    ColumnNeeds needs(layout(), IndexSet({0, 5}), IndexSet({3, 37}));
    EXPECT_EQ(needs.first(), IndexSet({5, 32})); // neither what is here, nor padding
    IndexSet asked = needs.first();
    auto change = needs.instead(36, asked); // column 6: 6, 16 and 26 are asked for
    EXPECT_EQ(change.want, std::vector<std::uint64_t>{46});
    EXPECT_TRUE(change.forget);
    asked.erase(36);
    asked.insert(46);
    change = needs.instead(46, asked);
    EXPECT_EQ(change.want, std::vector<std::uint64_t>{56});
    EXPECT_TRUE(change.forget);
    asked.erase(46);
    asked.insert(56);
    // None is left: any may come first.
    change = needs.instead(56, asked);
    EXPECT_FALSE(change.forget);
    EXPECT_EQ(change.want, (std::vector<std::uint64_t>{36, 46}));
    // One that would only prove something is left out.
    change = needs.instead(41, asked);
    EXPECT_TRUE(change.want.empty());
    EXPECT_TRUE(change.forget);
    EXPECT_TRUE(needs.given_up().contains(41));
}

TEST(ColumnNeedsTest, AsksForDataThenParityAndNeverForPadding) {
    ColumnNeeds needs(layout(), IndexSet({0, 5}));
    IndexSet first({5, kData - 5});
    EXPECT_EQ(needs.first(), first);
    EXPECT_EQ(needs.lacking(), kData - 5);
    // Of the last columns three rows of data are all there are, and parity that is here counts.
    IndexSet here({40, kSteps});
    here.insert({7, 1});
    ColumnNeeds more(layout(), here);
    IndexSet wanted({0, 30});
    wanted.erase(7);
    wanted.erase({27, 3}); // their columns have a block of padding, and parity
    EXPECT_EQ(more.first(), wanted);
}

TEST(ColumnNeedsTest, TakesOtherRowsWhereNobodyHasOneAndAllOnceNoneIsLeft) {
    ColumnNeeds needs(layout(), {});
    IndexSet asked = needs.first();
    auto change = needs.instead(12, asked);
    EXPECT_EQ(change.want, std::vector<std::uint64_t>{42});
    EXPECT_TRUE(change.forget);
    asked.erase(12);
    asked.insert(42);
    change = needs.instead(22, asked);
    EXPECT_EQ(change.want, std::vector<std::uint64_t>{52});
    asked.erase(22);
    asked.insert(52);
    change = needs.instead(42, asked);
    EXPECT_FALSE(change.forget);
    EXPECT_EQ(change.want, (std::vector<std::uint64_t>{12, 22}));
    asked.insert({12, 1});
    asked.insert({22, 1});
    EXPECT_TRUE(needs.instead(12, asked).want.empty());
    for (const std::uint64_t index : {2U, 32U, 42U}) {
        EXPECT_TRUE(needs.came(index, asked).empty());
        asked.erase(index);
    }
    asked.erase(22);
    EXPECT_EQ(needs.came(22, asked), (std::vector<std::uint64_t>{12, 52}));
}

} // namespace
} // namespace codex::exchange::test

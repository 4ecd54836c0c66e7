// Repo::named(): CIDs by their beginning.
#include "codec/cid_prefix.hpp"
#include "fixture.hpp"

#include <map>

namespace codex::repo {
namespace {

using test::cid_of;
using test::code_of;
using test::must;
using test::Scratch;
using test::seeds;
using test::write_blocks;

struct Naming : ::testing::Test {
    Scratch scratch;
    Repo repo = must(Repo::init(scratch.repo(), {}));

    /// Two blocks whose CIDs share their first kMinCidPrefixChars characters.
    static std::pair<Bytes, Bytes> twins() {
        std::map<std::string, Bytes> seen;
        for (std::uint64_t i = 0;; ++i) {
            const std::string text = std::to_string(i);
            const Bytes data(text.begin(), text.end());
            const auto [at, fresh] =
                seen.emplace(cid_of(data).text().substr(0, codec::kMinCidPrefixChars), data);
            if (!fresh)
                return {at->second, data};
        }
    }
};

TEST_F(Naming, AWholeCidIsNotLookedUp) {
    const Cid absent = cid_of(test::random_bytes(1, 10));
    EXPECT_EQ(must(repo.named(absent.text(), Named::block)), absent);
    EXPECT_EQ(code_of(repo.named(absent.text(), Named::dataset)), Errc::cid_wrong_codec);
}

TEST_F(Naming, TheBeginningOfOneIsEnough) {
    std::vector<test::Made> all;
    for (std::uint64_t i = 0; i < 40; ++i)
        all.push_back(must(write_blocks(repo, seeds(100 * i, 3))));
    for (const test::Made& made : all) {
        for (const std::size_t size :
             {codec::kMinCidPrefixChars, std::size_t{20}, std::size_t{48}}) {
            const auto begin = [&](const Cid& cid) { return cid.text().substr(0, size); };
            EXPECT_EQ(must(repo.named(begin(made.manifest), Named::dataset)), made.manifest);
            EXPECT_EQ(must(repo.named(begin(made.manifest), Named::anything)), made.manifest);
            EXPECT_EQ(must(repo.named(begin(made.manifest), Named::block)), made.manifest);
            EXPECT_EQ(must(repo.named(begin(made.tree), Named::dataset_or_tree)), made.tree);
            EXPECT_EQ(must(repo.named(begin(made.tree), Named::anything)), made.tree);
            EXPECT_EQ(must(repo.named(begin(made.blocks[1]), Named::block)), made.blocks[1]);
            // As where it is written whole.
            EXPECT_EQ(code_of(repo.named(begin(made.blocks[1]), Named::dataset)),
                      Errc::cid_wrong_codec);
            EXPECT_EQ(must(repo.named(begin(made.tree), Named::block)), made.tree);
        }
    }
}

TEST_F(Naming, OtherKindsOfCids) {
    for (const auto codec : {codec::Multicodec::raw, codec::Multicodec::codex_block}) {
        const Bytes data = test::random_bytes(9, 20);
        const Cid cid = Cid::sha256(codec, crypto::sha256(data));
        must(repo.put(cid, data, 0));
        EXPECT_EQ(must(repo.named(cid.text().substr(0, 14), Named::block)), cid);
    }
}

TEST_F(Naming, WhatBeginsSeveralIsRefusedAndTheyAreListed) {
    const auto [one, other] = twins();
    must(repo.put(cid_of(one), one, 0));
    const std::string prefix = cid_of(one).text().substr(0, codec::kMinCidPrefixChars);
    EXPECT_EQ(must(repo.named(prefix, Named::block)), cid_of(one));
    must(repo.put(cid_of(other), other, 0));
    const auto refused = repo.named(prefix, Named::block);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::cid_invalid);
    for (const Bytes& data : {one, other})
        EXPECT_NE(refused.error().text().find(cid_of(data).text()), std::string::npos)
            << refused.error().text();
    std::size_t shared = prefix.size();
    while (cid_of(one).text()[shared] == cid_of(other).text()[shared])
        ++shared;
    EXPECT_EQ(must(repo.named(cid_of(other).text().substr(0, shared + 1), Named::block)),
              cid_of(other));
}

TEST_F(Naming, TooShortOrNoneOrNoCidAtAll) {
    const test::Made made = must(write_blocks(repo, seeds(1, 2)));
    const std::string text = made.manifest.text();
    const auto code = [&](const std::string& name) {
        return code_of(repo.named(name, Named::dataset));
    };
    EXPECT_EQ(code(text.substr(0, codec::kMinCidPrefixChars - 1)), Errc::cid_invalid);
    EXPECT_EQ(code("zDv"), Errc::cid_invalid);
    EXPECT_EQ(code(""), Errc::cid_invalid);
    EXPECT_EQ(code("photo.jpg"), Errc::cid_invalid);
    EXPECT_EQ(code(text + "x"), Errc::cid_invalid);
    const auto none = repo.named("zDvZRwzm1111111", Named::dataset);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code(), Errc::dataset_not_found);
    EXPECT_NE(none.error().text().find(scratch.repo()), std::string::npos);
    EXPECT_EQ(code_of(repo.named("zDvZRwzm1111111", Named::block)), Errc::dataset_not_found);
    EXPECT_EQ(code_of(repo.named("zDzSvJTf1111111", Named::dataset)), Errc::block_not_found);
}

TEST_F(Naming, APartLeadsToTheDatasetsThatHaveIt) {
    const test::Made one = must(write_blocks(repo, seeds(1, 3)));
    const test::Made other = must(write_blocks(repo, {7, 8, 2}));
    const Cid shared = one.blocks[1]; // seed 2
    const auto places = repo.places_of(shared, 8);
    ASSERT_EQ(places.size(), 2U);
    for (const Place& place : places) {
        EXPECT_EQ(*place.index, place.dataset == one.manifest ? 1U : 2U);
        EXPECT_FALSE(place.is_protected);
    }
    EXPECT_EQ(repo.places_of(shared, 1).size(), 1U);
    const auto trees = repo.places_of(other.tree, 8);
    ASSERT_EQ(trees.size(), 1U);
    EXPECT_EQ(trees.front().dataset, other.manifest);
    EXPECT_FALSE(trees.front().index);
    EXPECT_TRUE(repo.places_of(cid_of(test::random_bytes(99, 10)), 8).empty());
    EXPECT_TRUE(repo.places_of(one.manifest, 8).empty());
}

/// The objects of those remedies that give the command once more.
std::vector<std::string> offered(const Error& error) {
    std::vector<std::string> objects;
    for (const Remedy& remedy : error.remedies())
        if (remedy.action() == Remedy::retry_command)
            objects.push_back(remedy.object());
    return objects;
}

TEST_F(Naming, AnErrorIsExplainedOnce) {
    const test::Made made = must(write_blocks(repo, seeds(1, 3)));
    const auto explained = [&](const std::string& name) {
        return repo.explain(name, repo.named(name, Named::dataset).error());
    };
    must(repo.set_label(made.manifest, "photos"));
    const Error label = explained("photos");
    EXPECT_EQ(label.code(), Errc::cid_invalid);
    EXPECT_EQ(offered(label), std::vector{made.manifest.text()});
    EXPECT_EQ(offered(explained("photos@2")), std::vector{made.manifest.text() + "@2"});
    EXPECT_EQ(offered(explained(made.blocks[2].text())), std::vector{made.manifest.text()});
    EXPECT_EQ(offered(explained(made.tree.text())), std::vector{made.manifest.text()});
    const Error nothing = explained("nothing");
    EXPECT_TRUE(offered(nothing).empty());
    ASSERT_EQ(nothing.remedies().size(), 1U);
    EXPECT_EQ(repo.explain("nothing", Error(nothing.code(), nothing.text()).way_out_of(nothing))
                  .remedies()
                  .size(),
              1U);
}

} // namespace
} // namespace codex::repo

// What is removed from a repo is taken back, as far as that is in a node's own hands.
#include "found_nodes.hpp"

namespace codex::node::withdrawals_test {
namespace {

using codex::test::must;
using found_nodes::Dataset;
using found_nodes::FoundNodes;
using found_nodes::Whole;
using net::dht::Id;
using std::chrono::minutes;
using std::chrono::seconds;

class WithdrawalsTest : public FoundNodes {
protected:
    /// Whether the store of `at` has that `who` provides `content`.
    bool says(Whole& at, Whole& who, const Id& content) {
        const auto found = at.dht_store->find(content, 100, world.loop.clock().unix_seconds());
        return std::ranges::any_of(found,
                                   [&](const auto& one) { return one.peer == who.store.id(); });
    }
    bool says(Whole& at, Whole& who, const Cid& cid) { return says(at, who, Id::of_content(cid)); }
    Cid tree(Whole& at, const Dataset& of) {
        return must(at.store.repo.dataset(of.cid)).manifest.tree;
    }
};

TEST_F(WithdrawalsTest, ANodeSaysAtOnceNoMoreThatItHasWhatWasRemoved) {
    Whole one(world, 1);
    Whole two(world, 2, one.record());
    EXPECT_TRUE(know_each_other({&one, &two}));
    const Dataset other{repo::test::seeds(2, 100)};
    one.store.store(data);
    one.store.store(other);
    two.store.store(data);
    const Cid its_tree = tree(one, data);
    const Cid other_tree = tree(one, other);
    world.pass(seconds(5));
    for (const Cid& cid : {data.cid, its_tree, other.cid, other_tree})
        EXPECT_TRUE(says(one, one, cid) && says(two, one, cid));
    EXPECT_TRUE(says(one, two, data.cid));

    must(one.store.repo.remove_dataset(data.cid));
    world.pass(seconds(2));
    EXPECT_FALSE(says(one, one, data.cid));
    EXPECT_FALSE(says(one, one, its_tree));
    // What it has, what others have said to it, and what they keep is as it was.
    EXPECT_TRUE(says(one, one, other.cid) && says(one, one, other_tree));
    EXPECT_TRUE(says(one, one, one.node->dht().id()));
    EXPECT_TRUE(says(one, two, data.cid) && says(one, two, its_tree));
    EXPECT_TRUE(says(two, one, data.cid));
    // Stored again, it is there again.
    one.store.store(data);
    world.pass(seconds(2));
    EXPECT_TRUE(says(one, one, data.cid) && says(one, one, its_tree));
    world.pass(minutes(10));
    EXPECT_TRUE(says(one, one, data.cid) && says(one, one, its_tree));
}

TEST_F(WithdrawalsTest, WhatWasRemovedWhileNoNodeRanIsTakenBackWhenOneBegins) {
    Whole one(world, 1);
    one.store.store(data);
    const Cid its_tree = tree(one, data);
    world.pass(seconds(5));
    EXPECT_TRUE(says(one, one, data.cid) && says(one, one, its_tree));
    one.end();
    must(one.store.repo.remove_dataset(data.cid));
    one.begin({});
    world.pass(seconds(5));
    EXPECT_FALSE(says(one, one, data.cid));
    EXPECT_FALSE(says(one, one, its_tree));
    EXPECT_TRUE(says(one, one, one.node->dht().id()));
}

} // namespace
} // namespace codex::node::withdrawals_test

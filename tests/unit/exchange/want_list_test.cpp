// What a peer wants, asked for and cancelled in every order.
#include "exchange/want_list.hpp"

#include "nodes.hpp"

#include <gmock/gmock.h>

namespace codex::exchange::test {
namespace {

using Taken = WantList::Taken;
using testing::ElementsAre;
using testing::IsEmpty;

const Cid kTree = tree_named("tree");
const Cid kOther = tree_named("other");

std::vector<std::uint64_t> indices(const std::vector<WantList::Block>& blocks) {
    std::vector<std::uint64_t> all;
    for (const auto& block : blocks)
        all.push_back(block.address.index);
    return all;
}

Taken add_block(WantList& list, std::uint64_t index, bool dont_have = false) {
    return list.add(want_block(leaf(kTree, index), dont_have));
}

/// All open questions, answered by `here`.
std::vector<BlockAddress> answer_all(WantList& list, bool here) {
    std::vector<BlockAddress> all;
    while (list.has_questions()) {
        const auto questions = list.next_questions(1024);
        for (std::size_t i = 0; i < questions.indices.size(); ++i)
            all.push_back(questions.address(i));
        list.answered(questions, std::vector<bool>(questions.indices.size(), here));
    }
    return all;
}

TEST(WantList, GivesBlocksInTheOrderInWhichTheyWereAskedFor) {
    WantList list;
    for (const std::uint64_t index : {7u, 8u, 9u, 3u, 100000u, 4u, 5u})
        EXPECT_EQ(add_block(list, index), Taken::yes);
    EXPECT_EQ(list.add(want_block(plain(block_named("a")))), Taken::yes);
    EXPECT_THAT(indices(list.next_blocks(5)), ElementsAre(7, 8, 9, 3, 100000));
    const auto rest = list.next_blocks(5);
    ASSERT_EQ(rest.size(), 3u);
    EXPECT_EQ(rest[0].address, leaf(kTree, 4));
    EXPECT_EQ(rest[2].address, plain(block_named("a")));
    EXPECT_FALSE(list.has_blocks());
}

TEST(WantList, RemembersNoQuestionThatIsCancelledWhileItIsAnswered) {
    for (const BlockAddress& address : {leaf(kTree, 3), plain(block_named("a"))}) {
        WantList list;
        list.add(want_have(address, true));
        const auto questions = list.next_questions(10);
        ASSERT_EQ(questions.indices.size(), 1u);
        list.add(cancel(address));
        list.answered(questions, {false});
        EXPECT_EQ(list.size(), 0u);
        EXPECT_FALSE(list.waits());
    }
}

TEST(WantList, AsksAgainAboutWhatArrivesWhileItIsAnswered) {
    WantList list;
    list.add(want_have(leaf(kTree, 3), true));
    const auto questions = list.next_questions(10);
    list.arrived(kTree, {0, 10}); // behind the look that found nothing
    list.answered(questions, {false});
    ASSERT_TRUE(list.has_questions());
    EXPECT_EQ(list.next_questions(10).indices, questions.indices);
    EXPECT_FALSE(list.has_questions());
}

TEST(WantList, KeepsNothingOfAPlainBlockThatIsCancelled) {
    WantList list;
    const BlockAddress asked = plain(block_named("asked"));
    const BlockAddress wanted = plain(block_named("wanted"));
    list.add(want_have(asked, true));
    answer_all(list, false);
    list.add(want_block(wanted));
    EXPECT_GT(list.size(), 0u);
    for (const BlockAddress& address : {asked, wanted})
        EXPECT_EQ(list.add(cancel(address)), Taken::yes);
    EXPECT_EQ(list.size(), 0u);
    EXPECT_FALSE(list.has_blocks());
    EXPECT_EQ(list.add(cancel(wanted)), Taken::changes_nothing);
    // One that is on its way is known until it is through.
    list.add(want_block(wanted));
    ASSERT_EQ(list.next_blocks(1).size(), 1u);
    list.add(cancel(wanted));
    list.done(wanted);
    EXPECT_FALSE(list.has_blocks());
}

TEST(WantList, AnUnknownCancelCostsNothing) {
    WantList list;
    for (std::uint64_t i = 0; i < 100000; ++i)
        EXPECT_EQ(list.add(cancel(leaf(tree_named(std::to_string(i)), i))), Taken::changes_nothing);
    EXPECT_EQ(list.add(cancel(plain(block_named("a")))), Taken::changes_nothing);
    EXPECT_EQ(list.size(), 0u);
    EXPECT_FALSE(list.has_questions());
}

TEST(WantList, CancelsBlocksAndQuestions) {
    WantList list;
    add_block(list, 1);
    add_block(list, 2);
    list.add(want_have(leaf(kTree, 5)));
    list.add(want_have(plain(block_named("a"))));
    EXPECT_EQ(list.add(cancel(leaf(kTree, 1))), Taken::yes);
    EXPECT_EQ(list.add(cancel(leaf(kTree, 5))), Taken::yes);
    EXPECT_THAT(indices(list.next_blocks(9)), ElementsAre(2));
    EXPECT_EQ(answer_all(list, false), std::vector(1, plain(block_named("a"))));
    EXPECT_TRUE(list.waits());
    EXPECT_EQ(list.add(cancel(plain(block_named("a")))), Taken::yes);
    EXPECT_FALSE(list.waits());
}

TEST(WantList, ARepeatWhileABlockIsOnItsWayChangesNothing) {
    WantList list;
    add_block(list, 1);
    EXPECT_EQ(add_block(list, 1), Taken::changes_nothing);
    const auto blocks = list.next_blocks(9);
    EXPECT_EQ(add_block(list, 1), Taken::changes_nothing);
    EXPECT_FALSE(list.has_blocks());
    list.done(blocks[0].address);
    EXPECT_EQ(add_block(list, 1), Taken::yes); // a new request
    EXPECT_THAT(indices(list.next_blocks(9)), ElementsAre(1));
}

TEST(WantList, CancelledOnItsWayItIsNotSentAgain) {
    WantList list;
    add_block(list, 1);
    const auto blocks = list.next_blocks(9);
    EXPECT_EQ(list.add(cancel(leaf(kTree, 1))), Taken::yes);
    list.put_back(blocks);
    EXPECT_FALSE(list.has_blocks());
    EXPECT_EQ(list.size(), 0u);
    add_block(list, 1);
    EXPECT_TRUE(list.has_blocks());
}

TEST(WantList, PutsBackInFront) {
    WantList list;
    for (std::uint64_t i = 0; i < 10; ++i)
        add_block(list, i);
    const auto blocks = list.next_blocks(6);
    list.put_back(std::span(blocks).last(4));
    EXPECT_THAT(indices(list.next_blocks(9)), ElementsAre(2, 3, 4, 5, 6, 7, 8, 9));
}

TEST(WantList, AQuestionAboutAWantedBlockIsPassedOver) {
    WantList list;
    add_block(list, 1);
    EXPECT_EQ(list.add(want_have(leaf(kTree, 1))), Taken::changes_nothing);
    EXPECT_FALSE(list.has_questions());
    EXPECT_THAT(indices(list.next_blocks(9)), ElementsAre(1)); // which does not lose the block
    // The other way round the block takes the question's place.
    list.add(want_have(leaf(kTree, 2)));
    add_block(list, 2);
    EXPECT_FALSE(list.has_questions());
}

TEST(WantList, RemembersQuestionsUntilBlocksArrive) {
    WantList list;
    for (std::uint64_t i = 0; i < 10; ++i)
        list.add(want_have(leaf(kTree, i), true));
    list.add(want_have(leaf(kOther, 1)));
    list.add(want_have(plain(block_named("a"))));
    EXPECT_EQ(answer_all(list, false).size(), 12u);
    EXPECT_FALSE(list.has_questions());
    list.arrived(kTree, {3, 2});
    const auto questions = list.next_questions(1024);
    EXPECT_THAT(questions.indices, ElementsAre(3, 4));
    EXPECT_THAT(questions.send_dont_have, ElementsAre(false, false)); // it was said once
    list.answered(questions, {true, true});
    list.arrived_plain();
    EXPECT_EQ(answer_all(list, true), std::vector(1, plain(block_named("a"))));
    list.arrived_anything();
    EXPECT_EQ(answer_all(list, true).size(), 9u);
    EXPECT_FALSE(list.waits());
}

TEST(WantList, AFullListReplacesQuestionsAndNoBlocks) {
    WantList list;
    list.add(want_have(leaf(kTree, 1)));
    answer_all(list, false);
    add_block(list, 50);
    list.begin_list();
    list.add(want_have(leaf(kTree, 2)));
    answer_all(list, false); // before the list is at its end
    list.add(want_have(leaf(kTree, 3)));
    list.end_list(true);
    answer_all(list, false);
    EXPECT_TRUE(list.has_blocks());
    list.arrived_anything();
    EXPECT_EQ(answer_all(list, true), (std::vector{leaf(kTree, 2), leaf(kTree, 3)}));
    list.begin_list();
    list.add(want_have(leaf(kTree, 4)));
    answer_all(list, false);
    list.end_list(false);
    list.begin_list();
    list.end_list(false);
    list.arrived_anything();
    EXPECT_EQ(answer_all(list, true), std::vector(1, leaf(kTree, 4)));
}

TEST(WantList, AnAbsentBlockStaysWantedButWhereThatIsTold) {
    WantList list;
    add_block(list, 1);
    add_block(list, 2, true);
    const auto blocks = list.next_blocks(9);
    EXPECT_FALSE(list.absent(blocks[0]));
    EXPECT_FALSE(list.absent(blocks[1]));
    EXPECT_TRUE(list.misses(leaf(kTree, 1)));
    EXPECT_FALSE(list.misses(leaf(kTree, 2)));
    EXPECT_FALSE(list.has_blocks());
    EXPECT_EQ(add_block(list, 1), Taken::yes); // asked for again it is looked for again
    EXPECT_FALSE(list.absent(list.next_blocks(9)[0]));
    list.arrived(kTree, {0, 100});
    EXPECT_THAT(indices(list.next_blocks(9)), ElementsAre(1));
}

TEST(WantList, KnowsWhatItToldToBeHere) {
    WantList list;
    list.add(want_have(leaf(kTree, 1)));
    list.add(want_have(plain(block_named("a"))));
    answer_all(list, true);
    add_block(list, 1);
    add_block(list, 2);
    list.add(want_block(plain(block_named("a"))));
    const auto blocks = list.next_blocks(9);
    EXPECT_TRUE(list.absent(blocks[0]));
    EXPECT_FALSE(list.absent(blocks[1]));
    EXPECT_TRUE(list.absent(blocks[2]));
}

TEST(WantList, IsBounded) {
    WantLimits limits;
    limits.wants = 100;
    limits.trees = 4;
    WantList list(limits);
    for (std::uint64_t i = 0; i < 100; ++i)
        EXPECT_EQ(add_block(list, i * 70000), Taken::yes);
    EXPECT_EQ(add_block(list, 5), Taken::too_many);
    for (std::uint64_t i = 0; i < 100; ++i)
        EXPECT_EQ(list.add(want_have(leaf(kOther, i))), Taken::yes);
    answer_all(list, false);
    EXPECT_EQ(list.add(want_have(leaf(kOther, 500))), Taken::too_many);
    EXPECT_EQ(list.add(cancel(leaf(kOther, 0))), Taken::yes);
    EXPECT_EQ(list.add(want_have(leaf(tree_named("3"), 1))), Taken::yes);
    EXPECT_EQ(list.add(cancel(leaf(kOther, 1))), Taken::yes);
    EXPECT_EQ(list.add(want_have(leaf(tree_named("4"), 1))), Taken::yes);
    EXPECT_EQ(list.add(cancel(leaf(kOther, 2))), Taken::yes);
    EXPECT_EQ(list.add(want_have(leaf(tree_named("5"), 1))), Taken::too_many); // a tree too many
    EXPECT_EQ(list.add(cancel(leaf(tree_named("4"), 1))), Taken::yes);
    EXPECT_EQ(list.add(want_have(leaf(tree_named("5"), 1))), Taken::yes); // in the place of an idle
    EXPECT_EQ(list.add(want_have(leaf(kTree, std::uint64_t{1} << 40))), Taken::too_many);
}

TEST(WantList, PlainBlocksMakeRoomWhenTheyAreServed) {
    WantLimits limits;
    limits.wants = 100;
    WantList list(limits);
    for (int i = 0; i < 10000; ++i) {
        const BlockAddress address = plain(block_named(std::to_string(i)));
        EXPECT_EQ(list.add(want_block(address)), Taken::yes);
        const auto blocks = list.next_blocks(9);
        ASSERT_EQ(blocks.size(), 1u);
        EXPECT_EQ(blocks[0].address, address);
        list.done(address);
        EXPECT_LE(list.size(), 100u);
    }
}

/// A model with nothing but sets, which knows what must come out.
TEST(WantList, AgreesWithSetsWhateverComes) {
    SeededRandom random(11);
    const auto below = [&](std::uint64_t end) {
        std::array<std::uint8_t, 8> bytes{};
        must(random.fill(bytes));
        std::uint64_t number = 0;
        std::memcpy(&number, bytes.data(), 8);
        return number % end;
    };
    for (int round = 0; round < 20; ++round) {
        WantList list;
        std::set<std::uint64_t> wanted;
        std::set<std::uint64_t> absent;
        std::set<std::uint64_t> on_way;
        for (int step = 0; step < 3000; ++step) {
            const std::uint64_t index = below(40) * 1000;
            switch (below(7)) {
            case 0:
            case 1:
                add_block(list, index);
                if (!on_way.contains(index)) {
                    wanted.insert(index);
                    absent.erase(index);
                }
                break;
            case 2:
                list.add(cancel(leaf(kTree, index)));
                wanted.erase(index);
                absent.erase(index);
                break;
            case 3: {
                for (const auto& block : list.next_blocks(below(4))) {
                    const std::uint64_t at = block.address.index;
                    EXPECT_TRUE(wanted.contains(at) && !absent.contains(at) &&
                                !on_way.contains(at));
                    on_way.insert(at);
                }
                break;
            }
            case 4:
                if (on_way.erase(index) > 0) {
                    list.done(leaf(kTree, index));
                    wanted.erase(index);
                }
                break;
            case 5:
                if (on_way.erase(index) > 0) {
                    WantList::Block block;
                    block.address = leaf(kTree, index);
                    list.absent(block);
                    if (wanted.contains(index))
                        absent.insert(index);
                }
                break;
            default:
                list.arrived(kTree, {index, 1000});
                absent.erase(index);
            }
            std::size_t queued = 0;
            for (const std::uint64_t at : wanted)
                queued += absent.contains(at) || on_way.contains(at) ? 0 : 1;
            ASSERT_EQ(list.size(), wanted.size());
            ASSERT_EQ(list.has_blocks(), queued > 0);
            ASSERT_EQ(list.waits(), !absent.empty());
        }
        while (list.has_blocks())
            for (const auto& block : list.next_blocks(20))
                EXPECT_TRUE(on_way.insert(block.address.index).second);
        for (const std::uint64_t at : wanted)
            EXPECT_TRUE(on_way.contains(at) || absent.contains(at)) << at;
    }
}

} // namespace
} // namespace codex::exchange::test

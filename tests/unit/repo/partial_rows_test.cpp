// What the index keeps of a partial dataset: its entry, and the leaves that it holds.
#include "repo/partial_fixture.hpp"

#include "repo/index/partial_entry.hpp"

#include <gmock/gmock.h>

namespace codex::repo::test {

using namespace detail;

namespace {

using testing::SizeIs;

TEST(PartialRows, RoundTripAndNothingElseIsAccepted) {
    const PartialEntry entry{1, 2, 3, 100'000, 99'999, 6, Peer(seeds(1, 2)).tree_cid()};
    const Bytes bytes = encode(entry);
    EXPECT_EQ(must(decode_partial(bytes)), entry);
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(decode_partial(BytesView(bytes).first(size)).has_value()) << size;
    PartialEntry wrong = entry;
    wrong.held = wrong.leaf_count;
    EXPECT_EQ(code_of(decode_partial(encode(wrong))), Errc::repo_damaged);
}

TEST(PartialRows, HeldLeavesAreRunsOrBits) {
    IndexSet full({0, 65536});
    EXPECT_THAT(encode_held(full), SizeIs(5));
    IndexSet every_other;
    for (std::uint64_t i = 0; i < 65536; i += 2)
        every_other.insert(i);
    EXPECT_THAT(encode_held(every_other), SizeIs(8193));
    std::mt19937_64 rng(7);
    for (int round = 0; round < 40; ++round) {
        IndexSet set;
        for (std::uint64_t n = rng() % 3000; n > 0; --n)
            set.insert(rng() % 65536);
        set.insert({rng() % 60000, rng() % 5000});
        if (set.empty())
            continue;
        EXPECT_EQ(must(decode_held(encode_held(set))), set);
    }
    EXPECT_EQ(must(decode_held(encode_held(full))), full);
    EXPECT_EQ(must(decode_held(encode_held(every_other))), every_other);
    for (const Bytes& wrong : {Bytes{}, Bytes{1},
                               [] {
                                   Bytes none(8193);
                                   none[0] = 2;
                                   return none;
                               }(),
                               Bytes{3, 0, 0, 0, 0}, Bytes{1, 5, 0, 4, 0}, Bytes{1, 5, 0, 6, 0, 7},
                               Bytes{1, 5, 0, 6, 0, 7, 0, 9, 0}, Bytes{1, 5, 0, 6, 0, 2, 0, 3, 0}})
        EXPECT_EQ(code_of(decode_held(wrong)), Errc::repo_damaged) << wrong.size();
}

} // namespace

} // namespace codex::repo::test

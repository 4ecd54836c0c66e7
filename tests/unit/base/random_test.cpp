#include "base/random.hpp"

#include "base/hex.hpp"
#include "must.hpp"

#include <set>
#include <type_traits>

namespace codex {
namespace {

using test::must;
using test::must_fail;

Bytes drawn(Random& random, std::size_t count) {
    Bytes bytes(count);
    must(random.fill(bytes));
    return bytes;
}

// What must stay secret takes a SecretRandom, and a seeded one is none: that would not compile.
static_assert(std::is_base_of_v<Random, SeededRandom>);
static_assert(!std::is_convertible_v<SeededRandom&, SecretRandom&>);
static_assert(std::is_same_v<decltype(Random::system()), SecretRandom&>);

TEST(SystemRandom, FillsAllOfIt) {
    // 64 KiB, more than one call may give: no run of 32 zero bytes is left.
    const Bytes bytes = drawn(Random::system(), 65536);
    std::size_t zeros = 0;
    for (const std::uint8_t byte : bytes) {
        zeros = byte == 0 ? zeros + 1 : 0;
        ASSERT_LT(zeros, 32U);
    }
    EXPECT_NE(must(Random::system().number()), must(Random::system().number()));
    must(Random::system().fill({}));
}

TEST(SeededRandom, IsTheSameEverywhere) {
    SeededRandom random(1);
    EXPECT_EQ(to_hex(drawn(random, 24)), "ed94ba192ad675ef70f275635390948e5d1914c6b13056c0");
    SeededRandom again(1);
    EXPECT_EQ(drawn(again, 24), [] {
        SeededRandom first(1, 0);
        return drawn(first, 24);
    }());
}

TEST(SeededRandom, SeedsAndStreamsAreApart) {
    std::set<Bytes> seen;
    for (std::uint64_t seed = 0; seed < 40; ++seed)
        for (std::uint64_t stream = 0; stream < 40; ++stream) {
            SeededRandom random(seed, stream);
            seen.insert(drawn(random, 16));
        }
    EXPECT_EQ(seen.size(), 1600U);
}

TEST(SeededRandom, DrawsWholeWords) {
    // A draw ends with the word it began, so what follows does not depend on how much was drawn.
    SeededRandom one(7);
    SeededRandom other(7);
    const Bytes whole = drawn(one, 16);
    const Bytes part = drawn(other, 3);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin()));
    EXPECT_EQ(drawn(other, 8), Bytes(whole.begin() + 8, whole.end()));
}

/// Gives numbers that a test chose.
class ListedRandom final : public Random {
public:
    explicit ListedRandom(std::vector<std::uint64_t> numbers) : numbers_(std::move(numbers)) {}
    Result<void> fill(MutableBytes out) override {
        if (at_ == numbers_.size())
            return codex::fail(Errc::io, "no more numbers");
        EXPECT_EQ(out.size(), 8U);
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = static_cast<std::uint8_t>(numbers_[at_] >> (8 * i));
        ++at_;
        return {};
    }

private:
    std::vector<std::uint64_t> numbers_;
    std::size_t at_ = 0;
};

TEST(Random, BelowIsWithoutBias) {
    // 2^64 = 6 * 3074457345618258602 + 4: the first four numbers would be too many.
    ListedRandom listed({0, 3, 4, 9});
    EXPECT_EQ(must(listed.below(6)), 4U);
    EXPECT_EQ(must(listed.below(6)), 3U);
    EXPECT_EQ(must_fail(listed.below(6)).code(), Errc::io);

    ListedRandom powers({UINT64_MAX, 17});
    EXPECT_EQ(must(powers.below(16)), 15U);
    EXPECT_EQ(must(powers.below(1)), 0U);

    SeededRandom random(3);
    std::array<int, 6> counts{};
    for (int i = 0; i < 6000; ++i)
        ++counts.at(must(random.below(6)));
    for (const int count : counts)
        EXPECT_NEAR(count, 1000, 150);
}

} // namespace
} // namespace codex

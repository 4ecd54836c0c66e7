#include "base/expected.hpp"

#include <stdexcept>

namespace codex {
namespace {

/// Counts those that live; one below zero throws when it is moved.
struct Tracked {
    explicit Tracked(int which) : number(which), throws_when_moved(which < 0) { ++living; }
    Tracked(Tracked&& other) : number(other.number), throws_when_moved(other.throws_when_moved) {
        if (throws_when_moved)
            throw std::runtime_error("moved");
        ++living;
    }
    ~Tracked() { --living; }

    int number;
    bool throws_when_moved;
    static inline int living = 0;
};

using Held = std::unique_ptr<Tracked>;
using Either = Expected<Held, std::string>;

Held held(int number) {
    return std::make_unique<Tracked>(number);
}
Unexpected<std::string> why(std::string text) {
    return Unexpected<std::string>(std::move(text));
}

TEST(Expected, HasAValueOrAnErrorWhicheverItWasMadeOf) {
    Either value = held(7);
    ASSERT_TRUE(value.has_value());
    EXPECT_EQ((*value)->number, 7);
    Either error = why("no");
    ASSERT_FALSE(error);
    EXPECT_EQ(error.error(), "no");
    const Expected<int, std::string> number = 5;
    EXPECT_EQ(number.value_or(8), 5);
    EXPECT_EQ((Expected<int, std::string>(why("none")).value_or(8)), 8);
    EXPECT_EQ((Expected<int, std::string>()).operator*(), 0);
    EXPECT_TRUE((Expected<void, std::string>()).has_value());
    EXPECT_EQ((Expected<void, std::string>(why("never")).error()), "never");
}

TEST(Expected, MovingAndAssigningOverEitherLeavesOneOfEach) {
    ASSERT_EQ(Tracked::living, 0);
    {
        Either a = held(1);
        Either b = std::move(a);
        EXPECT_EQ((*b)->number, 1);
        EXPECT_EQ(Tracked::living, 1);
        b = why("a long text that does not fit into the string itself");
        EXPECT_EQ(Tracked::living, 0) << "the value goes when an error comes";
        EXPECT_EQ(b.error(), "a long text that does not fit into the string itself");
        Either c = std::move(b);
        EXPECT_EQ(c.error().size(), 52U);
        c = held(2);
        EXPECT_EQ((*c)->number, 2);
        c = held(3);
        EXPECT_EQ(Tracked::living, 1) << "the old value goes when a new one comes";
        Either& same = c;
        c = std::move(same);
        EXPECT_EQ((*c)->number, 3) << "assigned to itself";
        c = why("one");
        c = why("two");
        EXPECT_EQ(c.error(), "two");
    }
    EXPECT_EQ(Tracked::living, 0);
}

TEST(Expected, OfNothingIsDoneOrSaysWhyNot) {
    Expected<void, std::string> done;
    Expected<void, std::string> other = why("broken");
    done = std::move(other);
    ASSERT_FALSE(done.has_value());
    EXPECT_EQ(done.error(), "broken");
    done = Expected<void, std::string>();
    EXPECT_TRUE(done.has_value());
    done = why("again");
    EXPECT_EQ(std::move(done).error(), "again");
}

TEST(Expected, AValueThatThrowsWhenItIsMovedIsDestroyedOnce) {
    using Throwing = Expected<Tracked, std::string>;
    static_assert(!std::is_nothrow_move_constructible_v<Throwing>);
    static_assert(!std::is_move_assignable_v<Throwing>, "it might be left with neither");
    static_assert(std::is_nothrow_move_constructible_v<Either>, "or vectors would copy");
    ASSERT_EQ(Tracked::living, 0);
    {
        Throwing value(-1);
        EXPECT_THROW(static_cast<void>(Throwing(std::move(value))), std::runtime_error);
        EXPECT_EQ(Tracked::living, 1);
    }
    EXPECT_EQ(Tracked::living, 0);
}

TEST(Expected, IsMadeOfWhatBecomesAValueAndOfNothingElse) {
    using Text = Expected<std::string, int>;
    static_assert(std::is_convertible_v<const char*, Text>);
    static_assert(!std::is_constructible_v<Text, std::vector<int>>);
    static_assert(!std::is_convertible_v<std::size_t, Expected<std::vector<int>, int>>,
                  "what makes a value only when asked, makes none by itself");
    static_assert(!std::is_copy_constructible_v<Text>);
    static_assert(!std::is_constructible_v<Expected<void, std::string>, const char*>,
                  "an error is made with Unexpected alone");
    const Text text = "words";
    EXPECT_EQ(text->size(), 5U);
}

} // namespace
} // namespace codex

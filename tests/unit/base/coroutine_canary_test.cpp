// What every compiler we use must do right with coroutines, in the forms that check-coroutines lets
// through: bodies run once, values arrive, and each object is destroyed once. gcc 12 fails at
// others.
#include "base/event_loop.hpp"
#include "must.hpp"

#include <optional>
#include <vector>

namespace codex {
namespace {

using test::must;
using test::must_fail;

/// From outside of coroutines, of one that waits for nothing.
template <class T> T run(Task<T> task) {
    const SimulatedClock clock;
    SimulatedLoop loop(clock);
    return std::move(*run_task(loop, std::move(task), loop.now() + std::chrono::seconds(1)));
}

/// Counts its copies: none is left over, and none dies twice.
class Counted {
public:
    explicit Counted(int number) : number_(number) { ++alive; }
    Counted(const Counted& other) : number_(other.number_) { ++alive; }
    Counted(Counted&& other) noexcept : number_(std::exchange(other.number_, -1)) { ++alive; }
    Counted& operator=(const Counted&) = default;
    Counted& operator=(Counted&& other) noexcept {
        number_ = std::exchange(other.number_, -1);
        return *this;
    }
    ~Counted() {
        EXPECT_EQ(guard_, kGuard) << "destroyed twice";
        guard_ = 0;
        --alive;
    }
    [[nodiscard]] int number() const { return number_; }
    static inline int alive = 0;

private:
    static constexpr int kGuard = 0x600d;
    int number_;
    int guard_ = kGuard;
};

class CoroutineCanary : public ::testing::Test {
protected:
    CoroutineCanary() { Counted::alive = 0; }
    ~CoroutineCanary() override { EXPECT_EQ(Counted::alive, 0) << "objects were lost"; }
};

Task<Result<Counted>> make(int number) {
    if (number < 0)
        co_return fail(Errc::malformed, "{} is negative", number);
    co_return Counted(number);
}

Task<Result<void>> check(int number) {
    if (number > 100)
        co_return fail(Errc::limit_exceeded, "{} is too many", number);
    co_return Result<void>();
}

Task<Result<int>> take(Counted counted, std::unique_ptr<int> more) {
    co_return counted.number() + *more;
}

// --- the three forms ----------------------------------------------------------------------------

Task<int> one_await_and_nothing_else(int* runs) {
    ++*runs;
    co_await check(1);
    co_return 7;
}

Task<Result<Counted>> returned_at_once(int number) {
    co_return co_await make(number);
}

Task<int> tested_in_the_next_statement(int number) {
    auto made = co_await make(number);
    if (made)
        co_return made->number();
    co_return -1;
}

TEST_F(CoroutineCanary, TheThreeFormsRunOnce) {
    int runs = 0;
    EXPECT_EQ(run(one_await_and_nothing_else(&runs)), 7);
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(must(run(returned_at_once(5))).number(), 5);
    EXPECT_EQ(must_fail(run(returned_at_once(-5))).text(), "-5 is negative");
    EXPECT_EQ(run(tested_in_the_next_statement(5)), 5);
    EXPECT_EQ(run(tested_in_the_next_statement(-5)), -1);
}

TEST_F(CoroutineCanary, WhatNeverRunsIsDestroyed) {
    const auto never = take(Counted(1), std::make_unique<int>(2));
    EXPECT_GE(Counted::alive, 1);
}

// --- arguments ----------------------------------------------------------------------------------

Task<Result<int>> moved_in(int number) {
    Counted counted(number);
    auto more = std::make_unique<int>(10);
    co_return co_await take(std::move(counted), std::move(more));
}

Task<Result<int>> made_by_calls(int number) {
    co_return co_await take(Counted(number), std::make_unique<int>(number));
}

TEST_F(CoroutineCanary, ArgumentsAreDestroyedOnce) {
    EXPECT_EQ(must(run(moved_in(5))), 15);
    EXPECT_EQ(must(run(made_by_calls(5))), 10);
}

// --- the macros ---------------------------------------------------------------------------------

Task<Result<int>> with_try(int number) {
    CODEX_CO_TRY(counted, make(number));
    co_return counted.number();
}

Task<Result<int>> with_check(int number) {
    CODEX_CO_CHECK(check(number));
    co_return number;
}

Task<Result<void>> with_check_alone(int number) {
    CODEX_CO_CHECK(check(number));
    co_return Result<void>();
}

Task<Result<int>> with_both_and_moves(int number) {
    CODEX_CO_CHECK(check(number));
    CODEX_CO_TRY(counted, make(number));
    auto more = std::make_unique<int>(1);
    CODEX_CO_TRY(sum, take(std::move(counted), std::move(more)));
    CODEX_CO_TRY(again, make(sum));
    co_return again.number();
}

TEST_F(CoroutineCanary, TryAndCheckGiveTheValueOrTheError) {
    EXPECT_EQ(must(run(with_try(5))), 5);
    EXPECT_EQ(must_fail(run(with_try(-5))).text(), "-5 is negative");
    EXPECT_EQ(must(run(with_check(100))), 100);
    EXPECT_EQ(must_fail(run(with_check(101))).code(), Errc::limit_exceeded);
    must(run(with_check_alone(100)));
    EXPECT_EQ(must_fail(run(with_check_alone(101))).text(), "101 is too many");
    EXPECT_EQ(must(run(with_both_and_moves(5))), 6);
    EXPECT_EQ(must_fail(run(with_both_and_moves(-5))).text(), "-5 is negative");
    EXPECT_EQ(must_fail(run(with_both_and_moves(200))).text(), "200 is too many");
}

Task<Result<int>> in_loops_and_branches(std::vector<int> numbers) {
    int sum = 0;
    for (const int number : numbers) {
        if (number % 2 == 0) {
            CODEX_CO_TRY(counted, make(number));
            sum += counted.number();
        } else {
            CODEX_CO_CHECK(check(number));
        }
        switch (number) {
        case 4: {
            CODEX_CO_TRY(counted, make(1000));
            sum += counted.number();
            break;
        }
        default:
            CODEX_CO_CHECK(check(number));
        }
    }
    while (sum < 5000) {
        CODEX_CO_TRY(counted, make(sum));
        sum += counted.number() + 1;
    }
    co_return sum;
}

TEST_F(CoroutineCanary, WorksInLoopsAndBranches) {
    // 2 + 4 + 1000 = 1006; 2013; 4027; 8055
    EXPECT_EQ(must(run(in_loops_and_branches({2, 3, 4}))), 8055);
    EXPECT_EQ(must_fail(run(in_loops_and_branches({2, 103}))).text(), "103 is too many");
    EXPECT_EQ(must_fail(run(in_loops_and_branches({-2, 3}))).text(), "-2 is negative");
}

Task<Result<int>> in_try_blocks(int number) {
    try {
        CODEX_CO_CHECK(check(number));
        CODEX_CO_TRY(counted, make(number));
        if (counted.number() == 13)
            throw Counted(13);
        co_return counted.number();
    } catch (const Counted& caught) {
        number = -caught.number();
    }
    CODEX_CO_TRY(counted, make(-number));
    co_return counted.number() * 2;
}

TEST_F(CoroutineCanary, WorksInTryBlocks) {
    EXPECT_EQ(must(run(in_try_blocks(12))), 12);
    EXPECT_EQ(must(run(in_try_blocks(13))), 26);
    EXPECT_EQ(must_fail(run(in_try_blocks(-1))).text(), "-1 is negative");
    EXPECT_EQ(must_fail(run(in_try_blocks(101))).text(), "101 is too many");
}

/// Members, and parameters of every kind.
class Owner {
public:
    explicit Owner(int number) : counted_(number) {}

    Task<Result<int>> plus(Counted by_value, const std::string* text) {
        CODEX_CO_TRY(mine, make(counted_.number()));
        CODEX_CO_CHECK(check(by_value.number()));
        co_return mine.number() + by_value.number() + static_cast<int>(text->size());
    }
    template <class Number> Task<Result<Number>> as(Number factor) {
        CODEX_CO_TRY(mine, make(counted_.number()));
        co_return static_cast<Number>(mine.number()) * factor;
    }

private:
    Counted counted_;
};

TEST_F(CoroutineCanary, WorksInMembersAndTemplates) {
    Owner owner(30);
    const std::string text = "four";
    EXPECT_EQ(must(run(owner.plus(Counted(8), &text))), 42);
    EXPECT_EQ(must_fail(run(owner.plus(Counted(800), &text))).text(), "800 is too many");
    EXPECT_EQ(must(run(owner.as(std::uint64_t{1} << 40))), std::uint64_t{30} << 40);
}

/// As deep as the stack would not be, were frames on it: each awaits the next.
Task<Result<int>> deep(int levels) {
    if (levels == 0)
        co_return 0;
    CODEX_CO_TRY(below, deep(levels - 1));
    co_return below + 1;
}

Task<int> add_at_once(int many) {
    int sum = 0;
    for (int i = 0; i < many; ++i) {
        auto one = co_await make(1);
        sum += one->number();
    }
    co_return sum;
}

// As when a peer has sent many lines, which are read one by one without a wait: a million frames
// would fit into no stack.
TEST_F(CoroutineCanary, WhatIsOverAtOnceLeavesNothingOnTheStack) {
    EXPECT_EQ(run(add_at_once(1'000'000)), 1'000'000);
}

TEST_F(CoroutineCanary, NestsDeeply) {
    EXPECT_EQ(must(run(deep(1000))), 1000);
}

} // namespace
} // namespace codex

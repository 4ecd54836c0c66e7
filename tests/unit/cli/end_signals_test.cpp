// Signals that end a process that stays.
#include "cli/end_signals.hpp"

#include <atomic>
#include <csignal>
#include <poll.h>
#include <unistd.h>

namespace codex::cli {
namespace {

/// A process that does nothing about what it is told, and is told again and again.
[[noreturn]] void be_deaf(std::chrono::milliseconds grace, int times) {
    EndSignals signals(grace);
    std::atomic<int> told = 0;
    if (!signals.start([&](int) { ++told; }))
        ::_exit(9);
    for (int sent = 0; sent < times; ++sent) {
        ::kill(::getpid(), SIGTERM);
        ::poll(nullptr, 0, 10);
    }
    ::_exit(told == 1 ? 7 : 8);
}

TEST(EndSignalsDeathTest, AnotherOneLaterEndsAProcessThatIsDeaf) {
    EXPECT_EXIT(be_deaf(std::chrono::milliseconds(0), 3000), ::testing::KilledBySignal(SIGTERM),
                "");
}

TEST(EndSignalsDeathTest, TwoAtOnceAreOne) {
    EXPECT_EXIT(be_deaf(std::chrono::minutes(1), 10), ::testing::ExitedWithCode(7), "");
}

/// A process that ends, with 7, and is told so again in every way before it has.
[[noreturn]] void be_told_at_the_end() {
    {
        EndSignals signals(std::chrono::minutes(1));
        std::atomic<int> told = 0;
        if (!signals.start([&](int) { ++told; }))
            ::_exit(9);
        ::kill(::getpid(), SIGTERM);
        while (told == 0)
            ::poll(nullptr, 0, 1);
        signals.stop_telling();
        for (const int late : {SIGTERM, SIGINT, SIGHUP})
            ::kill(::getpid(), late);
    }
    ::_exit(7);
}

TEST(EndSignalsDeathTest, OneThatComesWhileItEndsChangesNothing) {
    EXPECT_EXIT(be_told_at_the_end(), ::testing::ExitedWithCode(7), "");
}

/// A process that does not get to its end.
[[noreturn]] void hang_at_the_end() {
    EndSignals signals(std::chrono::milliseconds(0));
    if (!signals.start([](int) {}))
        ::_exit(9);
    signals.stop_telling();
    for (;;) {
        ::kill(::getpid(), SIGINT);
        ::poll(nullptr, 0, 10);
    }
}

TEST(EndSignalsDeathTest, AnotherOneEndsAProcessThatHangsAtItsEnd) {
    EXPECT_EXIT(hang_at_the_end(), ::testing::KilledBySignal(SIGINT), "");
}

TEST(EndSignalsDeathTest, OneThatWasToldToNobodyHasItsWay) {
    const auto begin = [] {
        {
            const EndSignals signals;
            ::kill(::getpid(), SIGTERM);
        }
        ::_exit(7);
    };
    EXPECT_EXIT(begin(), ::testing::KilledBySignal(SIGTERM), "");
}

} // namespace
} // namespace codex::cli

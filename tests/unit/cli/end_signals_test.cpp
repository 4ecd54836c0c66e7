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

} // namespace
} // namespace codex::cli

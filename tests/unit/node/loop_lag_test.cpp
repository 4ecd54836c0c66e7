// How late an event loop is, on a clock that jumps.
#include "node/metrics/loop_lag.hpp"

#include <gtest/gtest.h>

namespace codex::node::metrics {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class LoopLagTest : public ::testing::Test {
protected:
    void pass(Clock::Duration time) {
        loop_.run_until([] { return false; }, loop_.now() + time);
    }
    /// A job that keeps the loop's thread.
    void stall(Clock::Duration time) {
        loop_.post([this, time] { clock_.advance(time); });
        pass(Clock::Duration::zero());
    }
    SimulatedClock clock_;
    SimulatedLoop loop_{clock_};
};

TEST_F(LoopLagTest, IsNothingOfALoopThatIsInTime) {
    const LoopLag lag(loop_);
    pass(seconds(100));
    EXPECT_EQ(lag.worst(), Clock::Duration::zero());
}

TEST_F(LoopLagTest, SeesAStallAndForgetsIt) {
    const LoopLag lag(loop_);
    pass(milliseconds(1050));
    stall(milliseconds(500));
    pass(milliseconds(1));
    EXPECT_EQ(lag.worst(), milliseconds(450)); // the first half of a tenth it was not waited for
    stall(milliseconds(300));                  // which is less
    pass(LoopLag::kSpan - seconds(3));
    EXPECT_EQ(lag.worst(), milliseconds(450));
    pass(LoopLag::kSpan);
    EXPECT_EQ(lag.worst(), milliseconds(450)); // whoever asks that seldom sees it, too
    pass(LoopLag::kSpan + seconds(1));
    EXPECT_EQ(lag.worst(), Clock::Duration::zero());
}

/// Who asks from within what stalls it, or right behind it, is told.
TEST_F(LoopLagTest, CountsWhatItIsLateForByNow) {
    const LoopLag lag(loop_);
    pass(milliseconds(100));
    clock_.advance(seconds(2));
    EXPECT_EQ(lag.worst(), seconds(2) - milliseconds(100));
}

} // namespace
} // namespace codex::node::metrics

// Two hosts of a simulated network.
#pragma once

#include "base/simulated_network.hpp"
#include "must.hpp"

#include <gtest/gtest.h>

namespace codex::simulated_test {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::must;
using test::must_fail;

constexpr std::array<std::uint8_t, 4> kA = {10, 0, 0, 1};
constexpr std::array<std::uint8_t, 4> kB = {10, 0, 0, 2};

class SimulatedPair : public testing::Test {
protected:
    /// Anew, if there were some: what was made of those goes before.
    void begin_hosts(const WireOptions& wire, std::uint64_t seed) {
        host_a.reset(), host_b.reset();
        internet_.emplace(loop, wire, seed);
        host_a = internet().host(kA);
        host_b = internet().host(kB);
    }
    void pass(Clock::Duration time) {
        loop.run_until([] { return false; }, loop.now() + time);
    }
    SimulatedInternet& internet() { return *internet_; }

    SimulatedClock clock;
    SimulatedLoop loop{clock};

private:
    std::optional<SimulatedInternet> internet_;

protected:
    std::unique_ptr<Network> host_a, host_b;
};

} // namespace codex::simulated_test

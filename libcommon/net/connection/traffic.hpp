// What went over all connections of a host, and what became of those that were tried.
#pragma once

#include "base/clock.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace codex::net {

struct ByteCounts {
    std::uint64_t in = 0;
    std::uint64_t out = 0;
};

/// How many of some values are at most as large as each bound, and larger than the one before it.
/// Threads: one at a time.
template <std::size_t Bounds> class Histogram {
public:
    explicit constexpr Histogram(const std::array<double, Bounds>& bounds) : bounds_(bounds) {}

    void observe(double value) noexcept {
        std::size_t at = 0;
        while (at < Bounds && value > bounds_[at])
            ++at;
        ++counts_[at];
        sum_ += value;
    }
    /// In rising order.
    [[nodiscard]] const std::array<double, Bounds>& bounds() const { return bounds_; }
    /// One for each bound, then what is larger than all of them.
    [[nodiscard]] const std::array<std::uint64_t, Bounds + 1>& counts() const { return counts_; }
    [[nodiscard]] double sum() const { return sum_; }

private:
    std::array<double, Bounds> bounds_;
    std::array<std::uint64_t, Bounds + 1> counts_{};
    double sum_ = 0;
};

/// Programs that are told apart: what peers say that they are is theirs to choose, and there would
/// be no end of it.
enum class Agent : std::uint8_t {
    unknown,
    codex,
    storage,
    nim_libp2p,
    js_libp2p,
    go_libp2p,
    kubo,
    rust_libp2p
};
constexpr std::size_t kAgentCount = 8;
[[nodiscard]] std::string_view agent_name(Agent agent);
/// Of the version that a peer says it is, "Codex/1.2 ..."; its letters count as equal in any case.
[[nodiscard]] Agent agent_of(std::string_view version);

/// Since the host was made.
/// Threads: one at a time.
struct HostTraffic {
    ByteCounts all; ///< of sockets, so sealed
    /// The same, of connections whose peer has said what it is.
    std::array<ByteCounts, kAgentCount> agents{};
    /// Bytes that protocols wrote, and took, by their name; only of those that are agreed on.
    std::map<std::string, ByteCounts, std::less<>> protocols;

    std::uint64_t dials = 0; ///< addresses that were tried
    std::uint64_t dials_connected = 0;
    std::uint64_t dials_failed = 0;
    std::uint64_t upgrades_failed_in = 0;
    std::uint64_t upgrades_failed_out = 0;

    /// Of mplex: streams that wait for their turn to be sent, whenever one more does, and how long
    /// one waited, in seconds.
    Histogram<11> queue_length{{0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512}};
    Histogram<14> queue_seconds{
        {0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}};
};

} // namespace codex::net

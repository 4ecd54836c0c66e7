// What happens in a simulation, drawn from one number.
#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/simulated_network.hpp"
#include "net/mux/yamux_frame.hpp"

#include <string>
#include <vector>

namespace codex::sim {

/// Numbers of a seed. Threads: one at a time.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : random_(seed, 77) {}
    /// From `low` to `high`, both included.
    [[nodiscard]] std::uint64_t from(std::uint64_t low, std::uint64_t high);
    [[nodiscard]] bool one_in(std::uint64_t count) { return from(1, count) == 1; }
    template <class T> [[nodiscard]] const T& of(const std::vector<T>& choices) {
        return choices[from(0, choices.size() - 1)];
    }

private:
    SeededRandom random_;
};

enum class Fault : std::uint8_t {
    kill,       ///< of the process: `node`
    power_loss, ///< of the host: the others hear nothing until it is back
    cut,        ///< between `node` and `other`
    partition,  ///< between those below `node` and the others
    disconnect, ///< connections between `node` and `other` break
    disk_full,  ///< of `node`
    leave,      ///< `node`, for ever
};

struct Event {
    Clock::Duration at{};
    Clock::Duration lasts{};
    Fault fault{};
    std::size_t node = 0;
    std::size_t other = 0;

    [[nodiscard]] std::string text() const;
};

struct Wire {
    std::size_t one = 0;
    std::size_t other = 0;
    WireOptions options;
};

struct Goods {
    std::vector<std::uint64_t> blocks; ///< what each is made of
    std::vector<std::size_t> holders;  ///< who has all of it at the beginning
    std::vector<std::size_t> fetchers;
};

struct Scenario {
    std::uint64_t seed = 0;
    std::size_t nodes = 0;
    std::vector<std::string> muxers; ///< one a node
    std::vector<Wire> wires;         ///< between those that know each other, or that are special
    /// They know one bootstrap node, the first, and find each other and what there is by the DHT;
    /// all wires that are not special are these.
    bool finds = false;
    WireOptions usual;
    std::vector<Clock::Duration> skews; ///< of wall clocks, one a node
    /// A node that was killed has its clock put right when it begins again.
    bool clocks_are_mended = false;
    /// How often nodes ask what was stored beside them.
    Clock::Duration look = std::chrono::milliseconds(500);
    /// How long it goes on after all have what they want, and what is told is told again.
    Clock::Duration quiet{};
    std::vector<Goods> goods;
    std::vector<Event> events; ///< in their order

    [[nodiscard]] std::string text() const;
};

/// The same for the same seed: of nodes that know each other.
[[nodiscard]] Scenario draw(std::uint64_t seed);
/// The same of whole nodes, which find each other.
[[nodiscard]] Scenario draw_finding(std::uint64_t seed);
/// So many whole nodes, some of which are killed.
[[nodiscard]] Scenario crowd(std::uint64_t seed, std::size_t nodes);
/// A few of them for so long, of which the one that has something leaves.
[[nodiscard]] Scenario days(std::uint64_t seed, Clock::Duration span);

} // namespace codex::sim

#include "scenario.hpp"

#include "net/mux/mplex_frame.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace codex::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::uint64_t Dice::from(std::uint64_t low, std::uint64_t high) {
    return low + random_.below(high - low + 1).value_or(0);
}

namespace {

WireOptions draw_wire(Dice& dice) {
    WireOptions wire;
    wire.delay = milliseconds(dice.from(0, 3) == 0 ? dice.from(50, 200) : dice.from(1, 30));
    // None, or from a slow line to a fast one.
    wire.bytes_per_second = dice.of<double>({0, 0, 12.5e6, 1.25e6, 250e3});
    wire.loss = dice.of<double>({0, 0, 0, 0, 0.001, 0.01, 0.05});
    wire.buffer_bytes = std::size_t{1} << dice.from(14, 20);
    wire.piece_bytes = dice.one_in(10) ? dice.from(1000, 5000) : SIZE_MAX;
    return wire;
}

/// All are connected over others; most know a few more.
std::vector<Wire> draw_wires(Dice& dice, std::size_t nodes) {
    std::set<std::pair<std::size_t, std::size_t>> pairs;
    for (std::size_t node = 1; node < nodes; ++node)
        pairs.emplace(dice.one_in(3) ? 0 : dice.from(0, node - 1), node);
    const std::size_t more = dice.from(0, nodes);
    for (std::size_t i = 0; i < more; ++i) {
        const std::size_t one = dice.from(0, nodes - 1);
        const std::size_t other = dice.from(0, nodes - 1);
        if (one != other)
            pairs.emplace(std::min(one, other), std::max(one, other));
    }
    std::vector<Wire> wires;
    for (const auto& [one, other] : pairs)
        wires.push_back({one, other, draw_wire(dice)});
    return wires;
}

Goods draw_goods(Dice& dice, std::size_t nodes, std::size_t most_blocks, std::uint64_t number) {
    Goods goods;
    const std::uint64_t count = dice.one_in(5) ? dice.from(1, 3) : dice.from(1, most_blocks);
    // Some blocks are there twice, or in other datasets, too.
    const std::uint64_t kinds = dice.one_in(4) ? count / 2 + 1 : 100000;
    const std::uint64_t first = dice.one_in(4) ? 1 : number * 1000000 + 1;
    for (std::uint64_t i = 0; i < count; ++i)
        goods.blocks.push_back(first + i % kinds);
    goods.holders.push_back(number == 0 ? 0 : dice.from(0, nodes - 1));
    if (dice.one_in(3))
        goods.holders.push_back(dice.from(0, nodes - 1));
    for (std::size_t node = 0; node < nodes; ++node)
        if (number == 0 || !dice.one_in(3))
            goods.fetchers.push_back(node);
    return goods;
}

Event draw_event(Dice& dice, const Scenario& scenario) {
    Event event;
    event.at = milliseconds(dice.from(0, 40'000));
    event.lasts = milliseconds(dice.one_in(4) ? dice.from(30'000, 100'000) : dice.from(10, 15'000));
    event.fault = dice.of<Fault>({Fault::kill, Fault::kill, Fault::power_loss, Fault::cut,
                                  Fault::cut, Fault::partition, Fault::disconnect,
                                  Fault::disconnect, Fault::disk_full, Fault::leave});
    const Wire& wire = dice.of(scenario.wires);
    event.node = wire.one;
    event.other = wire.other;
    if (event.fault == Fault::partition)
        event.node = dice.from(1, scenario.nodes - 1);
    else if (event.fault != Fault::cut && event.fault != Fault::disconnect && dice.one_in(2))
        event.node = event.other;
    return event;
}

} // namespace

std::string Event::text() const {
    constexpr std::array<std::string_view, 7> kNames = {
        "kill", "power loss", "cut", "partition", "disconnect", "disk full", "leave"};
    const auto ms = [](Clock::Duration span) {
        return std::chrono::duration_cast<milliseconds>(span).count();
    };
    return fmt::format("at {} ms for {} ms: {} of {} ({})", ms(at), ms(lasts),
                       kNames[static_cast<std::size_t>(fault)], node, other);
}

std::string Scenario::text() const {
    std::string text = fmt::format("seed {}: {} nodes", seed, nodes);
    for (const Goods& one : goods)
        text += fmt::format(", {} blocks from {} to {}", one.blocks.size(), one.holders.front(),
                            one.fetchers.size());
    for (const Wire& wire : wires)
        text += fmt::format("\n  {} - {}: {} ms, {} bytes/s, {} lost, buffer {}, pieces {}",
                            wire.one, wire.other,
                            std::chrono::duration_cast<milliseconds>(wire.options.delay).count(),
                            wire.options.bytes_per_second, wire.options.loss,
                            wire.options.buffer_bytes, wire.options.piece_bytes);
    if (finds) {
        text +=
            fmt::format("\n  others: {} ms and up to {} more, {} lost, {} twice; {} h quiet",
                        std::chrono::duration_cast<milliseconds>(usual.delay).count(),
                        std::chrono::duration_cast<milliseconds>(usual.jitter).count(), usual.loss,
                        usual.twice, std::chrono::duration_cast<std::chrono::hours>(quiet).count());
        for (std::size_t node = 0; node < skews.size(); ++node)
            if (skews[node] != Clock::Duration::zero())
                text += fmt::format("\n  {}: clock {} s off{}", node,
                                    std::chrono::duration_cast<seconds>(skews[node]).count(),
                                    clocks_are_mended ? ", until it begins again" : "");
    }
    for (const Event& event : events)
        text += "\n  " + event.text();
    return text;
}

Scenario draw(std::uint64_t seed) {
    Dice dice(seed);
    Scenario scenario;
    scenario.seed = seed;
    // Many small ones, a few large ones.
    scenario.nodes = dice.one_in(12)  ? dice.from(20, 50)
                     : dice.one_in(2) ? dice.from(2, 4)
                                      : dice.from(3, 12);
    for (std::size_t node = 0; node < scenario.nodes; ++node)
        scenario.muxers.emplace_back(dice.one_in(2) ? net::mux::kMplex : net::mux::kYamux);
    scenario.wires = draw_wires(dice, scenario.nodes);
    const std::size_t most_blocks = scenario.nodes > 12 ? 40 : 200;
    const std::uint64_t goods = dice.one_in(3) ? 2 : 1;
    for (std::uint64_t number = 0; number < goods; ++number)
        scenario.goods.push_back(draw_goods(dice, scenario.nodes, most_blocks, number));
    const std::uint64_t events = dice.one_in(5) ? 0 : dice.from(1, 3 + scenario.nodes / 2);
    for (std::uint64_t i = 0; i < events; ++i)
        scenario.events.push_back(draw_event(dice, scenario));
    std::stable_sort(scenario.events.begin(), scenario.events.end(),
                     [](const Event& one, const Event& other) { return one.at < other.at; });
    return scenario;
}

// --- whole nodes --------------------------------------------------------------------------------

namespace {

WireOptions draw_usual_wire(Dice& dice) {
    WireOptions wire;
    wire.delay = milliseconds(dice.one_in(4) ? dice.from(50, 150) : dice.from(1, 30));
    wire.loss = dice.of<double>({0, 0, 0.01, 0.05, 0.1});
    wire.jitter = milliseconds(dice.of<std::uint64_t>({0, 5, 50}));
    wire.twice = dice.of<double>({0, 0, 0.02});
    return wire;
}

/// A node that leaves may have been the only one that had something, which is as it is; but not the
/// one by which all others begin.
Event draw_finding_event(Dice& dice, const Scenario& scenario) {
    Event event;
    event.at = milliseconds(dice.from(0, 60'000));
    event.lasts = milliseconds(dice.one_in(4) ? dice.from(30'000, 100'000) : dice.from(10, 15'000));
    event.fault =
        dice.of<Fault>({Fault::kill, Fault::kill, Fault::power_loss, Fault::cut, Fault::partition,
                        Fault::disconnect, Fault::disk_full, Fault::leave});
    event.node = event.fault == Fault::leave ? dice.from(1, scenario.nodes - 1)
                                             : dice.from(0, scenario.nodes - 1);
    event.other = (event.node + dice.from(1, scenario.nodes - 1)) % scenario.nodes;
    if (event.fault == Fault::partition)
        event.node = dice.from(1, scenario.nodes - 1);
    return event;
}

Scenario finding_scenario(Dice& dice, std::uint64_t seed, std::size_t nodes) {
    Scenario scenario;
    scenario.seed = seed;
    scenario.nodes = nodes;
    scenario.finds = true;
    scenario.usual = draw_usual_wire(dice);
    for (std::size_t node = 0; node < nodes; ++node) {
        scenario.muxers.emplace_back(dice.one_in(2) ? net::mux::kMplex : net::mux::kYamux);
        const auto span = seconds(dice.from(60, 12 * 3600));
        const bool ahead = dice.one_in(2);
        scenario.skews.push_back(dice.one_in(5) ? (ahead ? span : -span) : seconds(0));
    }
    scenario.clocks_are_mended = dice.one_in(2);
    return scenario;
}

void sort_events(Scenario& scenario) {
    std::ranges::stable_sort(scenario.events, {}, &Event::at);
}

} // namespace

Scenario draw_finding(std::uint64_t seed) {
    Dice dice(seed + 7'000'000);
    Scenario scenario =
        finding_scenario(dice, seed, dice.one_in(20) ? dice.from(8, 12) : dice.from(3, 5));
    for (std::uint64_t i = dice.from(0, 2); i > 0; --i) {
        const std::size_t one = dice.from(0, scenario.nodes - 1);
        const std::size_t other = (one + dice.from(1, scenario.nodes - 1)) % scenario.nodes;
        scenario.wires.push_back({std::min(one, other), std::max(one, other), draw_wire(dice)});
    }
    const std::uint64_t goods = dice.one_in(3) ? 2 : 1;
    for (std::uint64_t number = 0; number < goods; ++number)
        scenario.goods.push_back(draw_goods(dice, scenario.nodes, 40, number));
    scenario.goods[0].holders[0] = dice.from(0, scenario.nodes - 1);
    for (std::uint64_t i = dice.one_in(5) ? 0 : dice.from(1, 4); i > 0; --i)
        scenario.events.push_back(draw_finding_event(dice, scenario));
    sort_events(scenario);
    return scenario;
}

Scenario crowd(std::uint64_t seed, std::size_t nodes) {
    Dice dice(seed + 8'000'000);
    Scenario scenario = finding_scenario(dice, seed, nodes);
    scenario.usual = {.delay = milliseconds(20), .loss = 0.02, .jitter = milliseconds(20)};
    Goods goods;
    goods.blocks = {1, 2, 3, 4, 5, 6, 7, 8};
    goods.holders = {nodes / 2};
    for (std::size_t node = 0; node < nodes; node += 4)
        goods.fetchers.push_back(node);
    scenario.goods.push_back(goods);
    for (std::size_t i = 0; i < nodes / 10; ++i) {
        Event event{milliseconds(dice.from(5'000, 60'000)), milliseconds(dice.from(10, 30'000)),
                    Fault::kill, dice.from(0, nodes - 1), 0};
        scenario.events.push_back(event);
    }
    scenario.events.push_back({seconds(40), seconds(60), Fault::partition, nodes / 3, 0});
    sort_events(scenario);
    return scenario;
}

Scenario days(std::uint64_t seed, Clock::Duration span) {
    Dice dice(seed + 9'000'000);
    Scenario scenario = finding_scenario(dice, seed, 4);
    scenario.usual.loss = 0.01;
    scenario.skews = {seconds(0), std::chrono::hours(5), -std::chrono::hours(9), seconds(0)};
    Goods stays;
    stays.blocks = {1, 2, 3};
    stays.holders = {1};
    stays.fetchers = {0, 2};
    Goods goes;
    goes.blocks = {11, 12, 13};
    goes.holders = {3};
    scenario.goods = {stays, goes};
    // What was told by a clock that is ahead does not last longer when that is put right.
    scenario.events.push_back({std::chrono::minutes(5), {}, Fault::leave, 3, 0});
    scenario.events.push_back({std::chrono::minutes(6), seconds(20), Fault::kill, 1, 0});
    scenario.clocks_are_mended = true;
    scenario.quiet = span;
    scenario.look = std::chrono::minutes(5);
    return scenario;
}

} // namespace codex::sim

// What nodes that find each other say of others, and what must never be.
#include "simulation.hpp"

#include <algorithm>

namespace codex::sim {

using std::chrono::minutes;
using std::chrono::seconds;

namespace {

/// Others forget what a node has told of in this time, and what it takes to have been told.
constexpr Clock::Duration kForgotten = std::chrono::hours(24) + minutes(2);
/// What was stored is told of when the node has looked for it, and those who are told have
/// answered.
constexpr Clock::Duration kTold = seconds(30);
/// Of the nodes that there are a table has some of each region, and no more.
constexpr std::size_t kMostKnown = 12;
/// In a crowd some look, and not all.
constexpr std::size_t kCrowd = 16;

} // namespace

/// Of two datasets with the same blocks there is one tree.
bool Simulation::ever_had(const Cid& cid, std::size_t node) const {
    for (std::size_t goods = 0; goods < data_.size(); ++goods)
        if ((data_[goods].cid == cid || data_[goods].tree_cid() == cid) &&
            ever_had_[goods].contains(node))
            return true;
    return false;
}

/// What it would answer is of nodes that had it, and that were there within the last day.
void Simulation::watch_providers(Node& node) {
    const Clock::Instant now = world_.loop.now();
    const std::uint64_t by_its_clock = node.clock().unix_seconds();
    for (std::size_t goods = 0; goods < data_.size(); ++goods)
        for (const Cid& cid : {data_[goods].cid, data_[goods].tree_cid()}) {
            const auto content = net::dht::Id::of_content(cid);
            for (const auto& said : node.finder().store().find(content, 100, by_its_clock)) {
                const auto who = numbers_.find(said.peer);
                if (who == numbers_.end())
                    say(fmt::format("node {} tells of somebody who is nobody", node.number()));
                else if (!ever_had(cid, who->second))
                    say(fmt::format("node {} tells of node {}, which never had it", node.number(),
                                    who->second + 1));
                else if (now > last_alive_[who->second] + kForgotten)
                    say(fmt::format("node {} tells of node {}, which has been away for a day",
                                    node.number(), who->second + 1));
            }
        }
}

/// As far as a table has room for them; those that went are forgotten, or will be.
bool Simulation::all_know_each_other() const {
    const auto running = static_cast<std::size_t>(
        std::ranges::count_if(nodes_, [](const auto& node) { return node->runs(); }));
    return std::ranges::all_of(nodes_, [&](const auto& node) {
        if (!node->runs())
            return true;
        const auto shown = node->finder().dht().nodes();
        const auto there = std::ranges::count_if(shown, [&](const net::dht::ShownNode& one) {
            const auto who = numbers_.find(one.peer);
            return who != numbers_.end() && nodes_[who->second]->runs();
        });
        return static_cast<std::size_t>(there) >= std::min(running - 1, kMostKnown);
    });
}

void Simulation::pass_quietly() {
    const Clock::Duration told = scenario_.look + kTold;
    const Clock::Instant until = world_.loop.now() + std::max(scenario_.quiet, told);
    while (world_.loop.now() < until) {
        world_.loop.run_until([] { return false; },
                              std::min(until, world_.loop.now() + kLookAtProviders));
        step();
    }
}

/// Whoever asks is told of somebody who has it and is there, if there is one, whatever clocks say;
/// and by nobody of one who has left more than a day ago.
void Simulation::check_found() {
    for (const auto& node : nodes_) {
        if (!node->runs() || (nodes_.size() > kCrowd && node->number() % 8 != 1))
            continue;
        for (std::size_t goods = 0; goods < data_.size(); ++goods) {
            std::set<std::size_t> have;
            for (const auto& other : nodes_)
                if (other->runs() && other != node && !other->present(data_[goods]).empty())
                    have.insert(other->number() - 1U);
            const auto id = net::dht::Id::of_content(data_[goods].cid);
            const Clock::Instant until = world_.loop.now() + seconds(30);
            const auto found = run_task(world_.loop, node->finder().dht().find_providers(id, until),
                                        until + seconds(1));
            bool any = have.empty();
            if (found && *found)
                for (const net::dht::FoundProvider& one : **found)
                    any = any || have.contains(numbers_.at(one.record.peer));
            if (!any)
                say(fmt::format("node {} finds nobody who has goods {}, and {} others have it",
                                node->number(), goods, have.size()));
        }
    }
}

} // namespace codex::sim

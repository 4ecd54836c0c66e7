#include "simulation.hpp"

#include <algorithm>
#include <numeric>

namespace codex::sim {

using codex::test::must;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr Clock::Duration kStep = milliseconds(250);
/// A fetch is given so long.
constexpr Clock::Duration kPatience = minutes(10);
/// Without a block it ends, as FetchOptions has it by default; and some for what is on its way.
constexpr Clock::Duration kStalled = minutes(3) + seconds(30);
/// After the last fault: until all have what there is.
constexpr Clock::Duration kSettled = minutes(20);
constexpr std::size_t kNetworkBytes = std::size_t{4} << 20;
/// What one connection may read beyond the budget of all.
constexpr std::size_t kReadBytes = std::size_t{512} << 10;

/// What a fetch may end with while nobody lies.
bool is_to_be_expected(Errc code) {
    return code == Errc::dataset_not_found || code == Errc::block_not_found ||
           code == Errc::unavailable || code == Errc::timeout || code == Errc::no_space;
}

} // namespace

Simulation::Simulation(Scenario scenario, log::Logger logger)
    : scenario_(std::move(scenario)), world_(scenario_.seed, std::move(logger), scenario_.usual) {}

void Simulation::say(std::string failure) {
    outcome_.failures.push_back(fmt::format("seed {}, {} ms: {}", scenario_.seed,
                                            world_.loop.now().time_since_epoch() / milliseconds(1),
                                            failure));
}

void Simulation::set_up() {
    for (std::size_t i = 0; i < scenario_.nodes; ++i) {
        NodeOptions options;
        options.muxer = scenario_.muxers[i];
        options.limits.network_bytes = kNetworkBytes;
        options.server.look = options.look = scenario_.look;
        options.finds = scenario_.finds;
        options.skew = scenario_.finds ? scenario_.skews[i] : Clock::Duration::zero();
        nodes_.push_back(std::make_unique<Node>(world_, static_cast<std::uint8_t>(i + 1), options));
        if (scenario_.finds && i != 0)
            nodes_.back()->bootstrap_by(*nodes_.front());
        must(nodes_.back()->start());
        numbers_.emplace(nodes_.back()->id(), i);
    }
    for (const Wire& wire : scenario_.wires) {
        Node& one = *nodes_[wire.one];
        Node& other = *nodes_[wire.other];
        world_.internet.set_wire(one.ip(), other.ip(), wire.options);
        if (scenario_.finds)
            continue;
        one.know(other);
        other.know(one);
    }
    data_.reserve(scenario_.goods.size());
    for (const Goods& goods : scenario_.goods) {
        const Dataset& data =
            data_.emplace_back(goods.blocks, "goods " + std::to_string(data_.size()));
        for (const std::size_t holder : goods.holders)
            nodes_[holder]->store(data, {0, data.size()});
        for (const std::size_t fetcher : goods.fetchers)
            nodes_[fetcher]->want(data);
        ever_had_.emplace_back(goods.holders.begin(), goods.holders.end());
        ever_had_.back().insert(goods.fetchers.begin(), goods.fetchers.end());
    }
}

Outcome Simulation::run() {
    set_up();
    pass([this] { return next_event_ == scenario_.events.size() && later_.empty(); }, minutes(10));
    settling_ = true;
    if (!pass([this] { return is_settled(); }, kSettled))
        say("not all have what is within their reach");
    if (scenario_.finds) {
        if (!pass([this] { return all_know_each_other(); }, kSettled))
            say("not all know each other");
        pass_quietly();
        check_found();
    }
    check_end();
    for (const std::string& failure : world_.failures)
        say(failure);
    for (const auto& node : nodes_)
        for (const Wanted& wanted : node->wanted()) {
            outcome_.fetched += wanted.fetched;
            outcome_.duplicates += wanted.duplicates;
            outcome_.fetches += wanted.fetches;
        }
    nodes_.clear();
    outcome_.trace = world_.trace.hash();
    outcome_.events = world_.trace.events();
    outcome_.wire_bytes = world_.trace.bytes_sent();
    outcome_.took = world_.loop.now().time_since_epoch();
    return outcome_;
}

bool Simulation::pass(const std::function<bool()>& done, Clock::Duration span) {
    const Clock::Instant until = world_.loop.now() + span;
    while (!done()) {
        if (world_.loop.now() >= until)
            return false;
        world_.loop.run_until([] { return false; }, world_.loop.now() + kStep);
        step();
    }
    return true;
}

void Simulation::step() {
    const Clock::Instant now = world_.loop.now();
    while (!later_.empty() && later_.begin()->first <= now) {
        const auto what = std::move(later_.begin()->second);
        later_.erase(later_.begin());
        what();
    }
    for (; next_event_ < scenario_.events.size(); ++next_event_) {
        const Event& event = scenario_.events[next_event_];
        if (event.at > now.time_since_epoch())
            break;
        begin(event);
    }
    const bool look = scenario_.finds && now >= look_at_;
    for (const auto& node : nodes_) {
        node->step(now, kPatience);
        if (!node->runs())
            continue;
        last_alive_[node->number() - 1U] = now;
        watch(*node);
        if (look)
            watch_providers(*node);
    }
    if (look)
        look_at_ = now + kLookAtProviders;
}

void Simulation::watch(Node& node) {
    const Clock::Instant now = world_.loop.now();
    const std::size_t held = node.host().held_bytes();
    const std::size_t unsent = node.server().unsent_bytes();
    outcome_.most_held_bytes = std::max(outcome_.most_held_bytes, held);
    outcome_.most_unsent_bytes = std::max(outcome_.most_unsent_bytes, unsent);
    const std::size_t connections = node.host().connections().size();
    if (held > kNetworkBytes + connections * kReadBytes)
        say(fmt::format("node {} holds {} bytes", node.number(), held));
    const exchange::ServerOptions& server = node.options().server;
    if (unsent > server.all_unsent_bytes + connections * server.message_bytes)
        say(fmt::format("node {} has {} bytes unsent", node.number(), unsent));
    for (Wanted& wanted : node.wanted()) {
        if (wanted.failed && !is_to_be_expected(*wanted.failed))
            say(fmt::format("node {}: a fetch ended with {}", node.number(),
                            errc_name(*wanted.failed)));
        if (!wanted.fetch)
            continue;
        if (now > wanted.began + kPatience + seconds(2))
            say(fmt::format("node {}: a fetch goes on beyond its end", node.number()));
        if (now > wanted.grew + kStalled && now <= wanted.grew + kStalled + kStep)
            say(fmt::format("node {}: a fetch hangs", node.number()));
    }
}

void Simulation::start(Node& node) {
    if (node.runs() || node.has_left())
        return;
    if (scenario_.clocks_are_mended)
        node.set_skew(Clock::Duration::zero());
    auto started = node.start();
    if (started)
        return;
    if (started.error().code() != Errc::no_space)
        say(fmt::format("node {} does not start: {}", node.number(), started.error().text()));
    later(seconds(1), [this, &node] { start(node); });
}

void Simulation::later(Clock::Duration span, std::function<void()> what) {
    later_.emplace(world_.loop.now() + span, std::move(what));
}

void Simulation::cut(std::size_t one, std::size_t other, bool is_cut) {
    int& cuts = cuts_[std::minmax(one, other)];
    cuts += is_cut ? 1 : -1;
    world_.internet.set_cut(nodes_[one]->ip(), nodes_[other]->ip(), cuts > 0);
}

void Simulation::isolate(std::size_t node, bool is_cut) {
    for (std::size_t other = 0; other < nodes_.size(); ++other)
        if (other != node)
            cut(node, other, is_cut);
}

void Simulation::part(std::size_t below, bool is_cut) {
    for (std::size_t one = 0; one < below; ++one)
        for (std::size_t other = below; other < nodes_.size(); ++other)
            cut(one, other, is_cut);
}

void Simulation::lose_power(std::size_t node, Clock::Duration span) {
    isolate(node, true);
    nodes_[node]->kill();
    later(span, [this, node] {
        for (std::size_t other = 0; other < nodes_.size(); ++other)
            if (other != node)
                world_.internet.break_connections(nodes_[node]->ip(), nodes_[other]->ip());
        isolate(node, false);
        start(*nodes_[node]);
    });
}

void Simulation::begin(const Event& event) {
    world_.logger.notice(event.text());
    Node& node = *nodes_[event.node];
    switch (event.fault) {
    case Fault::kill:
        if (!node.runs())
            break;
        node.kill();
        later(event.lasts, [this, &node] { start(node); });
        break;
    case Fault::power_loss:
        if (node.runs())
            lose_power(event.node, event.lasts);
        break;
    case Fault::cut:
        cut(event.node, event.other, true);
        later(event.lasts, [this, event] { cut(event.node, event.other, false); });
        break;
    case Fault::partition:
        part(event.node, true);
        later(event.lasts, [this, event] { part(event.node, false); });
        break;
    case Fault::disconnect:
        world_.internet.break_connections(node.ip(), nodes_[event.other]->ip());
        break;
    case Fault::disk_full:
        node.disk().full = ++full_[event.node] > 0;
        later(event.lasts,
              [this, event] { nodes_[event.node]->disk().full = --full_[event.node] > 0; });
        break;
    case Fault::leave:
        node.leave();
        break;
    }
}

std::vector<IndexSet> Simulation::within_reach(std::size_t goods) const {
    const Goods& of = scenario_.goods[goods];
    std::set<std::size_t> takes_part(of.holders.begin(), of.holders.end());
    takes_part.insert(of.fetchers.begin(), of.fetchers.end());
    std::erase_if(takes_part, [this](std::size_t node) { return !nodes_[node]->runs(); });
    if (scenario_.finds) { // all that run
        IndexSet all;
        std::vector<IndexSet> reach(nodes_.size());
        for (const auto& node : nodes_)
            if (node->runs())
                all.unite(node->present(data_[goods]));
        std::fill(reach.begin(), reach.end(), all);
        return reach;
    }
    std::vector<std::size_t> group(nodes_.size());
    std::iota(group.begin(), group.end(), 0);
    for (std::size_t round = 0; round < nodes_.size(); ++round)
        for (const Wire& wire : scenario_.wires)
            if (takes_part.contains(wire.one) && takes_part.contains(wire.other))
                group[wire.one] = group[wire.other] = std::min(group[wire.one], group[wire.other]);
    std::map<std::size_t, IndexSet> have;
    for (const std::size_t node : takes_part)
        have[group[node]].unite(nodes_[node]->present(data_[goods]));
    std::vector<IndexSet> reach(nodes_.size());
    for (const std::size_t node : takes_part)
        reach[node] = have[group[node]];
    return reach;
}

bool Simulation::is_settled() const {
    for (std::size_t goods = 0; goods < data_.size(); ++goods) {
        const std::vector<IndexSet> reach = within_reach(goods);
        for (const auto& node : nodes_) {
            if (!node->runs())
                continue;
            for (const Wanted& wanted : node->wanted()) {
                if (wanted.data != &data_[goods])
                    continue;
                const IndexSet& there = reach[node->number() - 1U];
                if (node->present(data_[goods]).size() != there.size())
                    return false;
                // Whoever cannot have all of it has been told so.
                if (there.size() == data_[goods].size() ? wanted.fetch != nullptr : !wanted.failed)
                    return false;
            }
        }
    }
    return true;
}

void Simulation::check_end() {
    for (const auto& node : nodes_)
        for (Wanted& wanted : node->wanted())
            wanted.given_up = true;
    const auto is_over = [this] {
        return std::all_of(nodes_.begin(), nodes_.end(), [](const auto& node) {
            return std::all_of(node->wanted().begin(), node->wanted().end(),
                               [](const Wanted& wanted) { return wanted.fetch == nullptr; });
        });
    };
    if (!pass(is_over, kPatience + seconds(5)))
        say("a fetch does not end");
    pass([] { return false; }, seconds(90)); // what is on its way arrives, or is given up
    for (const auto& node : nodes_) {
        if (!node->runs())
            continue;
        check_quiet(*node);
        check_repo(*node);
    }
}

void Simulation::check_quiet(Node& node) {
    if (node.host().held_bytes() != 0)
        say(fmt::format("node {} still holds {} bytes", node.number(), node.host().held_bytes()));
    if (node.server().unsent_bytes() != 0)
        say(fmt::format("node {} still has {} bytes unsent", node.number(),
                        node.server().unsent_bytes()));
    // Manifests that they were told to be here count as long as there is a connection.
    if (node.server().wants() > data_.size() * node.host().connections().size())
        say(fmt::format("node {} still has {} wants", node.number(), node.server().wants()));
}

void Simulation::check_repo(Node& node) {
    for (const std::string& problem : repo::test::problems(node.repo()))
        say(fmt::format("node {}: {}", node.number(), problem));
    std::map<std::string, std::uint64_t> there; // each block once, whatever datasets have it
    for (const Dataset& data : data_) {
        const IndexSet present = node.present(data);
        if (!present.empty())
            there[data.cid.text()] = data.manifest.size();
        for (std::uint64_t i = 0; i < data.size(); ++i) {
            if (!present.contains(i))
                continue;
            const auto bytes = node.repo().get(data.block(i));
            if (!bytes || !equal(*bytes, data.leaf(i).data))
                say(fmt::format("node {}: block {} is not what it was", node.number(), i));
            there[data.block(i).text()] = data.leaf(i).data.size();
        }
    }
    std::uint64_t bytes = 0;
    for (const auto& [cid, size] : there)
        bytes += size;
    const repo::Counters counters = must(node.repo().space()).counters;
    // A manifest may be there before the first of its blocks.
    if (counters.used_bytes < bytes || counters.used_bytes > bytes + data_.size() * 200)
        say(fmt::format("node {} has {} bytes of blocks in place of {}", node.number(),
                        counters.used_bytes, bytes));
}

} // namespace codex::sim

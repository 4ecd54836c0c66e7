#include "net/dht/lookup.hpp"

#include <algorithm>

namespace codex::net::dht {
namespace {

/// How far an address reaches; lower ones are reached only from where they are.
enum class Reach : std::uint8_t { none, host, net, all };

Reach reach_of(const SocketAddress& address) {
    const Multiaddr ip = Multiaddr::tcp(address.ip_view(), address.port);
    if (ip.is_loopback())
        return Reach::host;
    if (ip.is_private())
        return Reach::net;
    // Of others, too, that are not routed: tests and documents are full of them.
    const bool multicast = address.ip_bytes == 4 ? address.ip[0] >= 224 : address.ip[0] == 0xff;
    return ip.is_unspecified() || multicast ? Reach::none : Reach::all;
}

bool is_asked_for(const Body& question, const Id& teller, const Id& told) {
    const auto* asked = std::get_if<FindNode>(&question);
    if (asked == nullptr)
        return true;
    return std::find(asked->distances.begin(), asked->distances.end(),
                     log_distance(teller, told)) != asked->distances.end();
}

} // namespace

std::vector<std::uint16_t> distances_to_ask(const Id& target, const Id& node, std::size_t most) {
    const auto first = static_cast<std::uint16_t>(log_distance(target, node));
    std::vector<std::uint16_t> distances = {first};
    for (std::uint16_t step = 1; distances.size() < most && step <= kMaxDistance; ++step) {
        if (first + step <= kMaxDistance)
            distances.push_back(static_cast<std::uint16_t>(first + step));
        // To ask for 0 is to ask the node for itself.
        if (first > step && distances.size() < most)
            distances.push_back(static_cast<std::uint16_t>(first - step));
    }
    return distances;
}

std::vector<NodeRecord> usable_records(std::span<const Bytes> envelopes, const Endpoint& teller,
                                       const Body& asked, const Id& own, RecordCache& opened) {
    const std::size_t most =
        std::holds_alternative<FindNodeFast>(asked) ? kMaxNodesToldFast : kMaxNodesTold;
    std::vector<NodeRecord> usable;
    for (const Bytes& envelope : envelopes.first(std::min(envelopes.size(), most))) {
        auto record = opened.open(envelope);
        if (!record || record->id == own || record->id == teller.id ||
            !is_asked_for(asked, teller.id, record->id))
            continue;
        const auto address = udp_address(record->record);
        if (!address || reach_of(*address) == Reach::none ||
            reach_of(*address) < reach_of(teller.address))
            continue;
        const bool twice =
            std::any_of(usable.begin(), usable.end(),
                        [&record](const NodeRecord& before) { return before.id == record->id; });
        if (!twice)
            usable.push_back(std::move(*record));
    }
    return usable;
}

Lookup::Lookup(const Id& target, const Id& own, std::span<const NodeRecord> known, Asking asking,
               const LookupLimits& limits)
    : target_(target), own_(own), asking_(asking), limits_(limits), candidates_(Nearer{target}) {
    CODEX_ASSERT(limits.at_once != 0 && limits.closest != 0 && limits.distances != 0 &&
                 limits.candidates >= limits.closest && limits.questions != 0);
    for (const NodeRecord& record : known)
        add(record);
}

std::optional<Lookup::Question> Lookup::next() {
    if (in(State::asked) >= limits_.at_once)
        return std::nullopt;
    const auto at = next_to_ask();
    if (at == candidates_.end())
        return std::nullopt;
    Candidate& candidate = at->second;
    candidate.state = State::asked;
    ++asked_;
    Question question{candidate.record, FindNodeFast{target_}};
    if (asking_ == Asking::by_distances) {
        // The node of the target itself is asked for what is next to it.
        auto distances = distances_to_ask(target_, at->first, limits_.distances);
        if (distances[0] == 0)
            distances.erase(distances.begin());
        if (distances.empty())
            distances.push_back(1);
        question.body = FindNode{std::move(distances)};
    }
    return question;
}

void Lookup::slow(const Id& node) {
    const auto at = candidates_.find(node);
    if (at != candidates_.end() && at->second.state == State::asked)
        at->second.state = State::slow;
}

void Lookup::answered(const Id& node, std::span<const NodeRecord> records) {
    const auto at = candidates_.find(node);
    if (at != candidates_.end())
        at->second.state = State::answered;
    for (const NodeRecord& record : records)
        add(record);
}

void Lookup::failed(const Id& node) {
    if (candidates_.erase(node) != 0)
        failed_.insert(node);
}

bool Lookup::is_done() const {
    if (in(State::asked) != 0)
        return false;
    if (next_to_ask() != candidates_.end())
        return false;
    // Of those that take long only such are waited for as are among the nearest.
    std::size_t nearest = 0;
    for (const auto& [id, candidate] : candidates_) {
        if (nearest++ == limits_.closest)
            break;
        if (candidate.state == State::slow)
            return false;
    }
    return true;
}

std::vector<NodeRecord> Lookup::closest() const {
    std::vector<NodeRecord> nearest;
    for (const auto& [id, candidate] : candidates_)
        if (candidate.state == State::answered && nearest.size() < limits_.closest)
            nearest.push_back(candidate.record);
    return nearest;
}

std::optional<NodeRecord> Lookup::target_record() const {
    const auto at = candidates_.find(target_);
    return at == candidates_.end() ? std::nullopt : std::optional(at->second.record);
}

void Lookup::add(const NodeRecord& record) {
    const auto address = udp_address(record.record);
    if (!address || record.id == own_ || failed_.contains(record.id))
        return;
    const auto [at, is_new] = candidates_.try_emplace(record.id, Candidate{record, *address});
    if (!is_new && at->second.state == State::told &&
        at->second.record.record.sequence < record.record.sequence)
        at->second = Candidate{record, *address};
    // What is asked may be far away by now, and is waited for all the same.
    for (auto last = candidates_.end(); candidates_.size() > limits_.candidates;) {
        if (last == candidates_.begin())
            break;
        --last;
        if (last->second.state != State::asked)
            last = candidates_.erase(last);
    }
}

std::size_t Lookup::in(State state) const {
    return static_cast<std::size_t>(
        std::count_if(candidates_.begin(), candidates_.end(),
                      [state](const auto& entry) { return entry.second.state == state; }));
}

/// The nearest that was not asked, of as many as are looked for.
Lookup::Candidates::const_iterator Lookup::next_to_ask() const {
    if (asked_ >= limits_.questions)
        return candidates_.end();
    std::size_t nearest = 0;
    for (auto at = candidates_.begin(); at != candidates_.end() && nearest < limits_.closest;
         ++at, ++nearest)
        if (at->second.state == State::told)
            return at;
    return candidates_.end();
}

Lookup::Candidates::iterator Lookup::next_to_ask() {
    const auto at = static_cast<const Lookup*>(this)->next_to_ask();
    return at == candidates_.end() ? candidates_.end() : candidates_.find(at->first);
}

} // namespace codex::net::dht

#include "net/dht/detail/pending.hpp"

#include <algorithm>

namespace codex::net::dht {
namespace {

using detail::kAgain;
using detail::kAnswer;

/// Counts as long as it is there.
class UnderWay {
public:
    explicit UnderWay(std::size_t& count) : count_(count) { ++count_; }
    UnderWay(const UnderWay&) = delete;
    UnderWay& operator=(const UnderWay&) = delete;
    ~UnderWay() { --count_; }

private:
    std::size_t& count_;
};

} // namespace

Result<void> Dht::send(const Contact& to, const Message& message) {
    CODEX_TRY(out, transport_.send(to, message, loop_.now()));
    take(std::move(out), Urgency::request);
    sent_.notify();
    return {};
}

Result<Message> Dht::new_request(Body body) {
    std::array<std::uint8_t, RequestId::kMaxBytes> number{};
    CODEX_CHECK(random_.fill(number));
    CODEX_TRY(id, RequestId::from_bytes(number));
    ++counters_.requests_out;
    return Message{id, std::move(body)};
}

/// One question and its answer. Errors: timeout; unsupported, when the node has no address; those
/// of Transport::send().
Task<Result<Body>> Dht::request(Dht* dht, NodeRecord to, Body body, Clock::Instant until,
                                detail::Walk* walk) {
    const auto address = udp_address(to.record);
    if (!address)
        co_return fail(Errc::unsupported, "{} has no address of UDP", to.record.peer.text());
    const Contact contact{{to.id, *address}, to.key};
    const bool for_nodes =
        std::holds_alternative<FindNode>(body) || std::holds_alternative<FindNodeFast>(body);
    auto message = dht->new_request(std::move(body));
    if (!message)
        co_return fail(std::move(message.error()));
    detail::Pending pending(*dht, contact.endpoint, message->id, message->body);
    auto sent = dht->send(contact, *message);
    if (!sent)
        co_return fail(std::move(sent.error()));

    Signal& answer_came = pending.changed();
    const Clock::Instant begun = dht->loop_.now();
    const Clock::Instant end = std::min(until, begun + kAnswer);
    bool again = false;
    while (!pending.is_over() && dht->loop_.now() < end) {
        const Clock::Instant next = again ? end : std::min(begun + kAgain, end);
        const auto changed = co_await answer_came.wait(next);
        static_cast<void>(changed);
        if (pending.is_over() || again || dht->loop_.now() < begun + kAgain)
            continue;
        again = true;
        if (walk != nullptr) {
            walk->lookup.slow(to.id);
            walk->changed.notify();
        }
        // What cannot be sent now is waited for as what was lost.
        static_cast<void>(dht->send(contact, *message));
    }
    if (!pending.answer()) {
        // Who had less than all of the time has missed nothing.
        if (end == begun + kAnswer)
            dht->missed(to, contact.endpoint, for_nodes);
        co_return fail(Errc::timeout, "{} gives no answer", address->text());
    }
    dht->answered(to, contact.endpoint, pending);
    co_return *pending.answer();
}

/// `asked` is what the request went by.
void Dht::missed(const NodeRecord& asked, const Endpoint& node, bool asked_for_nodes) {
    ++counters_.requests_missed;
    const TableNode* const known = table_.node(node.id);
    std::optional<NodeRecord> record;
    if (known != nullptr)
        record = known->record;
    else if (transport_.has_session(node))
        note_lost(asked); // its answer was lost, and in that session it shows its record no more
    if (!table_.missed(node, asked_for_nodes))
        return;
    if (record)
        note_lost(std::move(*record));
    table_log_.debug("Removed node from the routing table",
                     {{"address", node.address.text()}, {"nodes", table_.size()}});
    shrunk_.notify();
    hearsay_.notify(); // a spare may have a place now
}

void Dht::note_lost(NodeRecord node) {
    std::erase_if(lost_, [&](const NodeRecord& other) { return other.id == node.id; });
    if (lost_.size() == kMostLost)
        lost_.pop_front();
    lost_.push_back(std::move(node));
}

/// A node that was lost has said something. It may have lost nobody: then it has no reason to show
/// again where it is, and would speak for ever to one that does not know it.
void Dht::take_back(const Endpoint& node) {
    const auto found = std::ranges::find(lost_, node.id, &NodeRecord::id);
    if (found == lost_.end() || udp_address(found->record) != node.address)
        return;
    const NodeRecord record = std::move(*found);
    lost_.erase(found);
    proved(record);
}

void Dht::answered(const NodeRecord& node, const Endpoint& at, const detail::Pending& pending) {
    ++counters_.requests_answered;
    if (!pending.is_from_there())
        return;
    proved(node);
    table_.answered(at, loop_.now());
    const auto* pong = std::get_if<Pong>(&*pending.answer());
    if (pong == nullptr)
        return;
    seen_.heard(at.address, pong->seen);
    if (pong->sequence > node.record.sequence && refreshing_ < kMostRefreshed)
        tasks_.start(refresh(this, node));
}

Task<void> Dht::ask(Dht* dht, detail::Walk* walk, NodeRecord to, Body body, Clock::Instant until) {
    const Id id = to.id;
    const auto at = udp_address(to.record);
    const Body asked = body;
    const auto answer = co_await request(dht, std::move(to), std::move(body), until, walk);
    if (answer) {
        const auto* nodes = std::get_if<Nodes>(&*answer);
        const Endpoint teller{id, *at};
        const auto usable = usable_records(nodes->records, teller, asked, dht->id_, dht->opened_);
        walk->lookup.answered(id, usable);
        for (const NodeRecord& record : usable)
            dht->heard(record);
    } else {
        walk->lookup.failed(id);
    }
    walk->changed.notify();
}

/// Errors: timeout, when nobody was asked by `until`, though there is somebody.
Task<Result<std::vector<NodeRecord>>> Dht::walk(Dht* dht, Id target, Clock::Instant until,
                                                Asking asking) {
    while (dht->walks_ >= dht->options_.lookups && dht->loop_.now() < until) {
        const auto ended = co_await dht->walk_ended_.wait(until);
        static_cast<void>(ended);
    }
    if (dht->loop_.now() >= until)
        co_return fail(Errc::timeout, "no node of the DHT was asked in time");
    const WalkCount counted(*dht);
    std::vector<NodeRecord> known;
    for (const TableNode* node : dht->table_.closest(target, dht->options_.lookup.candidates))
        known.push_back(node->record);
    const auto on_thrown = [dht](const std::exception_ptr& thrown) { dht->task_threw(thrown); };
    detail::Walk walk(dht->loop_, Lookup(target, dht->id_, known, asking, dht->options_.lookup),
                      on_thrown);
    for (;;) {
        while (auto question = walk.lookup.next())
            walk.asking.start(
                ask(dht, &walk, std::move(question->to), std::move(question->body), until));
        if (walk.lookup.is_done() || dht->loop_.now() >= until)
            break;
        const auto changed = co_await walk.changed.wait(until);
        static_cast<void>(changed);
    }
    co_return walk.lookup.closest();
}

Task<Result<std::vector<NodeRecord>>> Dht::lookup(Id target, Clock::Instant until, Asking asking) {
    while (!joined_ && loop_.now() < until) {
        const auto changed = co_await joined_changed_.wait(until);
        static_cast<void>(changed);
    }
    co_return co_await walk(this, target, until, asking);
}

/// As lookup(). Who wants something looks for it again and again, and then provides it: that of a
/// moment ago does, where it found as many as are looked for.
Task<Result<std::vector<NodeRecord>>> Dht::nearest_to(Dht* dht, Id content, Clock::Instant until) {
    const auto known = dht->nearest_.find(content);
    if (known != dht->nearest_.end() && dht->loop_.now() < known->second.until)
        co_return known->second.nodes;
    auto nodes = co_await dht->lookup(content, until, Asking::by_distances);
    if (nodes && nodes->size() >= dht->options_.lookup.closest)
        dht->keep_nearest(content, *nodes);
    co_return nodes;
}

void Dht::keep_nearest(const Id& content, const std::vector<NodeRecord>& nodes) {
    std::erase_if(nearest_,
                  [now = loop_.now()](const auto& one) { return one.second.until <= now; });
    if (nearest_.size() >= kMostNearest)
        nearest_.erase(std::ranges::min_element(nearest_, {},
                                                [](const auto& one) { return one.second.until; }));
    nearest_.insert_or_assign(content, Nearest{nodes, loop_.now() + kNearestFor});
}

Task<void> Dht::ask_providers(Dht* dht, NodeRecord node, Id content, Clock::Instant until,
                              std::vector<Bytes>* found) {
    Body body = GetProviders{content};
    const auto answer = co_await request(dht, std::move(node), std::move(body), until);
    if (!answer) {
        dht->nearest_.erase(content); // others are next to it, if this one has gone
        co_return;
    }
    const auto* providers = std::get_if<Providers>(&*answer);
    for (const Bytes& envelope : providers->records)
        if (std::find(found->begin(), found->end(), envelope) == found->end() &&
            found->size() < kMostFound)
            found->push_back(envelope);
}

Task<Result<std::vector<FoundProvider>>> Dht::find_providers(Id content, Clock::Instant until,
                                                             std::size_t* answered) {
    ++counters_.searches;
    const UnderWay searching(counters_.searching);
    CODEX_CO_TRY(nearest, nearest_to(this, content, until));
    if (answered != nullptr)
        *answered = nearest.size();
    std::vector<Bytes> envelopes;
    for (Provider& provider : providers_.find(content, kMostFound, loop_.clock().unix_seconds()))
        envelopes.push_back(std::move(provider.envelope));
    const auto on_thrown = [this](const std::exception_ptr& thrown) { task_threw(thrown); };
    TaskGroup asking(loop_, on_thrown);
    for (NodeRecord& node : nearest)
        asking.start(ask_providers(this, std::move(node), content, until, &envelopes));
    Signal& one_ended = asking.ended();
    while (asking.size() != 0) {
        const auto ended = co_await one_ended.wait();
        static_cast<void>(ended);
    }
    std::vector<FoundProvider> found;
    for (const Bytes& envelope : envelopes)
        add_found(found, envelope);
    co_return found;
}

/// Of several records of one peer the newest.
void Dht::add_found(std::vector<FoundProvider>& found, BytesView envelope) {
    // Most are nodes', and were found before; others have a key of another kind.
    auto node = opened_.open(envelope);
    auto record = node ? Result<PeerRecord>(std::move(node->record)) : open_peer_record(envelope);
    if (!record || record->peer == record_.record.peer)
        return;
    FoundProvider provider{std::move(*record), Bytes(envelope.begin(), envelope.end())};
    for (FoundProvider& other : found) {
        if (other.record.peer != provider.record.peer)
            continue;
        if (other.record.sequence < provider.record.sequence)
            other = std::move(provider);
        return;
    }
    found.push_back(std::move(provider));
}

Task<Result<std::size_t>> Dht::provide(Id content, Bytes envelope, Clock::Instant until) {
    const auto record = open_node_record(envelope);
    if (!record || record->id != id_)
        co_return fail(Errc::record_invalid, "this is no record of {}", record_.record.peer.text());
    const UnderWay providing(counters_.providing);
    CODEX_CO_TRY(nearest, nearest_to(this, content, until));
    std::size_t told = 0;
    for (const NodeRecord& node : nearest) {
        const Contact to{{node.id, *udp_address(node.record)}, node.key};
        const auto message = new_request(AddProvider{content, envelope});
        told += message && send(to, *message) ? 1 : 0;
    }
    // Who is next to it is asked for it, this node, too.
    if (nearest.size() < options_.lookup.closest || is_nearer(content, id_, nearest.back().id)) {
        const std::uint64_t now = loop_.clock().unix_seconds();
        told += providers_.add(content, *record, Source(), now + kProviderSeconds, now) ? 1 : 0;
    }
    co_return told;
}

Task<Result<NodeRecord>> Dht::find_node(Id node, Clock::Instant until) {
    if (const TableNode* known = table_.node(node))
        co_return known->record;
    CODEX_CO_TRY(nearest, lookup(node, until, Asking::by_distances));
    for (const NodeRecord& one : nearest)
        if (one.id == node)
            co_return one;
    co_return fail(Errc::not_found, "nobody knows a node of the DHT with the id {}", node.text());
}

Task<Result<Clock::Duration>> Dht::ping(NodeRecord node, Clock::Instant until) {
    const Clock::Instant begun = loop_.now();
    Body body = Ping{record_.record.sequence};
    CODEX_CO_TRY(pong, request(this, std::move(node), std::move(body), until));
    static_cast<void>(pong);
    co_return loop_.now() - begun;
}

} // namespace codex::net::dht

#include "net/dht/detail/pending.hpp"

namespace codex::net::dht {
namespace {

/// Datagrams that are taken before others have their turn; each costs a signature at most.
constexpr std::size_t kAtOnce = 64;
/// After an error of the socket that is not its end.
constexpr Clock::Duration kErrorPause = std::chrono::milliseconds(100);

} // namespace

Task<void> Dht::send_loop(Dht* dht) {
    Outbox* box = &dht->outbox_;
    co_await Outbox::run(box);
}

Task<void> Dht::receive_loop(Dht* dht) {
    Bytes buffer(kMaxDatagramBytes);
    for (;;) {
        const auto readable = co_await dht->socket_->readable(Clock::Instant::max());
        if (!readable && readable.error().code() == Errc::cancelled)
            co_return;
        bool failed = !readable;
        for (std::size_t i = 0; i < kAtOnce && !failed; ++i) {
            const auto arrived = dht->socket_->try_receive(buffer);
            failed = !arrived;
            if (failed || !*arrived)
                break;
            const std::size_t size = std::min(buffer.size(), (*arrived)->bytes);
            dht->receive(BytesView(buffer).first(size), (*arrived)->from);
        }
        const Clock::Instant next = failed ? dht->loop_.now() + kErrorPause : Clock::Instant::min();
        co_await dht->loop_.pause_until(next);
    }
}

/// One datagram. Whatever is wrong with it concerns it alone.
void Dht::receive(BytesView datagram, const SocketAddress& from) {
    ++counters_.packets_in;
    counters_.bytes_in += datagram.size();
    const Clock::Instant now = loop_.now();
    try {
        if (!gate_.allow(PacketCost::little, from, now)) {
            ++counters_.packets_refused;
            return;
        }
        const auto packet = open_packet(id_, datagram);
        if (!packet) {
            ++counters_.packets_wrong;
            counters_.bytes_wrong += datagram.size();
            return;
        }
        const bool handshake = std::holds_alternative<HandshakeHead>(packet->head);
        if (handshake && !gate_.allow(PacketCost::handshake, from, now)) {
            ++counters_.packets_refused;
            return;
        }
        auto out = transport_.receive(*packet, from, now);
        if (!out) {
            ++counters_.packets_wrong;
            counters_.bytes_wrong += datagram.size();
            log_.trace("Dropping packet", {{"from", from.text()}, {"error", out.error()}});
            return;
        }
        if (handshake)
            gate_.proved(from, now);
        take(std::move(*out), Urgency::answer);
    } catch (...) {
        task_threw(std::current_exception());
    }
}

void Dht::take(Output out, Urgency urgency) {
    for (Datagram& datagram : out.datagrams)
        outbox_.send(std::move(datagram), urgency);
    for (const NodeRecord& record : out.learned)
        proved(record);
    for (const Received& received : out.messages)
        take_message(received);
    if (!out.datagrams.empty())
        sent_.notify();
}

void Dht::take_message(const Received& received) {
    const std::size_t before = table_.size();
    table_.spoke(received.from, loop_.now());
    if (table_.size() > before)
        grown_.notify();
    if (!lost_.empty() && table_.node(received.from.id) == nullptr)
        take_back(received.from);
    const Body& body = received.message.body;
    if (std::holds_alternative<Pong>(body) || std::holds_alternative<Nodes>(body) ||
        std::holds_alternative<Providers>(body) || std::holds_alternative<TalkResponse>(body))
        take_answer(received);
    else
        answer(received);
}

void Dht::take_answer(const Received& received) {
    const auto waiting = pending_.find({received.from.id, received.message.id});
    if (waiting == pending_.end() || !waiting->second->take(received))
        ++counters_.unsolicited;
}

Task<void> Dht::tick_loop(Dht* dht) {
    for (;;) {
        const auto next = dht->transport_.next_tick().value_or(Clock::Instant::max());
        if (next > dht->loop_.now()) {
            const auto sent = co_await dht->sent_.wait(next);
            static_cast<void>(sent);
            continue;
        }
        auto out = dht->transport_.tick(dht->loop_.now());
        if (out)
            dht->take(std::move(*out), Urgency::request);
        co_await dht->loop_.next_turn();
    }
}

namespace detail {
namespace {

/// Which alternative of Body answers this one.
std::size_t answer_of(const Body& asked) {
    if (std::holds_alternative<Ping>(asked))
        return Body(Pong{}).index();
    if (std::holds_alternative<TalkRequest>(asked))
        return Body(TalkResponse{}).index();
    if (std::holds_alternative<GetProviders>(asked))
        return Body(Providers{}).index();
    return Body(Nodes{}).index();
}

} // namespace

Pending::Pending(Dht& dht, const Endpoint& to, const RequestId& id, const Body& asked)
    : dht_(dht), to_(to), id_(id), expected_(answer_of(asked)), changed_(dht.loop_) {
    const bool is_new = dht_.pending_.emplace(Dht::PendingKey{to.id, id}, this).second;
    CODEX_ASSERT(is_new);
}

Pending::~Pending() {
    dht_.pending_.erase({to_.id, id_});
}

bool Pending::take(const Received& received) {
    if (over_ || received.message.body.index() != expected_)
        return false;
    from_there_ = received.from == to_;
    if (const auto* nodes = std::get_if<Nodes>(&received.message.body)) {
        over_ = take_nodes(*nodes);
    } else {
        answer_ = received.message.body;
        over_ = true;
    }
    changed_.notify();
    return true;
}

/// Adds a part; whether that was the last of those that are looked at.
bool Pending::take_nodes(const Nodes& part) {
    if (!answer_)
        answer_ = Body(Nodes{part.total, {}});
    auto& all = std::get<Nodes>(*answer_);
    ++parts_;
    for (const Bytes& record : part.records)
        if (all.records.size() < kMaxNodesTold)
            all.records.push_back(record);
    return parts_ >= all.total || parts_ >= kMaxNodesTold || all.records.size() >= kMaxNodesTold;
}

} // namespace detail
} // namespace codex::net::dht

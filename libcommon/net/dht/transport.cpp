#include "net/dht/transport.hpp"

namespace codex::net::dht {
namespace {

/// As long as the shortest message with its tag, so that it looks like one.
constexpr std::size_t kCallBytes = 20;

Result<Bytes> encode_bounded(const Message& message) {
    Bytes bytes = encode(message);
    if (bytes.size() > kMaxPlainBytes)
        return fail(Errc::limit_exceeded, "a message of {} bytes is longer than {}", bytes.size(),
                    kMaxPlainBytes);
    return bytes;
}

} // namespace

Transport::Transport(const SecretKey& identity, SecretRandom& random, const KnownNodes& known,
                     const TransportLimits& limits)
    : identity_(identity), random_(random), known_(known), limits_(limits),
      id_(Id::of_peer(PeerId(identity.public_key()))), sessions_(limits.sessions),
      challenges_(limits.challenges, limits.challenge), requests_(limits.requests, limits.request),
      calls_(limits.calls, limits.call) {}

void Transport::set_record(Bytes envelope, std::uint64_t sequence) {
    record_ = std::move(envelope);
    sequence_ = sequence;
}

Result<Output> Transport::send(const Contact& to, const Message& request, Clock::Instant now) {
    CODEX_ASSERT(to.key.kind() == KeyKind::secp256k1 &&
                 to.endpoint.id == Id::of_peer(PeerId(to.key)));
    CODEX_TRY(message, encode_bounded(request));
    Output out;
    if (const SessionKey* key = sessions_.write_key(to.endpoint)) {
        CODEX_TRY(nonce, seal(to.endpoint, *key, message, out));
        requests_.put(nonce, Request{to, std::move(message)}, now);
        return out;
    }
    Waiting behind{std::move(message), now + limits_.request};
    if (Call* under_way = calls_.find(to.endpoint, now)) {
        if (under_way->waiting.size() >= limits_.messages_per_call)
            return fail(Errc::limit_exceeded, "{} messages wait for an answer from {} already",
                        under_way->waiting.size(), to.endpoint.address.text());
        under_way->waiting.push_back(std::move(behind));
        return out;
    }
    std::deque<Waiting> waiting;
    if (auto over = calls_.take(to.endpoint))
        waiting = std::move(over->waiting);
    waiting.push_back(std::move(behind));
    CODEX_CHECK(call(to, std::move(waiting), now, out));
    return out;
}

Result<Output> Transport::reply(const Endpoint& to, const Message& answer) {
    CODEX_TRY(message, encode_bounded(answer));
    const SessionKey* key = sessions_.write_key(to);
    if (key == nullptr)
        return fail(Errc::unavailable, "there is no key any more for {}", to.address.text());
    Output out;
    CODEX_CHECK(seal(to, *key, message, out));
    return out;
}

Result<Output> Transport::tick(Clock::Instant now) {
    while (challenges_.take_over(now)) {
    }
    while (requests_.take_over(now)) {
    }
    Output out;
    while (auto over = calls_.take_over(now))
        CODEX_CHECK(call(over->to, std::move(over->waiting), now, out));
    return out;
}

std::optional<Clock::Instant> Transport::next_tick() const {
    std::optional<Clock::Instant> first;
    for (const auto& end : {challenges_.next_end(), requests_.next_end(), calls_.next_end()})
        if (end && (!first || *end < *first))
            first = end;
    return first;
}

Transport::Held Transport::held() const {
    return {sessions_.size(), challenges_.size(), requests_.size(), calls_.size()};
}

/// Sends a packet without a message, whose challenge the first of those that wait will answer.
Result<void> Transport::call(const Contact& to, std::deque<Waiting> waiting, Clock::Instant now,
                             Output& out) {
    while (!waiting.empty() && waiting.front().until <= now)
        waiting.pop_front();
    if (waiting.empty())
        return {};
    CODEX_TRY(numbers, fresh());
    Bytes nothing(kCallBytes);
    CODEX_CHECK(random_.fill(nothing));
    const Bytes header = make_header(numbers.masking_iv, numbers.nonce, OrdinaryHead{id_});
    out.datagrams.push_back({to.endpoint.address, make_datagram(to.endpoint.id, header, nothing)});
    requests_.put(numbers.nonce, Request{to, std::move(waiting.front().message)}, now);
    waiting.pop_front();
    calls_.put(to.endpoint, Call{to, std::move(waiting)}, now);
    return {};
}

/// What had to wait for the keys that are there now.
Result<void> Transport::send_waiting(const Endpoint& to, Clock::Instant now, Output& out) {
    auto over = calls_.take(to);
    if (!over)
        return {};
    for (Waiting& waiting : over->waiting) {
        const SessionKey* key = sessions_.write_key(to);
        if (waiting.until <= now || key == nullptr)
            continue;
        CODEX_TRY(nonce, seal(to, *key, waiting.message, out));
        requests_.put(nonce, Request{over->to, std::move(waiting.message)}, now);
    }
    return {};
}

/// Sends an ordinary packet; gives its nonce.
Result<Nonce> Transport::seal(const Endpoint& to, const SessionKey& key, BytesView message,
                              Output& out) {
    CODEX_TRY(numbers, fresh());
    const Bytes header = make_header(numbers.masking_iv, numbers.nonce, OrdinaryHead{id_});
    out.datagrams.push_back(
        {to.address,
         make_datagram(to.id, header, seal_message(key, numbers.nonce, header, message))});
    return numbers.nonce;
}

Result<Transport::Fresh> Transport::fresh() {
    Fresh numbers;
    CODEX_CHECK(random_.fill(numbers.nonce));
    CODEX_CHECK(random_.fill(numbers.masking_iv));
    return numbers;
}

} // namespace codex::net::dht

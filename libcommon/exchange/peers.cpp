#include "exchange/peers.hpp"

#include "exchange/detail/host_carrier.hpp"
#include "exchange/detail/peers_impl.hpp"
#include "exchange/plan/figures.hpp"

#include <algorithm>

namespace codex::exchange {

namespace {

/// Runs of blocks of one peer, so that many fetches that end at once cost little.
constexpr std::size_t kMostWithdrawn = 1024;

void count_lists(const Message& message, ExchangeCounts& counts) {
    bool haves = false;
    bool blocks = false;
    for (const Want& want : message.wants)
        if (!want.cancel)
            (want.type == WantType::have ? haves : blocks) = true;
    counts.have_lists_sent += haves ? 1 : 0;
    counts.block_lists_sent += blocks ? 1 : 0;
}

} // namespace

Peers::Peers(net::Host& host, PeersOptions options)
    : impl_(std::make_shared<Impl>(host.loop(), &host, std::move(options))) {
    impl_->host_carrier = std::make_unique<detail::HostCarrier>(host);
    impl_->attach(*impl_->host_carrier);
}

Peers::Peers(EventLoop& loop, PeersOptions options)
    : impl_(std::make_shared<Impl>(loop, nullptr, std::move(options))) {}

Peers::~Peers() {
    impl_->close();
}

void Peers::add(PeerEvents& events) {
    impl_->events.push_back(&events);
    for (const PeerId& peer : all())
        events.joined(peer);
}

void Peers::remove(PeerEvents& events) {
    std::erase(impl_->events, &events);
    impl_->pending.erase(&events);
    for (const auto& [id, peer] : impl_->peers)
        peer->open.erase(&events);
}

void Peers::attach(Carrier& carrier) {
    impl_->attach(carrier);
}

EventLoop& Peers::loop() const {
    return impl_->loop;
}

net::Host* Peers::host() const {
    return impl_->host;
}

void Peers::count_limit(net::Limit limit, std::string_view whom) {
    impl_->count_limit(limit, whom);
}

const net::LimitCounts& Peers::limit_counts() const {
    return impl_->host != nullptr ? impl_->host->limit_counts() : impl_->own_counts;
}

std::vector<PeerId> Peers::all() const {
    std::vector<PeerId> ids;
    for (const auto& [id, peer] : impl_->peers)
        ids.push_back(id);
    return ids;
}

bool Peers::has(const PeerId& peer) const {
    return impl_->peers.contains(peer);
}

void Peers::send(const PeerId& peer, const Message& message) {
    const auto to = impl_->find(peer);
    if (!to)
        return;
    count_lists(message, impl_->counts);
    Bytes framed = net::exchange::encode_framed(message);
    if (to->small.unsent_small + framed.size() > impl_->options.unsent_bytes) {
        impl_->count_limit(net::Limit::exchange_unsent, peer.text());
        return;
    }
    impl_->push(to, to->small, RawBytes(framed.begin(), framed.end()), nullptr, 1);
}

std::shared_ptr<void> Peers::expect_blocks(std::size_t bytes) {
    const auto at = impl_->expected.insert(bytes);
    return {nullptr, [impl = impl_, at](void*) { impl->expected.erase(at); }};
}

std::size_t Peers::unsent(const PeerId& peer) const {
    const auto found = impl_->find(peer);
    return found ? found->small.unsent_small : 0;
}

Task<Result<void>> Peers::send_blocks(PeerId peer, RawBytes framed, std::size_t messages) {
    const auto to = impl_->find(peer);
    if (!to)
        co_return fail(Errc::not_found, "{}: not connected", peer.text());
    const auto fate = std::make_shared<detail::Fate>(impl_->loop);
    impl_->push(to, to->bulk(), std::move(framed), fate, messages);
    while (!fate->over) {
        co_await fate->changed.wait();
    }
    if (fate->error)
        co_return fail(std::move(*fate->error));
    co_return Result<void>();
}

std::size_t Peers::unsent_blocks(const PeerId& peer) const {
    const auto found = impl_->find(peer);
    return found ? found->bulk().unsent_blocks : 0;
}

Signal& Peers::sent() {
    return impl_->sent;
}

void Peers::read_on(const PeerId& peer) {
    if (const auto found = impl_->find(peer))
        found->read_on.notify();
}

void Peers::note_withdrawn(const PeerId& peer, const BlockAddress& first, std::uint64_t count) {
    const auto of = impl_->find(peer);
    if (!of)
        return;
    const Clock::Instant now = impl_->loop.now();
    while (!of->withdrawn.empty() &&
           (of->withdrawn.size() >= kMostWithdrawn || of->withdrawn.front().until < now))
        of->withdrawn.pop_front();
    of->withdrawn.push_back({first, count, now + plan::kCancelledMayCome});
}

bool Peers::was_withdrawn(const PeerId& peer, const BlockAddress& address) const {
    const auto of = impl_->find(peer);
    return of && of->was_withdrawn(address, impl_->loop.now());
}

void Peers::note_open(const PeerId& peer, const PeerEvents& who, std::size_t bytes) {
    if (const auto of = impl_->find(peer))
        of->open[&who] = bytes;
}

std::size_t Peers::may_open(const PeerId& peer, const PeerEvents& who,
                            std::size_t block_bytes) const {
    const std::size_t all = impl_->options.open_bytes;
    const auto of = impl_->find(peer);
    if (!of)
        return all;
    std::size_t askers = 1;
    std::size_t elsewhere = 0;
    for (const auto& [other, bytes] : of->open)
        if (other != &who) {
            ++askers;
            elsewhere += bytes;
        }
    const std::size_t part = std::max(all / askers, block_bytes);
    if (elsewhere == 0)
        return part;
    return std::min(part, all - std::min(all, elsewhere));
}

bool Peers::asks_alone(const PeerEvents& who) const {
    return std::ranges::all_of(impl_->pending, [&](const auto& one) { return one.first == &who; });
}

void Peers::note_pending(const PeerEvents& who, std::size_t blocks) {
    impl_->pending[&who] = blocks;
}

std::size_t Peers::pending() const {
    std::size_t all = 0;
    for (const auto& [who, blocks] : impl_->pending)
        all += blocks;
    return all;
}

const ExchangeCounts& Peers::counts() const {
    return impl_->counts;
}

ExchangeCounts& Peers::counts() {
    return impl_->counts;
}

void Peers::count_thrown(const std::exception_ptr& thrown) noexcept {
    impl_->count_thrown(thrown);
}

void Peers::drop(const PeerId& peer, std::string_view why) {
    impl_->drop(peer, why);
}

void Peers::set_limits(const PeersOptions& options) {
    impl_->options.decode = options.decode;
    impl_->options.input_bytes = options.input_bytes;
    impl_->options.unsent_bytes = options.unsent_bytes;
    impl_->options.unasked = options.unasked;
}

Traffic Peers::traffic(const PeerId& peer) const {
    const auto found = impl_->find(peer);
    return found ? found->traffic : Traffic();
}

} // namespace codex::exchange

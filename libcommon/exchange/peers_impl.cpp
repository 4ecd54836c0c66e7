#include "exchange/detail/peers_impl.hpp"

#include "exchange/detail/thrown.hpp"
#include "exchange/plan/figures.hpp"

#include <algorithm>

namespace codex::exchange {

using detail::Fate;
using detail::Lane;
using detail::Peer;

namespace {

/// Streams that a peer takes one after the other without reading a message from them.
constexpr int kMostInVain = 3;

/// What a stream holds of a part that has not come whole counts for its peer.
class Held {
public:
    explicit Held(Peer& peer) : peer_(peer) {}
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() { peer_.held_bytes -= bytes_; }
    void set(std::size_t bytes) {
        peer_.held_bytes += bytes - bytes_;
        bytes_ = bytes;
    }

private:
    Peer& peer_;
    std::size_t bytes_ = 0;
};

} // namespace

/// What a stream says goes to all that listen, as long as its peer is there: one of them may drop
/// it. Threads: the loop's.
class Peers::Impl::Told final : public net::exchange::MessageEvents {
public:
    Told(Impl& of, Peer& peer) : of_(of), peer_(peer) {}

    /// The stream is at its end, and so is a list that has none.
    ~Told() override {
        try {
            if (in_list_)
                wants_end(false);
        } catch (...) { // what is in the list is looked at with the next one
            of_.count_thrown(std::current_exception());
        }
    }
    Told(const Told&) = delete;
    Told& operator=(const Told&) = delete;

    void wants_begin() override {
        in_list_ = true;
        tell([this](PeerEvents& to) { to.wants_begin(peer_.id); });
    }
    void want(const Want& want) override {
        tell([&](PeerEvents& to) { to.want(peer_.id, want); });
    }
    void wants_end(bool full) override {
        in_list_ = false;
        tell([&](PeerEvents& to) { to.wants_end(peer_.id, full); });
    }
    void delivery(const Delivery& delivery) override {
        bool claimed = false;
        tell([&](PeerEvents& to) { claimed = to.delivery(peer_.id, delivery) || claimed; });
        if (claimed)
            ++peer_.claimed;
        else if (!peer_.gone)
            of_.unasked(peer_, delivery.address);
    }
    void presence(const Presence& presence) override {
        tell([&](PeerEvents& to) { to.presence(peer_.id, presence); });
    }
    void message_end() override {
        ++peer_.traffic.messages_in;
        tell([this](PeerEvents& to) { to.message_end(peer_.id); });
    }

private:
    template <class Call> void tell(const Call& call) {
        for (PeerEvents* const to : of_.events)
            if (!peer_.gone)
                call(*to);
    }
    Impl& of_;
    Peer& peer_;
    bool in_list_ = false;
};

// --- who is there -------------------------------------------------------------------------------

std::shared_ptr<Peer> Peers::Impl::find(const PeerId& peer) const {
    const auto found = peers.find(peer);
    return found == peers.end() ? nullptr : found->second;
}

std::shared_ptr<Peer> Peers::Impl::join(const PeerId& peer, Carrier& carrier) {
    if (auto there = find(peer))
        return there;
    if (!carrier.is_connected(peer))
        return nullptr;
    without.erase(peer);
    const auto joined = std::make_shared<Peer>(loop, peer, carrier);
    peers.emplace(peer, joined);
    for (PeerEvents* const to : events)
        to->joined(peer);
    return joined;
}

void Peers::Impl::leave(const PeerId& peer) {
    const auto found = find(peer);
    if (!found)
        return;
    peers.erase(peer);
    found->gone = true;
    found->read_on.notify();
    found->small.changed.notify();
    found->blocks.changed.notify();
    for (PeerEvents* const to : events)
        to->left(peer);
    sent.notify();
}

/// Whether anybody came or went.
bool Peers::Impl::look(Carrier& carrier) {
    const std::vector<PeerId> connected = carrier.connected();
    const std::set<PeerId> there(connected.begin(), connected.end());
    std::vector<PeerId> gone;
    for (const auto& [id, peer] : peers)
        if (&peer->carrier == &carrier && !there.contains(id))
            gone.push_back(id);
    for (const PeerId& id : gone)
        leave(id);
    std::erase_if(without, [this](const PeerId& id) {
        return std::none_of(carriers.begin(), carriers.end(),
                            [&](const Carrier* one) { return one->is_connected(id); });
    });
    bool came = false;
    for (const PeerId& id : there)
        if (!without.contains(id) && !find(id))
            came = join(id, carrier) != nullptr || came;
    return came || !gone.empty();
}

void Peers::Impl::attach(Carrier& carrier) {
    carriers.push_back(&carrier);
    carrier.start([self = shared_from_this(), &carrier](std::unique_ptr<PeerStream> stream) {
        return serve(self, &carrier, std::move(stream));
    });
    tasks->start(watch(this, &carrier));
}

void Peers::Impl::drop(const PeerId& peer, std::string_view why) {
    for (Carrier* const carrier : carriers)
        carrier->drop(peer, why);
}

void Peers::Impl::count_thrown(const std::exception_ptr& thrown) noexcept {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::bad_alloc&) {
        count_limit(net::Limit::memory, {});
    } catch (const std::exception& other) {
        count_limit(net::Limit::fault, other.what());
    }
}

void Peers::Impl::unasked(Peer& peer, const net::exchange::BlockAddress& address) {
    if (peer.was_withdrawn(address, loop.now()))
        return;
    ++counts.spurious;
    for (PeerEvents* const to : events)
        to->unasked(peer.id);
    if (++peer.unasked <= options.unasked + peer.claimed / plan::kUsefulForUnasked ||
        std::exchange(peer.dropped, true))
        return;
    count_limit(net::Limit::exchange_unasked, peer.id.text());
    drop(peer.id, "it sends blocks that nobody asked for");
}

void Peers::Impl::count_limit(net::Limit limit, std::string_view whom) {
    if (host != nullptr)
        host->count_limit(limit, whom);
    else
        own_counts.hit(limit, whom);
}

Task<void> Peers::Impl::watch(Impl* self, Carrier* carrier) {
    Signal& changed = carrier->changed();
    for (;;) {
        Clock::Instant again = Clock::Instant::max();
        try {
            // Whoever is told may have dropped somebody.
            while (self->look(*carrier)) {
            }
        } catch (...) {
            self->count_thrown(std::current_exception());
            again = self->loop.now() + detail::kAfterThrown;
        }
        co_await changed.wait(again);
    }
}

void Peers::Impl::close() {
    closed = true;
    events.clear();
    tasks.reset();
    for (const auto& [id, peer] : peers) {
        peer->gone = true;
        peer->read_on.notify();
    }
    peers.clear();
}

// --- reading ------------------------------------------------------------------------------------

Task<void> Peers::Impl::serve(std::shared_ptr<Impl> self, Carrier* carrier,
                              std::unique_ptr<PeerStream> stream) {
    if (self->closed)
        co_return; // which resets it
    const std::shared_ptr<Peer> peer = self->join(stream->peer(), *carrier);
    if (!peer)
        co_return;
    const auto ended = co_await read(self.get(), peer, stream.get());
    if (ended)
        stream->end();
}

bool Peers::Impl::may_read(const PeerId& peer) const {
    bool may = true;
    for (PeerEvents* const asked : events)
        may = asked->may_read(peer) && may;
    return may;
}

/// Everything. False when that is not to the stream's end: it broke, or nobody can read it.
Task<bool> Peers::Impl::read(Impl* self, std::shared_ptr<Peer> peer, PeerStream* stream) {
    net::exchange::Decoder decoder(self->options.decode);
    Told told(*self, *peer);
    Held held(*peer);
    while (!peer->gone) {
        const auto more = co_await stream->wait_unread();
        if (!more)
            co_return false;
        if (!*more)
            co_return true;
        if (!self->may_read(peer->id)) {
            co_await peer->read_on.wait();
            continue;
        }
        const BytesView all = stream->unread();
        const BytesView piece = all.first(std::min(all.size(), kReadBytes));
        const auto taken = self->take(*peer, decoder, piece, told);
        held.set(decoder.held_bytes());
        stream->consume(piece.size());
        if (!taken) {
            stream->reset();
            co_return false;
        }
        // Others have their turn, too.
        co_await self->loop.pause_until(Clock::Instant::min());
    }
    co_return false;
}

Result<void> Peers::Impl::take(Peer& peer, net::exchange::Decoder& decoder, BytesView bytes,
                               net::exchange::MessageEvents& told) {
    peer.traffic.bytes_in += bytes.size();
    auto taken = decoder.receive(bytes, told);
    if (!taken) {
        count_limit(net::Limit::exchange_message, peer.id.text());
        options.logger.debug("a message cannot be read",
                             {{"peer", peer.id.text()}, {"error", taken.error()}});
        return taken;
    }
    const std::size_t largest = expected.empty() ? 0 : *expected.rbegin();
    if (peer.held_bytes > std::max(options.input_bytes, 2 * largest)) {
        count_limit(net::Limit::exchange_input, peer.id.text());
        return fail(Errc::limit_exceeded, "{}: too many messages are not whole", peer.id.text());
    }
    return {};
}

// --- writing ------------------------------------------------------------------------------------

void Peers::Impl::push(const std::shared_ptr<Peer>& peer, Lane& lane, RawBytes framed,
                       std::shared_ptr<Fate> fate, std::size_t messages) {
    lane.push(std::move(framed), std::move(fate), messages);
    if (!std::exchange(lane.running, true))
        tasks->start(run_lane(this, peer, &lane));
}

Task<void> Peers::Impl::run_lane(Impl* self, std::shared_ptr<Peer> peer, Lane* lane) {
    std::optional<Error> thrown;
    try {
        co_await send_all(self, peer, lane);
    } catch (const std::bad_alloc&) {
        self->count_limit(net::Limit::memory, {});
        thrown = out_of_memory();
    }
    if (thrown)
        lane->fail_all(*thrown); // the peer asks again
    lane->running = false;
    self->sent.notify();
}

Task<void> Peers::Impl::send_all(Impl* self, std::shared_ptr<Peer> peer, Lane* lane) {
    int in_vain = 0;
    while (!lane->queue.empty()) {
        const Clock::Instant until = self->loop.now() + self->options.patience;
        Carrier& carrier = peer->carrier;
        auto stream = co_await carrier.open(peer->id, until);
        const std::uint64_t before = peer->traffic.messages_out;
        if (stream && !peer->gone) {
            PeerStream* const opened = stream->get();
            co_await write_lane(self, peer, lane, opened);
        }
        if (peer->traffic.messages_out == before)
            ++in_vain;
        if (!stream)
            self->give_up(*peer, *lane, stream.error());
        else if (peer->gone)
            self->give_up(*peer, *lane, Error(Errc::not_found, peer->id.text() + ": has left"));
        else if (in_vain == kMostInVain)
            self->give_up(*peer, *lane,
                          Error(Errc::unavailable, peer->id.text() + ": reads nothing"));
    }
}

void Peers::Impl::give_up(Peer& peer, Lane& lane, const Error& error) {
    if (!lane.queue.empty())
        options.logger.debug("messages were not sent",
                             {{"peer", peer.id.text()}, {"error", error}});
    lane.fail_all(error);
    if (error.code() != Errc::protocol_unsupported)
        return;
    without.insert(peer.id);
    leave(peer.id);
}

/// As long as the stream is of use.
Task<void> Peers::Impl::write_lane(Impl* self, std::shared_ptr<Peer> peer, Lane* lane,
                                   PeerStream* stream) {
    TaskGroup reader(self->loop, [self, lane, stream](const std::exception_ptr& thrown) {
        self->count_thrown(thrown);
        stream->reset();
        lane->ended = true;
        lane->changed.notify();
    });
    lane->ended = false;
    reader.start(read_own(self, peer, lane, stream));
    while (!lane->ended && !peer->gone) {
        if (lane->queue.empty()) {
            co_await lane->changed.wait();
            continue;
        }
        auto written = co_await write_front(self, peer, lane, stream);
        if (!written) {
            lane->pop(std::move(written.error()));
            co_return;
        }
        peer->traffic.messages_out += lane->queue.front().messages;
        lane->pop(std::nullopt);
    }
    stream->end();
}

Task<Result<void>> Peers::Impl::write_front(Impl* self, std::shared_ptr<Peer> peer, Lane* lane,
                                            PeerStream* stream) {
    const BytesView bytes = lane->queue.front().bytes;
    for (std::size_t at = 0; at < bytes.size();) {
        const BytesView part = bytes.subspan(at, std::min(kWriteBytes, bytes.size() - at));
        const Clock::Instant until = self->loop.now() + self->options.patience;
        CODEX_CO_CHECK(stream->write(part, until));
        at += part.size();
        lane->advance(part.size());
        peer->traffic.bytes_out += part.size();
        self->sent.notify();
    }
    co_return Result<void>();
}

/// Peers may answer on our streams. One that has ended its side of a stream may have stopped
/// reading it, too: what comes next goes on another.
Task<void> Peers::Impl::read_own(Impl* self, std::shared_ptr<Peer> peer, Lane* lane,
                                 PeerStream* stream) {
    co_await read(self, peer, stream);
    lane->ended = true;
    lane->changed.notify();
}

} // namespace codex::exchange

#include "base/detail/simulated_datagrams.hpp"

#include "base/detail/simulated_wire.hpp"

#include <algorithm>

namespace codex::detail {

namespace {

/// What waits to be read at one port, as with Linux where nobody asks for more; beyond, what comes
/// is lost. Each datagram costs something beside its bytes.
constexpr std::size_t kUnreadBytes = std::size_t{208} << 10;
constexpr std::size_t kBytesBeside = 512;
/// What is on its way to one port.
constexpr std::size_t kFlyingBytes = std::size_t{8} << 20;
/// For so long a firewall lets answers in.
constexpr Clock::Duration kAnswersPass = std::chrono::seconds(30);

struct Flying {
    Bytes bytes;
    SocketAddress from;
};

} // namespace

struct DatagramPort::State {
    State(SimulatedInternet& of, EventLoop& loop, const SocketAddress& at)
        : internet(of), local(at), can_read(loop), can_write(loop) {}

    SimulatedInternet& internet;
    SocketAddress local;
    std::multimap<Clock::Instant, Flying> flying; ///< by when they arrive
    std::size_t flying_bytes = 0;
    std::deque<Flying> unread;
    std::size_t unread_bytes = 0;
    std::map<SocketAddress, Clock::Instant> answers; ///< from there pass, until then
    Signal can_read;
    Signal can_write;
    bool closed = false;

    [[nodiscard]] bool full() const;
    /// What has come by now is there to be read, as far as there is room. Nothing is read between
    /// two calls, so it does not matter that this is not done when each of them comes.
    void settle(Clock::Instant now) {
        while (!flying.empty() && flying.begin()->first <= now) {
            Flying& next = flying.begin()->second;
            const std::size_t costs = next.bytes.size() + kBytesBeside;
            flying_bytes -= costs;
            if (unread_bytes + costs <= kUnreadBytes) {
                unread_bytes += costs;
                unread.push_back(std::move(next));
            }
            flying.erase(flying.begin());
        }
    }
    void take(Clock::Instant arrives, BytesView bytes, const SocketAddress& from) {
        const std::size_t costs = bytes.size() + kBytesBeside;
        if (flying_bytes + costs > kFlyingBytes)
            return;
        flying_bytes += costs;
        flying.emplace(arrives, Flying{Bytes(bytes.begin(), bytes.end()), from});
        can_read.notify();
    }
    [[nodiscard]] Error closed_here() const {
        return {Errc::cancelled, fmt::format("{} is closed", local.text())};
    }
};

bool DatagramPort::State::full() const {
    return !closed && internet.full_.contains(SocketAddress(local.ip_view(), 0));
}

DatagramPort::DatagramPort(SimulatedInternet& internet, const SocketAddress& at)
    : state_(std::make_shared<State>(internet, internet.loop_, at)) {
    internet.ports_[at] = this;
}

DatagramPort::~DatagramPort() {
    DatagramPort::close();
}

Result<std::optional<DatagramSocket::Arrived>> DatagramPort::try_receive(MutableBytes to) {
    State& state = *state_;
    if (state.closed)
        return fail(state.closed_here());
    state.settle(state.internet.loop_.now());
    if (state.unread.empty())
        return std::optional<Arrived>();
    const Flying next = std::move(state.unread.front());
    state.unread.pop_front();
    state.unread_bytes -= next.bytes.size() + kBytesBeside;
    const std::size_t size = std::min(to.size(), next.bytes.size());
    std::copy_n(next.bytes.begin(), size, to.begin());
    return std::optional(Arrived{next.bytes.size(), next.from});
}

Result<bool> DatagramPort::try_send(const SocketAddress& to, BytesView bytes) {
    State& state = *state_;
    if (state.closed)
        return fail(state.closed_here());
    if (to.ip_bytes != state.local.ip_bytes)
        return fail(Errc::unavailable, "send to {}: no way there from {}", to.text(),
                    state.local.text());
    if (bytes.size() > kMaxDatagramBytes)
        return fail(Errc::limit_exceeded, "send to {}: {} bytes are too many", to.text(),
                    bytes.size());
    if (state.full())
        return false;
    carry(to, bytes);
    return true;
}

void DatagramPort::carry(const SocketAddress& to, BytesView bytes) {
    State& state = *state_;
    SimulatedInternet& internet = state.internet;
    const Clock::Instant now = internet.loop_.now();
    if (internet.silent_.contains(SocketAddress(state.local.ip_view(), 0)))
        state.answers[to] = now + kAnswersPass;
    const auto line = internet.line(state.local.ip_view(), to.ip_view());
    const int copies = happens(line->options.twice, internet.random_) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
        const auto arrives = line->datagram(bytes.size(), now, internet.random_);
        const auto found = internet.ports_.find(to);
        if (!arrives || found == internet.ports_.end())
            continue;
        State& there = *found->second->state_;
        if (internet.silent_.contains(SocketAddress(to.ip_view(), 0))) {
            const auto asked = there.answers.find(state.local);
            if (asked == there.answers.end() || asked->second < *arrives)
                continue;
        }
        there.take(*arrives, bytes, state.local);
    }
}

Task<Result<void>> DatagramPort::readable(Clock::Instant until) {
    return wait_readable(state_, until);
}

Task<Result<void>> DatagramPort::wait_readable(std::shared_ptr<State> state, Clock::Instant until) {
    for (;;) {
        if (state->closed)
            co_return fail(state->closed_here());
        EventLoop& loop = state->internet.loop_;
        state->settle(loop.now());
        if (!state->unread.empty())
            co_return Result<void>();
        if (loop.now() >= until)
            co_return fail(Errc::timeout, "{}: nothing came in time", state->local.text());
        const Clock::Instant looks =
            state->flying.empty() ? until : std::min(until, state->flying.begin()->first);
        co_await state->can_read.wait(looks);
    }
}

Task<Result<void>> DatagramPort::writable(Clock::Instant until) {
    return wait_writable(state_, until);
}

Task<Result<void>> DatagramPort::wait_writable(std::shared_ptr<State> state, Clock::Instant until) {
    while (state->full()) {
        const auto in_time = co_await state->can_write.wait(until);
        if (!in_time)
            co_return fail(Errc::timeout, "{}: took nothing in time", state->local.text());
    }
    if (state->closed)
        co_return fail(state->closed_here());
    co_return Result<void>();
}

SocketAddress DatagramPort::local() const {
    return state_->local;
}

void DatagramPort::close() {
    if (std::exchange(state_->closed, true))
        return;
    state_->internet.ports_.erase(state_->local);
    state_->can_read.notify();
    state_->can_write.notify();
}

void DatagramPort::lose_those_on_their_way(BytesView from) {
    State& state = *state_;
    state.settle(state.internet.loop_.now());
    std::erase_if(state.flying, [&](const auto& one) {
        if (!equal(one.second.from.ip_view(), from))
            return false;
        state.flying_bytes -= one.second.bytes.size() + kBytesBeside;
        return true;
    });
}

void DatagramPort::room_changed() {
    state_->can_write.notify();
}

} // namespace codex::detail

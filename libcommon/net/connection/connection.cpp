#include "net/connection/connection.hpp"

#include "net/mux/mplex.hpp"
#include "net/mux/yamux.hpp"

#include <algorithm>

namespace codex::net {

namespace {

/// What is read at once; room for a few frames.
constexpr std::size_t kReadBytes = std::size_t{256} << 10;
constexpr Clock::Duration kIdleCheck = std::chrono::seconds(30);
/// Between two measurements of the round trip, of a connection that has something to do.
constexpr Clock::Duration kPingPause = std::chrono::seconds(10);

std::unique_ptr<mux::Muxer> make_muxer(const std::string& name, mux::Side side,
                                       const mux::MuxLimits& limits) {
    if (name == mux::kYamux)
        return std::make_unique<mux::Yamux>(side, limits);
    return std::make_unique<mux::Mplex>(limits);
}

} // namespace

Connection::Connection(Upgraded upgraded, EventLoop& loop, ConnectionOwner& owner,
                       const HostLimits& limits, LimitCounts& counts, ByteBudget& budget)
    : loop_(loop), owner_(owner), limits_(limits), counts_(counts), budget_(budget),
      traffic_(owner.ledger()), socket_(std::move(upgraded.socket)),
      sealer_(std::move(upgraded.secured.sealer)), opener_(std::move(upgraded.secured.opener)),
      peer_(upgraded.secured.peer_key), side_(upgraded.side),
      muxer_name_(std::move(upgraded.muxer)), local_(socket_->local()), remote_(socket_->remote()),
      muxer_(make_muxer(muxer_name_, side_, limits.mux)),
      yamux_(dynamic_cast<mux::Yamux*>(muxer_.get())), work_(loop), room_(loop),
      last_traffic_(loop.now()) {
    plain_in_.append(upgraded.plain_rest);
    if (!upgraded.sealed_rest.empty()) {
        in_ = std::make_unique_for_overwrite<std::uint8_t[]>(kReadBytes);
        in_to_ = std::min(upgraded.sealed_rest.size(), kReadBytes);
        std::copy_n(upgraded.sealed_rest.begin(), in_to_, in_.get());
    }
}

Connection::~Connection() {
    budget_.change(held_, 0);
}

// --- reading ------------------------------------------------------------------------------------

Task<void> Connection::read_loop(std::shared_ptr<Connection> self) {
    try {
        co_await read(self.get());
    } catch (...) {
        self->close("it could not be read any more");
        throw; // to whoever started it, who says so
    }
}

Task<void> Connection::read(Connection* self) {
    Connection& connection = *self;
    Clock::Instant next_look = connection.loop_.now() + kIdleCheck;
    Clock::Instant until = next_look; // of a time without room
    std::uint64_t taken_before = 0;
    while (!connection.closing_) {
        if (connection.loop_.now() >= next_look) {
            connection.look_for_idle();
            next_look = connection.loop_.now() + kIdleCheck;
            continue;
        }
        const auto taken = connection.take_input();
        if (!taken) {
            connection.close(taken.error().text());
            co_return;
        }
        if (connection.held_up()) {
            // Woken in vain it has no more time than before.
            if (std::exchange(taken_before, connection.bytes_muxed_) != connection.bytes_muxed_)
                until = connection.loop_.now() + connection.limits_.unread;
            const auto in_time = co_await connection.room_.wait(until);
            if (!in_time) {
                connection.hold_up_ends();
                until = connection.loop_.now() + connection.limits_.unread;
            }
            continue;
        }
        taken_before = UINT64_MAX; // the next time without room is another one
        const auto got = connection.read_socket();
        if (!got || *got == 0u) {
            connection.close(got ? "the peer ended it" : got.error().text());
            co_return;
        }
        if (*got) {
            // Those that read streams have their turn.
            co_await connection.loop_.next_turn();
            continue;
        }
        co_await connection.socket_->readable(next_look);
    }
}

/// What has come, or nothing where there is nothing yet. Nothing is kept of a buffer that is empty.
Result<std::optional<std::size_t>> Connection::read_socket() {
    if (!in_)
        in_ = std::make_unique_for_overwrite<std::uint8_t[]>(kReadBytes);
    if (in_from_ > 0) {
        std::memmove(in_.get(), in_.get() + in_from_, in_to_ - in_from_);
        in_to_ -= std::exchange(in_from_, 0);
    }
    CODEX_TRY(got, socket_->try_read(MutableBytes(in_.get() + in_to_, kReadBytes - in_to_)));
    if (got) {
        in_to_ += *got;
        bytes_in_ += *got;
        traffic_.all.in += *got;
        traffic_.agents[static_cast<std::size_t>(agent_)].in += *got;
        last_traffic_ = loop_.now();
    } else if (in_to_ == 0) {
        in_.reset();
    }
    return got;
}

/// Everything that has come, as far as there is room for it.
Result<void> Connection::take_input() {
    if (!plain_in_.empty()) {
        CODEX_TRY(taken, muxer_->receive(plain_in_.view(), control_, *this));
        plain_in_.drop(taken);
        bytes_muxed_ += taken;
    }
    account();
    while (plain_in_.empty() && in_from_ < in_to_ && !awaits_budget()) {
        CODEX_TRY(opened, opener_.open(MutableBytes(in_.get() + in_from_, in_to_ - in_from_)));
        if (!opened)
            break;
        in_from_ += opened->size;
        CODEX_TRY(taken, muxer_->receive(opened->plain, control_, *this));
        bytes_muxed_ += taken;
        plain_in_.append(BytesView(opened->plain).subspan(taken));
        account();
    }
    hand_out_opened();
    if (!control_.empty())
        work_.notify();
    return {};
}

bool Connection::held_up() const {
    return !plain_in_.empty() || awaits_budget();
}

/// All connections hold as much as they may, and this one has a part in it.
bool Connection::awaits_budget() const {
    return budget_.is_full() && held_ != 0;
}

/// Whoever reads too late loses his stream rather than all of them their connection.
void Connection::hold_up_ends() {
    if (awaits_budget())
        owner_.hold_less();
    else if (muxer_->paused()) // else the peer takes no answers: the writer waits for that
        reset_unread(Limit::unread);
}

void Connection::account() noexcept {
    const std::size_t now = closing_ ? 0 : muxer_->unread_bytes() + plain_in_.size() + out_.size();
    if (budget_.change(std::exchange(held_, now), now))
        owner_.may_hold_more();
}

void Connection::reset_unread(Limit limit) {
    const auto most = std::max_element(streams_.begin(), streams_.end(), [](auto& a, auto& b) {
        return a.second->unread.size() < b.second->unread.size();
    });
    if (most == streams_.end())
        return;
    counts_.hit(limit, peer_.text());
    const std::shared_ptr<State> stream = most->second;
    reset_stream(*stream);
}

void Connection::look_for_idle() {
    const Clock::Instant now = loop_.now();
    std::vector<std::shared_ptr<State>> idle;
    for (const auto& [id, stream] : streams_)
        if (now - stream->last_used >= limits_.idle_stream)
            idle.push_back(stream);
    for (const auto& stream : idle) {
        counts_.hit(Limit::idle_stream, peer_.text());
        reset_stream(*stream);
    }
    if (streams_.empty() && now - last_traffic_ >= limits_.idle_connection) {
        counts_.hit(Limit::idle_connection, peer_.text());
        close("it was idle");
    }
}

Connection::State* Connection::find(mux::StreamId stream) {
    const auto found = streams_.find(stream);
    return found == streams_.end() ? nullptr : found->second.get();
}

void Connection::opened(mux::StreamId stream) {
    streams_.emplace(stream, std::make_shared<State>(loop_, stream));
    opened_.push_back(stream);
}

/// Behind receive(), within which nothing may be asked of the muxer.
void Connection::hand_out_opened() {
    for (const mux::StreamId id : std::exchange(opened_, {})) {
        const auto found = streams_.find(id);
        if (found != streams_.end())
            owner_.stream_opened(Stream(shared_from_this(), found->second));
    }
}

void Connection::data(mux::StreamId stream, BytesView bytes) {
    State* const state = find(stream);
    if (state == nullptr)
        return;
    state->unread.append(bytes);
    state->last_used = loop_.now();
    state->changed.notify();
}

void Connection::ended(mux::StreamId stream) {
    if (State* const state = find(stream)) {
        state->ended_there = true;
        state->changed.notify();
    }
}

void Connection::reset(mux::StreamId stream) {
    if (State* const state = find(stream))
        lose(*state);
}

void Connection::writable_again(mux::StreamId stream) {
    const auto found = streams_.find(stream);
    if (found != streams_.end() && !found->second->pending.empty())
        queue(found->second);
}

void Connection::pong(std::uint32_t number) {
    if (!pinged_ || number != pings_)
        return;
    // What waits in queues makes some too long, so what is shorter counts at once.
    const Clock::Duration taken = loop_.now() - *std::exchange(pinged_, std::nullopt);
    if (!round_trip_ || taken < *round_trip_)
        round_trip_ = taken;
    else
        *round_trip_ += (taken - *round_trip_) / 8;
}

void Connection::go_away(std::uint32_t /*code*/) {}

void Connection::refused() {
    counts_.hit(Limit::peer_streams, peer_.text());
}

// --- streams ------------------------------------------------------------------------------------

Result<Stream> Connection::open() {
    if (closing_)
        return fail(Errc::unavailable, "connection with {} is closed: {}", peer_.text(), why_);
    CODEX_TRY(id, muxer_->open(control_));
    const auto state = std::make_shared<State>(loop_, id);
    streams_.emplace(id, state);
    work_.notify();
    return Stream(shared_from_this(), state);
}

void Connection::consumed(State& stream, std::size_t bytes) {
    if (stream.counted != nullptr)
        stream.counted->in += bytes;
    if (stream.lost || bytes == 0)
        return;
    muxer_->consumed(stream.id, bytes, control_);
    account();
    if (yamux_ != nullptr)
        grow_window(stream, bytes);
    if (!control_.empty())
        work_.notify();
    room_.notify();
}

/// A stream that is read as fast as its window lets it come gets a wider one.
void Connection::grow_window(State& stream, std::size_t bytes) {
    measure_round_trip();
    stream.window_used += bytes;
    const std::uint32_t window = yamux_->window(stream.id);
    if (!round_trip_ || stream.window_used <= window / 2)
        return;
    const Clock::Instant now = loop_.now();
    const Clock::Duration elapsed = now - std::exchange(stream.window_since, now);
    const std::uint64_t used = std::exchange(stream.window_used, 0);
    yamux_->widen(stream.id, mux::grown_window(window, used, elapsed, *round_trip_), control_);
}

void Connection::measure_round_trip() {
    const Clock::Instant now = loop_.now();
    if (pinged_ || now < next_ping_)
        return;
    next_ping_ = now + kPingPause;
    if (yamux_->ping(++pings_, control_))
        pinged_ = now;
}

void Connection::queue(const std::shared_ptr<State>& stream) {
    stream->last_used = loop_.now();
    if (stream->lost || std::exchange(stream->queued, true))
        return;
    stream->queued_at = stream->last_used;
    turn_.push_back(stream);
    if (yamux_ == nullptr)
        traffic_.queue_length.observe(static_cast<double>(turn_.size()));
    work_.notify();
}

/// Its protocol is agreed on: what is said from now on is what that says.
void Connection::count_protocol(State& stream) {
    stream.counted = &traffic_.protocols[stream.protocol];
}

void Connection::end(State& stream) {
    if (stream.lost || std::exchange(stream.ended_here, true))
        return;
    muxer_->end(stream.id, control_);
    work_.notify();
}

void Connection::reset_stream(State& stream) {
    if (stream.lost || (stream.ended_here && stream.ended_there))
        return;
    muxer_->reset(stream.id, control_);
    account();
    lose(stream);
    work_.notify();
    room_.notify();
}

void Connection::lose(State& stream) noexcept {
    stream.lost = true;
    stream.changed.notify();
    stream.taken.notify();
}

/// Nobody has it any more.
void Connection::release(State& stream) noexcept {
    try {
        if (!stream.lost && stream.ended_here && stream.ended_there && !stream.unread.empty())
            consumed(stream, stream.unread.size());
        reset_stream(stream);
    } catch (const std::bad_alloc&) { // the peer cannot be told, so it must not count on the rest
        close("no memory to give up a stream");
    }
    streams_.erase(stream.id);
}

} // namespace codex::net

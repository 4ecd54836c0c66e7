#include "net/connection/connection.hpp"

#include "net/mux/mplex.hpp"
#include "net/mux/yamux.hpp"

#include <algorithm>

namespace codex::net {

namespace {

/// What is read at once; room for a few frames.
constexpr std::size_t kReadBytes = std::size_t{256} << 10;
/// What is sealed at once: four full frames.
constexpr std::size_t kBatchBytes = 4 * noise::kMaxPlainBytes;
constexpr Clock::Duration kIdleCheck = std::chrono::seconds(30);
constexpr Clock::Duration kLastWords = std::chrono::seconds(2);

std::unique_ptr<mux::Muxer> make_muxer(const std::string& name, mux::Side side,
                                       const mux::MuxLimits& limits) {
    if (name == mux::kYamux)
        return std::make_unique<mux::Yamux>(side, limits);
    return std::make_unique<mux::Mplex>(limits);
}

} // namespace

Connection::Connection(Upgraded upgraded, EventLoop& loop, ConnectionOwner& owner,
                       const HostLimits& limits, LimitCounts& counts)
    : loop_(loop), owner_(owner), limits_(limits), counts_(counts),
      socket_(std::move(upgraded.socket)), sealer_(std::move(upgraded.secured.sealer)),
      opener_(std::move(upgraded.secured.opener)), peer_(upgraded.secured.peer_key),
      side_(upgraded.side), muxer_name_(std::move(upgraded.muxer)), local_(socket_->local()),
      remote_(socket_->remote()), muxer_(make_muxer(muxer_name_, side_, limits.mux)), work_(loop),
      room_(loop), last_traffic_(loop.now()) {
    plain_in_.append(upgraded.plain_rest);
    if (!upgraded.sealed_rest.empty()) {
        in_ = std::make_unique_for_overwrite<std::uint8_t[]>(kReadBytes);
        in_to_ = std::min(upgraded.sealed_rest.size(), kReadBytes);
        std::copy_n(upgraded.sealed_rest.begin(), in_to_, in_.get());
    }
}

Connection::~Connection() = default;

// --- reading ------------------------------------------------------------------------------------

Task<void> Connection::read_loop(std::shared_ptr<Connection> self) {
    Connection& connection = *self;
    while (!connection.closing_) {
        const auto taken = connection.take_input();
        if (!taken) {
            connection.close(taken.error().text());
            co_return;
        }
        if (connection.held_up()) {
            const Clock::Instant until = connection.loop_.now() + connection.limits_.unread;
            const auto in_time = co_await connection.room_.wait(until);
            if (!in_time)
                connection.reset_unread();
            continue;
        }
        const auto got = connection.read_socket();
        if (!got || *got == 0u) {
            connection.close(got ? "the peer ended it" : got.error().text());
            co_return;
        }
        if (*got) {
            // Those that read streams have their turn.
            co_await connection.loop_.pause_until(Clock::Instant::min());
            continue;
        }
        const Clock::Instant until = connection.loop_.now() + kIdleCheck;
        const auto ready = co_await connection.socket_->readable(until);
        if (!ready && ready.error().code() == Errc::timeout)
            connection.look_for_idle();
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
    }
    while (plain_in_.empty() && in_from_ < in_to_) {
        CODEX_TRY(opened, opener_.open(MutableBytes(in_.get() + in_from_, in_to_ - in_from_)));
        if (!opened)
            break;
        in_from_ += opened->size;
        CODEX_TRY(taken, muxer_->receive(opened->plain, control_, *this));
        plain_in_.append(BytesView(opened->plain).subspan(taken));
    }
    hand_out_opened();
    if (!control_.empty())
        work_.notify();
    return {};
}

bool Connection::held_up() const {
    return !plain_in_.empty();
}

/// Whoever reads too late loses his stream rather than all of them their connection.
void Connection::reset_unread() {
    if (!muxer_->paused())
        return; // the peer takes no answers: the writer waits for that
    const auto most = std::max_element(streams_.begin(), streams_.end(), [](auto& a, auto& b) {
        return a.second->unread.size() < b.second->unread.size();
    });
    if (most == streams_.end())
        return;
    counts_.hit(Limit::unread, peer_.text());
    reset_stream(*most->second);
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

void Connection::pong(std::uint32_t /*number*/) {}

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
    if (stream.lost || bytes == 0)
        return;
    muxer_->consumed(stream.id, bytes, control_);
    if (!control_.empty())
        work_.notify();
    room_.notify();
}

void Connection::queue(const std::shared_ptr<State>& stream) {
    stream->last_used = loop_.now();
    if (stream->lost || std::exchange(stream->queued, true))
        return;
    turn_.push_back(stream);
    work_.notify();
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
    lose(stream);
    work_.notify();
    room_.notify();
}

void Connection::lose(State& stream) {
    stream.lost = true;
    stream.changed.notify();
    stream.taken.notify();
}

/// Nobody has it any more.
void Connection::release(State& stream) {
    if (!stream.lost && stream.ended_here && stream.ended_there && !stream.unread.empty())
        consumed(stream, stream.unread.size());
    reset_stream(stream);
    streams_.erase(stream.id);
}

// --- writing ------------------------------------------------------------------------------------

Task<void> Connection::write_loop(std::shared_ptr<Connection> self) {
    Connection& connection = *self;
    Clock::Instant progress = connection.loop_.now();
    while (!connection.closed_) {
        if (connection.out_.empty()) {
            const auto gathered = connection.gather();
            if (!gathered || (connection.out_.empty() && connection.closing_))
                break;
            progress = connection.loop_.now();
        }
        if (connection.out_.empty()) {
            co_await connection.work_.wait();
            continue;
        }
        const auto written = connection.write_socket();
        if (!written)
            break;
        if (*written > 0) {
            progress = connection.loop_.now();
            // Others have their turn, too.
            co_await connection.loop_.pause_until(Clock::Instant::min());
            continue;
        }
        // In steps, for it may be closed meanwhile.
        const Clock::Instant step = connection.loop_.now() + kLastWords;
        const auto ready = co_await connection.socket_->writable(step);
        if (!ready && connection.has_given_up(ready.error(), progress))
            break;
    }
    connection.close("it could not be written to");
    connection.close_socket();
}

Result<std::size_t> Connection::write_socket() {
    CODEX_TRY(written, socket_->try_write(out_.view()));
    out_.drop(written);
    bytes_out_ += written;
    if (written > 0)
        last_traffic_ = loop_.now();
    return written;
}

/// After a wait that was in vain, where the peer has taken bytes last at `progress`.
bool Connection::has_given_up(const Error& error, Clock::Instant progress) {
    if (error.code() != Errc::timeout || closing_)
        return true;
    if (loop_.now() < progress + limits_.write)
        return false;
    counts_.hit(Limit::write_time, peer_.text());
    return true;
}

/// Seals what is to be sent next: control first, then the streams in turns of a frame each.
Result<void> Connection::gather() {
    plain_out_.clear();
    plain_out_.swap(control_);
    while (!turn_.empty() && plain_out_.size() < kBatchBytes) {
        const std::shared_ptr<State> stream = std::move(turn_.front());
        turn_.pop_front();
        stream->queued = false;
        gather_data(*stream, stream);
    }
    if (plain_out_.empty()) {
        Bytes().swap(plain_out_);
        return {};
    }
    Bytes sealed;
    sealed.reserve(plain_out_.size() + 8 * noise::kFrameOverhead);
    CODEX_CHECK(sealer_.seal(plain_out_, sealed));
    out_.append(sealed);
    room_.notify();
    return {};
}

void Connection::gather_data(State& stream, const std::shared_ptr<State>& shared) {
    if (stream.lost || stream.pending.empty())
        return;
    const std::size_t size = muxer_->begin_data(stream.id, stream.pending.size(), plain_out_);
    append(plain_out_, stream.pending.first(size));
    stream.pending = stream.pending.subspan(size);
    if (stream.pending.empty())
        stream.taken.notify();
    else if (muxer_->writable(stream.id) > 0)
        queue(shared); // else the muxer says when
}

// --- the end ------------------------------------------------------------------------------------

void Connection::close(std::string_view why) {
    if (std::exchange(closing_, true))
        return;
    why_ = why;
    for (const auto& [id, stream] : streams_)
        lose(*stream);
    turn_.clear();
    if (auto* const yamux = dynamic_cast<mux::Yamux*>(muxer_.get()))
        yamux->go_away(mux::kYamuxNormal, control_);
    owner_.connection_closed(*this);
    room_.notify();
    work_.notify();
}

void Connection::close_socket() {
    closed_ = true;
    socket_->end();
    socket_->close();
}

} // namespace codex::net

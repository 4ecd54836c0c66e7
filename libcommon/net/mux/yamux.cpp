#include "net/mux/yamux.hpp"

namespace codex::net::mux {
namespace {

constexpr std::size_t kMaxYamuxData = kMaxWrittenFrameBytes - kYamuxHeaderBytes;
constexpr std::size_t kMaxPingsUnderWay = 16;

void append_update(Bytes& to, std::uint32_t id, std::uint16_t flags, std::uint32_t by) {
    append_yamux_header(to, {YamuxType::window_update, flags, id, by});
}

} // namespace

std::uint32_t grown_window(std::uint32_t window, std::uint64_t consumed_bytes,
                           std::chrono::nanoseconds elapsed, std::chrono::nanoseconds round_trip) {
    const auto allowed = round_trip * (1 + window / kYamuxInitialWindow);
    if (window >= kYamuxMaxWindow || consumed_bytes <= window / 2 || elapsed > allowed)
        return window;
    return std::min(window * 2, kYamuxMaxWindow);
}

Yamux::Yamux(Side side, const MuxLimits& limits)
    : limits_(limits), unread_(limits), side_(side), next_id_(side == Side::dialer ? 1 : 2) {}

StreamId Yamux::add(std::uint32_t id, bool ours) {
    const StreamId stream = next_stream_++;
    Stream added;
    added.id = id;
    added.ours = ours;
    streams_.emplace(stream, added);
    ids_.emplace(id, stream);
    if (ours) {
        ++out_count_;
        ++unacknowledged_;
    }
    return stream;
}

void Yamux::acknowledge(Stream& stream) {
    if (stream.ours && !std::exchange(stream.acknowledged, true))
        --unacknowledged_;
}

void Yamux::drop(Streams::iterator stream) {
    acknowledge(stream->second); // that it will not come any more, it counts no longer
    unread_.take(stream->second.unread, stream->second.unread);
    const auto named = ids_.find(stream->second.id);
    if (named != ids_.end() && named->second == stream->first)
        ids_.erase(named);
    if (stream->second.ours)
        --out_count_;
    streams_.erase(stream);
}

/// A stream that both sides have ended is no more; but what of it is unread still counts.
void Yamux::drop_if_over(Streams::iterator stream) {
    if (stream->second.ended_here && stream->second.ended_there && stream->second.unread == 0)
        drop(stream);
}

Result<StreamId> Yamux::open(Bytes& out) {
    if (closing_)
        return fail(Errc::mux_limit, "the connection is being closed");
    if (out_count_ >= limits_.streams_out || unacknowledged_ >= kYamuxMaxUnacknowledged)
        return fail(Errc::mux_limit, "{} streams are open, which is the most", out_count_);
    if (next_id_ > UINT32_MAX)
        return fail(Errc::mux_limit, "the connection has no more numbers for streams");
    const auto id = static_cast<std::uint32_t>(next_id_);
    next_id_ += 2;
    append_update(out, id, kYamuxSyn, 0);
    return add(id, true);
}

std::size_t Yamux::writable(StreamId stream) const {
    const auto found = streams_.find(stream);
    if (found == streams_.end() || found->second.ended_here)
        return 0;
    return std::min<std::size_t>(found->second.may_send, kMaxYamuxData);
}

std::size_t Yamux::begin_data(StreamId stream, std::size_t wanted, Bytes& out) {
    const auto size = static_cast<std::uint32_t>(std::min(wanted, writable(stream)));
    if (size == 0)
        return 0;
    Stream& to = streams_.find(stream)->second;
    to.may_send -= size;
    append_yamux_header(out, {YamuxType::data, 0, to.id, size});
    return size;
}

void Yamux::end(StreamId stream, Bytes& out) {
    const auto found = streams_.find(stream);
    if (found == streams_.end() || std::exchange(found->second.ended_here, true))
        return;
    append_update(out, found->second.id, kYamuxFin, 0);
    drop_if_over(found);
}

void Yamux::reset(StreamId stream, Bytes& out) {
    const auto found = streams_.find(stream);
    if (found == streams_.end())
        return;
    if (!found->second.ended_here || !found->second.ended_there)
        append_update(out, found->second.id, kYamuxRst, 0);
    drop(found);
}

/// Opens the window again once half of it is free: an update for each read would be half of all
/// frames.
void Yamux::replenish(Stream& stream, Bytes& out) {
    const std::uint64_t held = stream.may_come + std::uint64_t{stream.unread};
    if (stream.ended_there || held >= stream.window)
        return;
    const auto by = static_cast<std::uint32_t>(stream.window - held);
    if (by < stream.window / 2)
        return;
    stream.may_come += by;
    append_update(out, stream.id, 0, by);
}

void Yamux::consumed(StreamId stream, std::size_t bytes, Bytes& out) {
    const auto found = streams_.find(stream);
    if (found == streams_.end())
        return;
    unread_.take(found->second.unread, bytes);
    replenish(found->second, out);
    drop_if_over(found);
}

bool Yamux::paused() const {
    const auto found = left_ == 0 ? streams_.end() : streams_.find(for_);
    return found != streams_.end() && unread_.room() == 0;
}

std::uint32_t Yamux::window(StreamId stream) const {
    const auto found = streams_.find(stream);
    return found == streams_.end() ? 0 : found->second.window;
}

void Yamux::widen(StreamId stream, std::uint32_t window, Bytes& out) {
    const auto found = streams_.find(stream);
    if (found == streams_.end() || window <= found->second.window)
        return;
    found->second.window = std::min(window, kYamuxMaxWindow);
    replenish(found->second, out);
}

Result<void> Yamux::ping(std::uint32_t number, Bytes& out) {
    if (pings_.size() >= kMaxPingsUnderWay)
        return fail(Errc::mux_limit, "{} pings are not answered yet", pings_.size());
    pings_.push_back(number);
    append_yamux_header(out, {YamuxType::ping, kYamuxSyn, 0, number});
    return {};
}

void Yamux::go_away(std::uint32_t code, Bytes& out) {
    closing_ = true;
    append_yamux_header(out, {YamuxType::go_away, 0, 0, code});
}

Result<std::size_t> Yamux::receive(BytesView input, Bytes& replies, MuxEvents& events) {
    auto taken = take(input, replies, events);
    if (!taken)
        go_away(kYamuxProtocolError, replies);
    return taken;
}

Result<std::size_t> Yamux::take(BytesView input, Bytes& replies, MuxEvents& events) {
    std::size_t taken = 0;
    while (taken < input.size()) {
        if (left_ != 0) {
            if (!take_data(input, taken, events))
                break;
            continue;
        }
        if (replies.size() >= limits_.reply_bytes)
            break;
        const std::size_t part = std::min(kYamuxHeaderBytes - head_.size(), input.size() - taken);
        append(head_, input.subspan(taken, part));
        taken += part;
        if (head_.size() < kYamuxHeaderBytes)
            break;
        CODEX_TRY(header, read_yamux_header(head_));
        head_.clear();
        CODEX_CHECK(handle(header, replies, events));
    }
    return taken;
}

/// Gives out data, or passes over it; false when there is no room for any.
bool Yamux::take_data(BytesView input, std::size_t& taken, MuxEvents& events) {
    std::size_t part = std::min<std::size_t>(left_, input.size() - taken);
    const auto found = streams_.find(for_);
    if (found != streams_.end()) {
        part = std::min(part, unread_.room());
        if (part == 0)
            return false;
        unread_.add(found->second.unread, part);
        events.data(for_, input.subspan(taken, part));
    }
    taken += part;
    left_ -= static_cast<std::uint32_t>(part);
    if (left_ == 0 && std::exchange(fin_after_, false) && found != streams_.end()) {
        found->second.ended_there = true;
        events.ended(for_);
        drop_if_over(found);
    }
    return true;
}

Result<void> Yamux::handle(const YamuxHeader& header, Bytes& replies, MuxEvents& events) {
    switch (header.type) {
    case YamuxType::ping:
        return handle_ping(header, replies, events);
    case YamuxType::go_away:
        closing_ = true;
        events.go_away(header.length);
        return {};
    default:
        return handle_stream(header, replies, events);
    }
}

Result<void> Yamux::handle_ping(const YamuxHeader& header, Bytes& replies, MuxEvents& events) {
    if (header.has(kYamuxSyn)) {
        append_yamux_header(replies, {YamuxType::ping, kYamuxAck, 0, header.length});
        return {};
    }
    const auto asked = std::find(pings_.begin(), pings_.end(), header.length);
    if (!header.has(kYamuxAck) || asked == pings_.end())
        return fail(Errc::mux_invalid, "yamux ping {} is answered, but was not asked",
                    header.length);
    pings_.erase(asked);
    events.pong(header.length);
    return {};
}

Result<void> Yamux::open_from_peer(std::uint32_t id, Bytes& replies, MuxEvents& events) {
    const bool odd = id % 2 == 1;
    if (odd != (side_ == Side::listener))
        return fail(Errc::mux_invalid, "yamux stream {} is opened by the side it is not for", id);
    if (ids_.contains(id))
        return fail(Errc::mux_invalid, "yamux stream {} is opened while it is open", id);
    if (closing_ || streams_in() >= limits_.streams_in) {
        append_update(replies, id, kYamuxRst, 0);
        events.refused();
        return {};
    }
    const StreamId stream = add(id, false);
    append_update(replies, id, kYamuxAck, 0);
    events.opened(stream);
    return {};
}

/// The peer may be sent more.
Result<void> Yamux::widen_send(Streams::iterator stream, std::uint32_t by, MuxEvents& events) {
    std::uint32_t& may_send = stream->second.may_send;
    if (by > UINT32_MAX - may_send)
        return fail(Errc::mux_invalid, "the window of yamux stream {} grows over 32 bits",
                    stream->second.id);
    const bool was_shut = may_send == 0;
    may_send += by;
    if (was_shut && by != 0 && !stream->second.ended_here)
        events.writable_again(stream->first);
    return {};
}

Result<void> Yamux::handle_stream(const YamuxHeader& header, Bytes& replies, MuxEvents& events) {
    const bool is_data = header.type == YamuxType::data;
    left_ = is_data ? header.length : 0;
    for_ = 0;
    fin_after_ = false;
    if (header.has(kYamuxSyn))
        CODEX_CHECK(open_from_peer(header.stream, replies, events));
    const auto named = ids_.find(header.stream);
    if (named == ids_.end())
        return {}; // one that is no more, whose peer does not know yet
    const StreamId id = named->second;
    const auto stream = streams_.find(id);
    if (header.has(kYamuxAck))
        acknowledge(stream->second);
    if (header.has(kYamuxRst)) {
        drop(stream);
        events.reset(id);
        return {};
    }
    if (!is_data) {
        CODEX_CHECK(widen_send(stream, header.length, events));
    } else if (!stream->second.ended_there) { // else it is passed over
        if (header.length > stream->second.may_come)
            return fail(Errc::mux_invalid, "yamux stream {} got {} bytes, its window has {}",
                        header.stream, header.length, stream->second.may_come);
        stream->second.may_come -= header.length;
        for_ = id;
    }
    if (!header.has(kYamuxFin) || stream->second.ended_there)
        return {};
    fin_after_ = left_ != 0;
    if (!fin_after_) {
        stream->second.ended_there = true;
        events.ended(id);
        drop_if_over(stream);
    }
    return {};
}

} // namespace codex::net::mux

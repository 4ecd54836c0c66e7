#include "net/mux/mplex.hpp"

#include "codec/uvarint.hpp"

namespace codex::net::mux {
namespace {

/// The longest header of a frame of ours: a stream's number, and a length of three bytes.
constexpr std::size_t kMaxMplexHead = codec::kMaxUvarintBytes + 3;
constexpr std::size_t kMaxMplexData = kMaxWrittenFrameBytes - kMaxMplexHead;

/// Whether the side that opened the stream says this.
bool is_from_initiator(MplexFlag flag) {
    return (static_cast<unsigned>(flag) & 1) == 0;
}

} // namespace

StreamId Mplex::add(const Key& key) {
    const StreamId stream = next_stream_++;
    streams_.emplace(stream, Stream{key});
    ids_.emplace(key, stream);
    if (key.ours)
        ++out_count_;
    return stream;
}

void Mplex::drop(Streams::iterator stream) {
    unread_.take(stream->second.unread, stream->second.unread);
    ids_.erase(stream->second.key);
    if (stream->second.key.ours)
        --out_count_;
    streams_.erase(stream);
}

/// A stream that both sides have ended is no more; but what of it is unread still counts.
void Mplex::drop_if_over(Streams::iterator stream) {
    if (!stream->second.ended_here || !stream->second.ended_there)
        return;
    // The peer may use the number again.
    const auto named = ids_.find(stream->second.key);
    if (named != ids_.end() && named->second == stream->first)
        ids_.erase(named);
    if (stream->second.unread != 0)
        return;
    if (stream->second.key.ours)
        --out_count_;
    streams_.erase(stream);
}

Result<StreamId> Mplex::open(Bytes& out) {
    if (out_count_ >= limits_.streams_out)
        return fail(Errc::mux_limit, "{} streams are open, which is the most", out_count_);
    const Key key{next_id_++, true};
    append_mplex_header(out, key.id, MplexFlag::new_stream, 0);
    return add(key);
}

std::size_t Mplex::writable(StreamId stream) const {
    const auto found = streams_.find(stream);
    return found == streams_.end() || found->second.ended_here ? 0 : kMaxMplexData;
}

std::size_t Mplex::begin_data(StreamId stream, std::size_t wanted, Bytes& out) {
    const std::size_t size = std::min(wanted, writable(stream));
    if (size == 0)
        return 0;
    const Key& key = streams_.find(stream)->second.key;
    append_mplex_header(
        out, key.id, key.ours ? MplexFlag::message_initiator : MplexFlag::message_receiver, size);
    return size;
}

void Mplex::end(StreamId stream, Bytes& out) {
    const auto found = streams_.find(stream);
    if (found == streams_.end() || found->second.ended_here)
        return;
    found->second.ended_here = true;
    const Key& key = found->second.key;
    append_mplex_header(out, key.id,
                        key.ours ? MplexFlag::close_initiator : MplexFlag::close_receiver, 0);
    drop_if_over(found);
}

void Mplex::reset(StreamId stream, Bytes& out) {
    const auto found = streams_.find(stream);
    if (found == streams_.end())
        return;
    const Key key = found->second.key;
    // Over both ways, and there only because of what is unread: the number may be another's by now.
    const bool over = found->second.ended_here && found->second.ended_there;
    if (!over)
        append_mplex_header(out, key.id,
                            key.ours ? MplexFlag::reset_initiator : MplexFlag::reset_receiver, 0);
    unread_.take(found->second.unread, found->second.unread);
    if (over)
        drop_if_over(found);
    else
        drop(found);
}

void Mplex::consumed(StreamId stream, std::size_t bytes, Bytes& /*out*/) {
    const auto found = streams_.find(stream);
    if (found == streams_.end())
        return;
    unread_.take(found->second.unread, bytes);
    drop_if_over(found);
}

bool Mplex::paused() const {
    const auto found = left_ == 0 ? streams_.end() : streams_.find(for_);
    return found != streams_.end() && !found->second.ended_there &&
           unread_.room(found->second.unread) == 0;
}

Result<std::size_t> Mplex::receive(BytesView input, Bytes& replies, MuxEvents& events) {
    std::size_t taken = 0;
    while (taken < input.size()) {
        if (left_ != 0) {
            if (!take_payload(input, taken, events))
                break;
            continue;
        }
        if (replies.size() >= limits_.reply_bytes)
            break;
        CODEX_TRY(whole, next_header(input, taken, replies, events));
        if (!whole)
            break;
    }
    return taken;
}

/// Gives out payload, or passes over it; false when there is no room for any.
bool Mplex::take_payload(BytesView input, std::size_t& taken, MuxEvents& events) {
    std::size_t part = std::min(left_, input.size() - taken);
    const auto found = streams_.find(for_);
    if (found != streams_.end() && !found->second.ended_there) {
        part = std::min(part, unread_.room(found->second.unread));
        if (part == 0)
            return false;
        unread_.add(found->second.unread, part);
        events.data(for_, input.subspan(taken, part));
    }
    taken += part;
    left_ -= part;
    return true;
}

/// Reads a header, whose beginning may have come before; false when it is not whole yet.
Result<bool> Mplex::next_header(BytesView input, std::size_t& taken, Bytes& replies,
                                MuxEvents& events) {
    std::optional<MplexHeader> header;
    if (head_.empty()) {
        CODEX_SET(header, read_mplex_header(input.subspan(taken)));
        if (header) {
            taken += header->size;
            CODEX_CHECK(handle_header(*header, replies, events));
            return true;
        }
    }
    while (!header && taken < input.size()) {
        head_.push_back(input[taken++]);
        CODEX_SET(header, read_mplex_header(head_));
    }
    if (!header)
        return false;
    head_.clear();
    CODEX_CHECK(handle_header(*header, replies, events));
    return true;
}

Result<void> Mplex::open_from_peer(std::uint64_t id, Bytes& replies, MuxEvents& events) {
    const Key key{id, false};
    if (ids_.contains(key))
        return fail(Errc::mux_invalid, "mplex stream {} is opened while it is open", id);
    if (streams_in() >= limits_.streams_in) {
        append_mplex_header(replies, id, MplexFlag::reset_receiver, 0);
        events.refused();
        return {};
    }
    events.opened(add(key));
    return {};
}

Result<void> Mplex::handle_header(const MplexHeader& header, Bytes& replies, MuxEvents& events) {
    left_ = header.payload;
    for_ = 0; // a name is passed over, and so is what has no place: behind an end, say
    if (header.flag == MplexFlag::new_stream)
        return open_from_peer(header.id, replies, events);
    const auto named = ids_.find(Key{header.id, !is_from_initiator(header.flag)});
    if (named == ids_.end())
        return {}; // one that is no more, whose peer does not know yet
    const StreamId id = named->second;
    const auto stream = streams_.find(id);
    switch (header.flag) {
    case MplexFlag::message_receiver:
    case MplexFlag::message_initiator:
        for_ = id;
        break;
    case MplexFlag::close_receiver:
    case MplexFlag::close_initiator:
        if (std::exchange(stream->second.ended_there, true))
            break;
        events.ended(id);
        drop_if_over(stream);
        break;
    default:
        drop(stream);
        events.reset(id);
        break;
    }
    return {};
}

} // namespace codex::net::mux

// What a connection sends, and its end.
#include "net/connection/connection.hpp"

namespace codex::net {

namespace {

/// What is sealed at once: four full frames.
constexpr std::size_t kBatchBytes = 4 * noise::kMaxPlainBytes;
constexpr Clock::Duration kLastWords = std::chrono::seconds(2);

} // namespace

// --- writing ------------------------------------------------------------------------------------

Task<void> Connection::write_loop(std::shared_ptr<Connection> self) {
    try {
        co_await write(self.get());
    } catch (...) {
        self->close("it could not be written any more");
        self->close_socket();
        throw; // as above
    }
}

Task<void> Connection::write(Connection* self) {
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
            connection.out_.give_memory_back();
            co_await connection.work_.wait();
            continue;
        }
        const auto written = connection.write_socket();
        if (!written)
            break;
        if (*written > 0) {
            progress = connection.loop_.now();
            // Others have their turn, too.
            co_await connection.loop_.next_turn();
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
    account();
    bytes_out_ += written;
    traffic_.all.out += written;
    traffic_.agents[static_cast<std::size_t>(agent_)].out += written;
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
    insertions_.clear();
    std::size_t size = plain_out_.size();
    while (!turn_.empty() && size < kBatchBytes) {
        const std::shared_ptr<State> stream = std::move(turn_.front());
        turn_.pop_front();
        stream->queued = false;
        if (yamux_ == nullptr) {
            const std::chrono::duration<double> waited = loop_.now() - stream->queued_at;
            traffic_.queue_seconds.observe(waited.count());
        }
        size += gather_data(*stream, stream);
    }
    if (size == 0) {
        Bytes().swap(plain_out_);
        return {};
    }
    CODEX_CHECK(seal(size));
    account();
    room_.notify();
    return {};
}

/// Makes frames of what was gathered: what streams send is encrypted from where it is.
Result<void> Connection::seal(std::size_t size) {
    const std::size_t frames = (size + noise::kMaxPlainBytes - 1) / noise::kMaxPlainBytes;
    MutableBytes to = out_.make(size + frames * noise::kFrameOverhead);
    insertions_.push_back({plain_out_.size(), {}}); // the end
    std::size_t own = 0;
    auto next = insertions_.begin();
    BytesView rest = BytesView(plain_out_).first(next->at);
    bool within_own = true;
    for (std::size_t left = size; left != 0;) {
        const std::size_t wanted = std::min(left, noise::kMaxPlainBytes);
        pieces_.clear();
        for (std::size_t room = wanted; room != 0;) {
            while (rest.empty()) {
                if (std::exchange(within_own, !within_own)) {
                    own = next->at;
                    rest = (next++)->bytes;
                } else {
                    rest = BytesView(plain_out_).subspan(own, next->at - own);
                }
            }
            const BytesView piece = rest.first(std::min(room, rest.size()));
            pieces_.push_back(piece);
            rest = rest.subspan(piece.size());
            room -= piece.size();
        }
        CODEX_CHECK(sealer_.seal_from(pieces_, to.first(wanted + noise::kFrameOverhead)));
        to = to.subspan(wanted + noise::kFrameOverhead);
        left -= wanted;
    }
    return {};
}

/// A frame's header into plain_out_, and its payload behind it; gives how many bytes they are.
std::size_t Connection::gather_data(State& stream, const std::shared_ptr<State>& shared) {
    if (stream.lost || stream.pending.empty())
        return 0;
    const std::size_t before = plain_out_.size();
    const std::size_t size = muxer_->begin_data(stream.id, stream.pending.size(), plain_out_);
    const std::size_t head = plain_out_.size() - before;
    for (std::size_t left = size; left != 0;) {
        const BytesView piece = stream.pending.take(left);
        insertions_.push_back({plain_out_.size(), piece});
        left -= piece.size();
    }
    if (size != 0)
        stream.taken.notify();
    if (stream.counted != nullptr)
        stream.counted->out += size;
    if (!stream.pending.empty() && muxer_->writable(stream.id) > 0)
        queue(shared); // else the muxer says when
    return head + size;
}

// --- the end ------------------------------------------------------------------------------------

void Connection::close(std::string_view why) noexcept {
    if (std::exchange(closing_, true))
        return;
    for (const auto& [id, stream] : streams_)
        lose(*stream);
    turn_.clear();
    try {
        why_ = why;
        if (yamux_ != nullptr)
            yamux_->go_away(mux::kYamuxNormal, control_);
    } catch (const std::bad_alloc&) {
        // The peer sees that it has ended, all the same.
    }
    account();
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

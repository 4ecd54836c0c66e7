#include "base/detail/simulated_wire.hpp"

#include <algorithm>
#include <cmath>

namespace codex::detail {

namespace {

constexpr std::size_t kSegmentBytes = 1460;
/// What is cut smaller than it was written, so that it does not arrive all at once.
constexpr std::size_t kPieceBytes = std::size_t{16} << 10;
/// TCP waits no shorter than that before it sends what it has no other sign of again, and then
/// twice as long, up to this.
constexpr Clock::Duration kFirstResend = std::chrono::milliseconds(200);
constexpr Clock::Duration kLastResend = std::chrono::minutes(2);

Clock::Duration duration_of(double seconds) {
    return std::chrono::duration_cast<Clock::Duration>(std::chrono::duration<double>(seconds));
}

/// From 0 on, and less than 1.
double fraction(Random& random) {
    return static_cast<double>(random.number().value_or(0) >> 11) * 0x1p-53;
}

/// Bytes a second of one connection, whose sender takes each loss for a sign that it is too fast
/// (Mathis and others, 1997); 0: as many as there are.
double rate_under_loss(const WireOptions& wire) {
    if (wire.loss <= 0)
        return 0;
    const std::chrono::duration<double> round_trip = 2 * wire.delay;
    return 1.22 * kSegmentBytes / (std::max(round_trip.count(), 1e-3) * std::sqrt(wire.loss));
}

Clock::Instant leaves_after(Clock::Instant& free, std::size_t size, double rate,
                            Clock::Instant now) {
    free = std::max(free, now);
    if (rate > 0)
        free += duration_of(static_cast<double>(size) / rate);
    return free;
}

} // namespace

bool happens(double part, Random& random) {
    return part > 0 && fraction(random) < part;
}

std::optional<Clock::Instant> Line::datagram(std::size_t size, Clock::Instant now, Random& random) {
    if (cut || happens(options.loss, random))
        return std::nullopt;
    const Clock::Duration full = duration_of(static_cast<double>(options.buffer_bytes) /
                                             std::max(options.bytes_per_second, 1.0));
    if (options.bytes_per_second > 0 && free - now > full)
        return std::nullopt;
    Clock::Instant arrives =
        leaves_after(free, size, options.bytes_per_second, now) + options.delay;
    if (options.jitter > Clock::Duration::zero())
        arrives += std::chrono::duration_cast<Clock::Duration>(options.jitter * fraction(random));
    return arrives;
}

Clock::Duration held_up_by_loss(std::size_t segments, const WireOptions& wire, Random& random) {
    Clock::Duration held{};
    if (wire.loss <= 0)
        return held;
    for (std::size_t i = 0; i < segments; ++i) {
        if (fraction(random) >= wire.loss)
            continue;
        // The receiver says that one is missing; where that one is lost, too, only time tells.
        Clock::Duration late = 2 * wire.delay;
        Clock::Duration resend = std::max(kFirstResend, 2 * wire.delay);
        while (fraction(random) < wire.loss && late < kLastResend) {
            late += resend;
            resend *= 2;
        }
        held = std::max(held, late);
    }
    return held;
}

std::optional<Clock::Instant> Pipe::next() const {
    if (!pieces.empty())
        return pieces.front().arrives;
    return ended ? std::optional(end_arrives) : std::nullopt;
}

Clock::Instant Pipe::arrival(std::size_t size, Clock::Instant now, Random& random) {
    if (line->cut)
        return Clock::Instant::max();
    const WireOptions& wire = line->options;
    const Clock::Instant of_line = leaves_after(line->free, size, wire.bytes_per_second, now);
    const Clock::Instant of_pipe = leaves_after(free, size, rate_under_loss(wire), now);
    const std::size_t segments = (size + kSegmentBytes - 1) / kSegmentBytes;
    newest = std::max(newest, std::max(of_line, of_pipe) + wire.delay +
                                  held_up_by_loss(segments, wire, random));
    return newest;
}

void Pipe::send(BytesView bytes, Clock::Instant now, Random& random) {
    const bool whole = line->options.bytes_per_second <= 0 && line->options.loss <= 0;
    held_bytes += bytes.size();
    while (!bytes.empty()) {
        const BytesView piece =
            bytes.first(whole ? bytes.size() : std::min(bytes.size(), kPieceBytes));
        bytes = bytes.subspan(piece.size());
        pieces.push_back(
            {arrival(piece.size(), now, random), Bytes(piece.begin(), piece.end()), 0});
    }
    readable.notify();
}

void Pipe::end(Clock::Instant now) {
    if (std::exchange(ended, true))
        return;
    end_arrives = line->cut ? Clock::Instant::max() : std::max(newest, now + line->options.delay);
    readable.notify();
}

void Pipe::abandon() {
    abandoned = true;
    if (!line->cut)
        break_off();
}

void Pipe::break_off() {
    broken = true;
    readable.notify();
    writable.notify();
}

void Line::add(const std::shared_ptr<Pipe>& pipe) {
    std::erase_if(pipes, [](const auto& other) { return other.expired(); });
    pipes.push_back(pipe);
}

void Line::cut_off(Clock::Instant now) {
    cut = true;
    for (const auto& one : pipes) {
        const auto pipe = one.lock();
        if (!pipe)
            continue;
        for (Pipe::Piece& piece : pipe->pieces)
            if (piece.arrives > now)
                piece.arrives = Clock::Instant::max();
        if (pipe->ended && pipe->end_arrives > now)
            pipe->end_arrives = Clock::Instant::max();
    }
}

void Line::mend(EventLoop& loop, Random& random) {
    cut = false;
    const Clock::Instant now = loop.now();
    free = now;
    for (const auto& one : pipes) {
        const auto pipe = one.lock();
        if (!pipe)
            continue;
        pipe->free = now;
        pipe->newest = now + kFirstResend;
        for (Pipe::Piece& piece : pipe->pieces)
            if (piece.arrives == Clock::Instant::max())
                piece.arrives = pipe->arrival(piece.bytes.size(), now, random);
        if (pipe->ended && pipe->end_arrives == Clock::Instant::max())
            pipe->end_arrives = std::max(pipe->newest, now + options.delay);
        if (pipe->abandoned)
            pipe->break_off();
        pipe->readable.notify();
    }
}

void Line::break_all() {
    for (const auto& one : pipes)
        if (const auto pipe = one.lock())
            pipe->break_off();
}

} // namespace codex::detail

// What is on its way between two hosts of a simulated network.
#pragma once

#include "base/random.hpp"
#include "base/simulated_network.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace codex::detail {

struct Pipe;

/// One direction between two hosts, which all their connections share.
struct Line {
    WireOptions options;
    bool cut = false;
    Clock::Instant free; ///< all that was sent has left
    std::vector<std::weak_ptr<Pipe>> pipes;

    void cut_off(Clock::Instant now);
    /// What did not pass is sent again.
    void mend(EventLoop& loop, Random& random);
    void break_all();
    void add(const std::shared_ptr<Pipe>& pipe);
    /// When a datagram of `size` bytes arrives that is sent now; nothing, when it is lost, as it is
    /// where more waits for its turn than `options.buffer_bytes`.
    [[nodiscard]] std::optional<Clock::Instant> datagram(std::size_t size, Clock::Instant now,
                                                         Random& random);
};

/// One direction of a connection. What is written arrives later, in pieces.
struct Pipe {
    Pipe(EventLoop& loop, std::shared_ptr<Line> on)
        : line(std::move(on)), readable(loop), writable(loop) {}

    struct Piece {
        Clock::Instant arrives; ///< max(): it does not pass
        Bytes bytes;
        std::size_t from = 0;
    };
    std::shared_ptr<Line> line;
    std::deque<Piece> pieces;
    std::size_t held_bytes = 0;
    Clock::Instant free;   ///< all that was sent has left
    Clock::Instant newest; ///< the piece that was sent last arrives
    bool ended = false;
    Clock::Instant end_arrives;
    bool abandoned = false; ///< nobody reads it any more
    bool broken = false;
    Signal readable;
    Signal writable;

    /// How many bytes are taken.
    [[nodiscard]] std::size_t room() const {
        return line->options.buffer_bytes - std::min(line->options.buffer_bytes, held_bytes);
    }
    /// When there is something to read: a piece, or the end behind all pieces.
    [[nodiscard]] std::optional<Clock::Instant> next() const;
    void send(BytesView bytes, Clock::Instant now, Random& random);
    void end(Clock::Instant now);
    /// The reader goes away; the writer is told, where anything passes.
    void abandon();
    void break_off();
    /// When `size` bytes arrive that are sent now.
    [[nodiscard]] Clock::Instant arrival(std::size_t size, Clock::Instant now, Random& random);
};

/// Whether something comes to pass that does in this part of all cases, of 0 to 1.
[[nodiscard]] bool happens(double part, Random& random);
/// For how long a piece of `segments` is held up by those of it that are lost and sent again.
[[nodiscard]] Clock::Duration held_up_by_loss(std::size_t segments, const WireOptions& wire,
                                              Random& random);

} // namespace codex::detail

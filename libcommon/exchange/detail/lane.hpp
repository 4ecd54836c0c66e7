// What is to be said to one peer on one stream of ours.
#pragma once

#include "base/event_loop.hpp"
#include "base/raw_bytes.hpp"

#include <deque>
#include <optional>

namespace codex::exchange::detail {

/// Whoever waits for a message's end shares this.
struct Fate {
    explicit Fate(EventLoop& loop) : changed(loop) {}
    bool over = false;
    std::optional<Error> error;
    Signal changed;
};

/// Messages, each with its length in front: small ones in their order, those with blocks, for whose
/// end somebody waits, in theirs; the small ones go first.
struct Lane {
    struct Out {
        RawBytes bytes;
        std::size_t left = 0;       ///< of them, not on their way
        std::shared_ptr<Fate> fate; ///< of none, when nobody waits
        std::size_t messages = 1;
    };

    explicit Lane(EventLoop& loop) : changed(loop) {}

    /// `messages` in a row.
    void push(RawBytes framed, std::shared_ptr<Fate> fate, std::size_t messages);
    /// So many bytes of the front are on their way.
    void advance(std::size_t bytes);
    /// Takes the front away, and says what became of it.
    void pop(std::optional<Error> error);
    /// The same of all.
    void fail_all(const Error& error);

    std::deque<Out> queue;
    /// Bytes of the queue that are not on their way.
    std::size_t unsent_small = 0;
    std::size_t unsent_blocks = 0;
    bool running = false; ///< something sends them
    bool ended = false;   ///< the stream of now is of no more use
    Signal changed;       ///< there is more, or it has ended
};

} // namespace codex::exchange::detail

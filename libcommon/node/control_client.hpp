// Asks a node that runs.
#pragma once

#include "node/control.hpp"
#include "node/lines.hpp"

#include <functional>

namespace codex::node {

/// Takes a part of an answer, which is neither Done nor an error; what it gives ends the waiting.
using TakeReply = std::function<Result<void>(Reply reply)>;

/// How long a node may take, and the error when it takes longer, which no answer of a node is.
struct Patience {
    Clock::Duration span; ///< for each part of the answer
    std::function<Error()> over;
    Clock::Instant until = Clock::Instant::max(); ///< for all of it, however many parts come
};

/// Says `request` and waits for its whole answer, as long as `patience` lets it. What is pointed to
/// outlives it. Errors: the one that is the answer; unavailable, when the node ends before it
/// has answered; that of `patience`; json_invalid, when that is no node; those of `take`.
[[nodiscard]] Task<Result<void>> ask(EventLoop* loop, Lines* lines, Request request,
                                     const TakeReply* take, const Patience* patience);

} // namespace codex::node

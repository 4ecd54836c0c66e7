// Asks a node that runs.
#pragma once

#include "node/control.hpp"
#include "node/lines.hpp"

#include <functional>

namespace codex::node {

/// Takes a part of an answer, which is neither Done nor an error; what it gives ends the waiting.
using TakeReply = std::function<Result<void>(Reply reply)>;

/// How long a node may keep silent, and the error when it does, which no answer of a node is.
struct Patience {
    Clock::Duration span;
    std::function<Error()> over;
};

/// Says `request` and waits for its whole answer; each part has `patience` to come. What is pointed
/// to outlives it. Errors: the one that is the answer; unavailable, when the node ends before it
/// has answered; that of `patience`; json_invalid, when that is no node; those of `take`.
[[nodiscard]] Task<Result<void>> ask(EventLoop* loop, Lines* lines, Request request,
                                     const TakeReply* take, const Patience* patience);

} // namespace codex::node

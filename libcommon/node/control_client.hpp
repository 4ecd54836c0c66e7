// Asks a node that runs.
#pragma once

#include "node/control.hpp"
#include "node/lines.hpp"

#include <functional>

namespace codex::node {

/// Takes a part of an answer, which is neither Done nor an error; what it gives ends the waiting.
using TakeReply = std::function<Result<void>(Reply reply)>;

/// Says `request` and waits for its whole answer; each part has `patience` to come. `lines`, `loop`
/// and `take` outlive it. Errors: the one that is the answer; unavailable, when the node ends
/// before it has answered; timeout; json_invalid, when that is no node; those of `take`.
[[nodiscard]] Task<Result<void>> ask(EventLoop* loop, Lines* lines, Request request,
                                     const TakeReply* take, Clock::Duration patience);

} // namespace codex::node

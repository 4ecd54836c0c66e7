#include "node/control_client.hpp"

#include <algorithm>

namespace codex::node {

namespace {

/// When the part of an answer that is waited for has to be here.
Clock::Instant next_by(const EventLoop& loop, const Patience& patience) {
    return std::min(loop.now() + patience.span, patience.until);
}

} // namespace

Task<Result<void>> ask(EventLoop* loop, Lines* lines, Request request, const TakeReply* take,
                       const Patience* patience) {
    std::string said = encode(request);
    // Who is refused before it has asked is told why, so what is not taken is no end yet.
    const auto sent = co_await Lines::say(lines, std::move(said), next_by(*loop, *patience));
    if (!sent && sent.error().code() == Errc::timeout)
        co_return fail(patience->over());
    if (!sent && sent.error().code() != Errc::unavailable)
        co_return fail(Error(sent.error().code(), sent.error().text()));
    for (;;) {
        auto line = co_await Lines::next(lines, next_by(*loop, *patience));
        if (!line && line.error().code() == Errc::timeout)
            co_return fail(patience->over());
        if (!line)
            co_return fail(std::move(line).error());
        if (!*line)
            co_return fail(Errc::unavailable, "the node has ended");
        auto reply = decode_reply(**line);
        if (!reply)
            co_return fail(std::move(reply).error().context("the answer of the node"));
        if (std::holds_alternative<NotKnown>(*reply))
            continue; // that of a newer node is the same answer without it
        if (std::holds_alternative<Done>(*reply))
            co_return Result<void>();
        if (auto* const error = std::get_if<Error>(&*reply))
            co_return fail(std::move(*error));
        auto taken = (*take)(std::move(*reply));
        if (!taken)
            co_return taken;
    }
}

} // namespace codex::node

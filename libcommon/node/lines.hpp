// Lines over a socket, one after the other, of no more than a certain length.
#pragma once

#include "base/network.hpp"

#include <optional>
#include <string>

namespace codex::node {

/// Threads: the loop's.
class Lines {
public:
    explicit Lines(std::unique_ptr<Socket> socket) : socket_(std::move(socket)) {}

    /// The next line without its end; nothing at the end of all. Errors: limit_exceeded, when it is
    /// longer than kMaxLineBytes; truncated, when what comes last has no end; those of the socket.
    [[nodiscard]] static Task<Result<std::optional<std::string>>> next(Lines* self,
                                                                       Clock::Instant until);
    /// Errors: limit_exceeded, as above; those of the socket.
    [[nodiscard]] static Task<Result<void>> say(Lines* self, std::string line,
                                                Clock::Instant until);
    /// Returns when something comes, or the other side ends. Errors: those of the socket.
    [[nodiscard]] static Task<Result<void>> stirs(Lines* self);
    void close() { socket_->close(); }

private:
    [[nodiscard]] Result<std::optional<std::string>> take();

    std::unique_ptr<Socket> socket_;
    std::string unread_;
    std::size_t looked_at_ = 0; ///< of it: there is no end of a line
};

} // namespace codex::node

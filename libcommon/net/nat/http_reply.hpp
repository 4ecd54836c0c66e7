// What a router answers over HTTP: small, and whole before it is looked at.
#pragma once

#include "base/network.hpp"

#include <optional>
#include <string>

namespace codex::net::nat {

struct HttpReply {
    unsigned status = 0;
    std::string body;
    friend bool operator==(const HttpReply&, const HttpReply&) = default;
};

/// Most that is read of an answer, head and all.
constexpr std::size_t kMaxReplyBytes = std::size_t{128} << 10;

/// The answer that `bytes` begin with, in any of the ways in which its length may be said; nothing,
/// while there is more to come. `ended`: nothing more comes. Errors: malformed, truncated.
[[nodiscard]] Result<std::optional<HttpReply>> parse_reply(std::string_view bytes, bool ended);

/// A reply, and the address of this host that it came to.
struct HttpAnswer {
    HttpReply reply;
    SocketAddress own;
};
/// Connects, says `request`, and reads the answer. `network` outlives it. Errors: those of
/// parse_reply(); limit_exceeded, when it is longer; timeout, unavailable, io.
[[nodiscard]] Task<Result<HttpAnswer>> ask_over_http(Network* network, SocketAddress to,
                                                     std::string request, Clock::Instant until);

} // namespace codex::net::nat

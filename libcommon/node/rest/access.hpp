// Who may ask, and which pages of other hosts a browser lets read the answers (codex-rest(7), WHO
// MAY ASK).
#pragma once

#include "http/message.hpp"
#include "node/rest/routes.hpp"

namespace codex::node::rest {

struct AccessOptions {
    /// Of pages that may read answers: an origin, or * for all; empty: none but our own.
    std::string cors_origin{};
    /// Names of this host that requests may be addressed to; empty, when any may. Without port.
    std::vector<std::string> hosts{};
    /// What requests have to show; empty: nothing.
    std::string token{};
};

/// The hosts that may be named where only programs of this host can connect: a name of somebody
/// else's that leads here is that of a page which wants to reach what is not its own.
[[nodiscard]] std::vector<std::string> loopback_hosts(std::string_view bound);

/// Why a request is not answered.
struct Refusal {
    unsigned status = 403;
    std::string text;
};
/// Nothing, when it is. `preflight` requests show no token, for browsers send none.
[[nodiscard]] std::optional<Refusal> refusal(const AccessOptions& options,
                                             const http::Request& request);

/// The fields of an answer that refuses: how to do better, and, where it was the token that was
/// missing, whose pages may learn that.
[[nodiscard]] http::Fields refused_fields(const AccessOptions& options,
                                          const http::Request& request, const Refusal& refused);

/// The fields of an answer of `route` that are for browsers. `succeeded`: its status is of 2xx.
/// With a token, pages that may read answers may read all of them, and every preflight allows to
/// send it.
[[nodiscard]] http::Fields cors_fields(const AccessOptions& options, const http::Request& request,
                                       const Route& route, bool succeeded);

/// The same text, compared in a time that says nothing about where they differ.
[[nodiscard]] bool same_secret(std::string_view one, std::string_view other);

} // namespace codex::node::rest

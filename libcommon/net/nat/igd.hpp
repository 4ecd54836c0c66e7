// What is said between a host and a router of UPnP, an "Internet Gateway Device": as text alone
// (UPnP Device Architecture 1.1; IGD 1 and 2; codex-libp2p(7), WAYS IN).
#pragma once

#include "base/error.hpp"
#include "base/network.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace codex::net::nat {

/// Who is to answer a search: devices and services of this type. One datagram for each.
[[nodiscard]] std::vector<std::string> search_messages();

/// Where something of a router is: an address of IPv4, as a router says its own, and a path.
struct IgdUrl {
    SocketAddress at;
    std::string path; ///< begins with "/", and has neither blanks nor control characters
    friend bool operator==(const IgdUrl&, const IgdUrl&) = default;
};
/// Errors: malformed: no http with an IP address, or longer than 512 characters.
[[nodiscard]] Result<IgdUrl> parse_igd_url(std::string_view text);
/// Where the description is, out of an answer to a search. Errors: malformed.
[[nodiscard]] Result<IgdUrl> description_url(std::string_view answer);

/// A connection of the router to the internet, which can be asked for things.
struct IgdService {
    std::string_view type; ///< one of those that are known
    IgdUrl control;
    friend bool operator==(const IgdService&, const IgdService&) = default;
};
/// Those of a description that was found at `from`, the best first, at most four; of other hosts
/// none. Errors: unavailable, when there is none.
[[nodiscard]] Result<std::vector<IgdService>> services_of(std::string_view description,
                                                          const IgdUrl& from);

using IgdArguments = std::vector<std::pair<std::string_view, std::string>>;
/// Asks a service for an action: the whole request. The arguments need no escaping.
[[nodiscard]] std::string action_request(const IgdService& service, std::string_view action,
                                         const IgdArguments& arguments);
/// Asks for a document.
[[nodiscard]] std::string document_request(const IgdUrl& url);

/// The value of the first element of that name in an answer; nothing, when there is none.
[[nodiscard]] std::optional<std::string> value_of(std::string_view answer, std::string_view name);
/// What a refusal has for a number (718: the port is another's); 0, when it says none.
[[nodiscard]] unsigned refusal_of(std::string_view answer);

} // namespace codex::net::nat

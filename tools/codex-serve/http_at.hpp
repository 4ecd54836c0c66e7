// Where a node is asked over HTTP: addresses as options name them, and listening there.
#pragma once

#include "base/network.hpp"

#include <memory>
#include <string>
#include <vector>

namespace codex::serve_tool {

/// The options that say where, and what to say instead of a value that is wrong.
struct HttpOptions {
    std::string_view address; ///< "--api-bindaddr"
    std::string_view port;    ///< "--api-port"
    std::uint16_t usual_port; ///< 8080
    std::string_view hint{};  ///< "without REST: --api-bindaddr none"; may be empty
};

/// An IP address of either kind. Errors: usage, naming the option.
[[nodiscard]] Result<SocketAddress> parse_http_address(const HttpOptions& options,
                                                       const std::string& ip, std::uint64_t port);
[[nodiscard]] bool is_loopback(const SocketAddress& at);
/// What this host may be called in requests there, `more` among it; empty: whatever one likes.
[[nodiscard]] std::vector<std::string> allowed_hosts(const SocketAddress& at,
                                                     const std::vector<std::string>& more);
/// Where it cannot, the context knows that the error is about the address. Errors: address_in_use,
/// config_invalid, naming it, with what to say instead; those of Network::listen().
[[nodiscard]] Result<std::unique_ptr<Acceptor>> listen_for_http(cli::Context& context,
                                                                Network& network,
                                                                const SocketAddress& at,
                                                                const HttpOptions& options);

} // namespace codex::serve_tool

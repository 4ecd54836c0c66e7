#include "passed_sockets.hpp"

#include <algorithm>

namespace codex::serve_tool {

namespace {

/// Of a socket that was passed and is nobody's.
Error socket_for_nobody(const SocketAddress& at) {
    return Error(Errc::config_invalid,
                 fmt::format("{}: a socket was passed for it, and nothing is to listen there",
                             at.text()))
        .hint("let the node listen there: --listen-addrs, or --api-bindaddr with --api-port");
}

} // namespace

Result<void> take_sockets(SystemNetwork& network, cli::Supervisor& supervisor) {
    for (Fd& socket : supervisor.take_sockets()) {
        if (auto taken = network.inherit(std::move(socket)); !taken)
            return fail(
                Error(Errc::config_invalid,
                      fmt::format("of the sockets that were passed {}", taken.error().text()))
                    .hint("pass sockets of ListenStream= with an IP address and a port; "
                          "codex-serve(1) says more under SUPERVISION"));
    }
    return {};
}

Result<void> check_sockets(cli::Context& context, const SystemNetwork& network) {
    const auto left = network.inherited();
    if (left.empty())
        return {};
    context.about(left.front().text());
    return fail(socket_for_nobody(left.front()));
}

Error unless_passed(cli::Context& context, Error error, const SystemNetwork& network,
                    std::uint16_t port) {
    const auto left = network.inherited();
    const auto same = std::ranges::find(left, port, &SocketAddress::port);
    if (error.code() != Errc::address_in_use || same == left.end())
        return error;
    context.about(same->text());
    return socket_for_nobody(*same);
}

} // namespace codex::serve_tool

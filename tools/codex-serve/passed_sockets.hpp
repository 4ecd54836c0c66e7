// Sockets that a service manager opened for the node (codex-serve(1), SUPERVISION).
#pragma once

#include "base/system_network.hpp"
#include "cli/supervisor.hpp"
#include "serve.hpp"

namespace codex::serve_tool {

/// Takes them, for whoever listens at their addresses. Errors: config_invalid, for a descriptor
/// that is no such socket.
[[nodiscard]] Result<void> take_sockets(SystemNetwork& network, cli::Supervisor& supervisor);

/// Where nobody listens at one, whoever asks there waits for ever. Errors: config_invalid, naming
/// its address.
[[nodiscard]] Result<void> check_sockets(cli::Context& context, const SystemNetwork& network);

/// What cannot be listened at `port` may be what a socket for another address has, as that of
/// systemd's ListenStream=8080, [::]:8080, has 0.0.0.0:8080: then that is the mistake, and what the
/// context has the error be about. Else `error`.
[[nodiscard]] Error unless_passed(cli::Context& context, Error error, const SystemNetwork& network,
                                  std::uint16_t port);

} // namespace codex::serve_tool

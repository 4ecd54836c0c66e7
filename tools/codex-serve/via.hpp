// Peers that are commands: what `fetch --via` names.
#pragma once

#include "base/system_network.hpp"
#include "cli/child.hpp"
#include "exchange/fetch.hpp"

#include <memory>
#include <span>

namespace codex::serve_tool {

/// A command, and the peer at the other end of its stdin and stdout.
/// Threads: that of the loop.
struct Via {
    /// Starts it. Errors: those of Child::start() and SystemNetwork::pipe().
    [[nodiscard]] static Result<std::unique_ptr<Via>>
    start(SystemNetwork& network, const std::string& command, Clock::Duration patience);

    explicit Via(cli::Child started) : child(std::move(started)) {}
    std::string command;
    cli::Child child;
    std::unique_ptr<exchange::PipePeer> peer; ///< goes before the child, which sees its pipe end
};

/// Lets the commands end, and gives `error`, what a fetch has failed with, if it has, as it is to
/// be said: of a command that has failed, or never spoke, with its exit status and what it said
/// last. So it does with the errors of `peers`.
[[nodiscard]] std::optional<Error> end_all(std::span<const std::unique_ptr<Via>> commands,
                                           std::vector<exchange::FetchPeer>& peers,
                                           std::optional<Error> error);

} // namespace codex::serve_tool

// What the subcommands of codex-serve share: their declarations, and what most begin with.
#pragma once

#include "base/system_network.hpp"
#include "base/system_programs.hpp"
#include "cli/command.hpp"
#include "cli/context.hpp"
#include "net/connection/host.hpp"
#include "node/daemon.hpp"

namespace codex::serve_tool {

void declare_run(cli::Command& root);
void declare_id(cli::Command& root);
void declare_key(cli::Command& root);
void declare_ping(cli::Command& root);
void declare_fetch(cli::Command& root);
void declare_stdio(cli::Command& root);
/// Of what the DHT knows.
void declare_find(cli::Command& root);
void declare_router(cli::Command& root);
/// Of what is said to a node that runs.
void declare_control(cli::Command& root);

/// What is fetched of a dataset as --range or --slot say, once it is known; nothing where neither
/// does, for all of it. Errors: usage.
[[nodiscard]] Result<node::PartOf> part_of(const std::optional<std::string>& range,
                                           std::optional<std::uint64_t> slot);

/// The key file that is meant: `given`, or node/key in the repo where that is empty.
[[nodiscard]] Result<std::string> key_path(const cli::Context& context, const std::string& given);
/// The same, and the folder node/ of a repo that there is. Errors: repo_missing, cannot_create.
[[nodiscard]] Result<std::string> new_key_path(const cli::Context& context,
                                               const std::string& given);

/// The key in the file that key_path() gives of `given`. Errors: not_found, with how to make one,
/// or with `command` and the key beside the repo, where a node has one of --data-dir; those of
/// net::read_key_file(). Each is about the file, as is said to the context.
[[nodiscard]] Result<net::SecretKey> read_node_key(cli::Context& context, const std::string& given,
                                                   std::string_view command);

/// What can be done when no key file was made at `path`.
[[nodiscard]] Error key_not_made(Error error, const std::string& path);

/// What can be done when this user may not listen at `port`; `instead` is an option with another
/// one.
[[nodiscard]] Error not_permitted(Error error, std::uint16_t port, std::string_view instead);

/// Each value of `option` may be several, of which each is a `what` (ADDRESS), between commas or on
/// lines. Errors: usage, naming the option, for one that is empty, or has a blank within.
[[nodiscard]] Result<std::vector<std::string>>
split_list(std::string_view option, std::string_view what, const std::vector<std::string>& values);

/// An IP address as users write it, with the port; nothing where it is none.
[[nodiscard]] std::optional<SocketAddress> parse_ip(const std::string& text, std::uint16_t port);

/// A peer with an address of it, as users write it: MULTIADDR/p2p/ID. Errors: multiaddr_invalid,
/// also when the peer is not named.
struct Target {
    net::PeerId peer;
    net::Multiaddr address;
};
[[nodiscard]] Result<Target> parse_target(const std::string& text);

/// What took longer than `seconds` is given twice as long.
[[nodiscard]] Remedy longer_than(std::uint64_t seconds);

/// `error` of connecting with a node by its address, which was given `seconds`: where nobody, or
/// somebody else, answers there, with where the right one is shown.
[[nodiscard]] Error with_way_to_node(Error error, std::uint64_t seconds);

/// A node over the system's sockets, on a loop of its own. It has to be on the heap: its parts
/// refer to each other. Threads: the one that runs the loop.
struct Node {
    explicit Node(const Clock& clock) : loop(clock), network(loop), programs(loop) {}
    /// Of a key that nobody knows: for who only asks. Errors: those of the system's randomness.
    [[nodiscard]] static Result<std::unique_ptr<Node>> anonymous(const cli::Context& context);
    [[nodiscard]] static Result<std::unique_ptr<Node>>
    make(const cli::Context& context, net::SecretKey key, net::HostOptions options);

    SystemLoop loop;
    SystemNetwork network;
    SystemPrograms programs;
    std::unique_ptr<net::Host> host;
};

} // namespace codex::serve_tool

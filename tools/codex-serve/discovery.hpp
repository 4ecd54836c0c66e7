// How a node finds others, as options say: its port of the DHT, the nodes that it begins with, and
// how it is reached.
#pragma once

#include "node/advertiser.hpp"
#include "serve.hpp"

#include <optional>

namespace codex::serve_tool {

struct DiscoveryOptions {
    std::string ip;
    std::uint64_t port = 8090;
    std::vector<std::string> bootstrap;
    std::string nat = "any";
};

void declare_discovery_options(cli::Command& command, DiscoveryOptions& options);
/// --bootstrap-node alone, for who only asks.
void declare_bootstrap_option(cli::Command& command, std::vector<std::string>& bootstrap,
                              const std::string& help);

/// The same, understood.
struct DiscoverySettings {
    std::optional<SocketAddress> at; ///< nothing: there is no discovery
    std::vector<net::dht::NodeRecord> bootstrap;
    net::NatChoice nat;
};
/// `listen` is where the node takes connections; `until` is how long a file of records is waited
/// for, as cli::read_settings_file() takes it. Errors: usage, naming the option; config_invalid,
/// for the record of a node that is none; those of reading a file of them.
[[nodiscard]] Result<DiscoverySettings>
discovery_settings_of(const DiscoveryOptions& options, const std::vector<net::Multiaddr>& listen,
                      const std::optional<Deadline>& until);

/// Records of nodes of the DHT, as --bootstrap-node takes them: in each text one, several between
/// commas or on lines, or @ and the name of a file of such. Errors: as above.
[[nodiscard]] Result<std::vector<net::dht::NodeRecord>>
bootstrap_nodes(const std::vector<std::string>& texts, const std::optional<Deadline>& until);

/// Warns where --bootstrap-node was given to a command that the node which serves the repo does:
/// that goes by those it was begun with, and by no other.
void warn_of_own_bootstrap(cli::Context& context);

/// Warns of what is of no use: bootstrap nodes where there is no discovery, or that are the node
/// `own`; an address for others that is of another kind than all in `listen`.
void warn_of_discovery(const log::Logger& log, const DiscoverySettings& settings,
                       const std::vector<net::Multiaddr>& listen, const net::PeerId& own);

/// Warns where the clock of this host is far off: before `last_record`, the number of a record of
/// this node, or before what the records of others say of theirs.
void warn_of_clock(const log::Logger& log, const Clock& clock, std::uint64_t last_record,
                   const std::vector<net::dht::NodeRecord>& others);

/// A store, a node of the DHT over it, and what tells of the repo. Errors: those of
/// DhtNode::make(), with the address and what to say instead where the port is taken.
struct DiscoveryParts {
    std::unique_ptr<node::DhtStore> store;
    std::unique_ptr<node::DhtNode> node;
    std::unique_ptr<node::Advertiser> advertiser; ///< the first to go
};
[[nodiscard]] Result<DiscoveryParts>
begin_discovery(cli::Context& context, Node& node, const net::SecretKey& key,
                const DiscoverySettings& settings, const net::dht::SourceLimits& limits,
                const repo::Repo& repo, Executor& pool, node::RecordNumbers& numbers);

/// A node of the DHT that only asks: nobody keeps it, as it is not where its record says. Errors:
/// those of Dht::make(), and of the system's randomness.
struct AskingDht {
    AskingDht() : store(Random::system()) {}
    net::dht::MemoryProviders store;
    std::vector<SocketAddress> bootstrap; ///< where the nodes are that it begins with
    std::unique_ptr<net::dht::Dht> dht;
};
[[nodiscard]] Result<std::unique_ptr<AskingDht>>
begin_asking(cli::Context& context, Node& node, std::vector<net::dht::NodeRecord> bootstrap);

} // namespace codex::serve_tool

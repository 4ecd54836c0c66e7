// Where a node says that it is reached, as that changes (codex-libp2p(7), ANNOUNCED ADDRESSES).
#pragma once

#include "net/address/announce.hpp"
#include "net/connection/host.hpp"
#include "net/dht/dht.hpp"
#include "node/record_numbers.hpp"

namespace codex::node {

/// A way in that somebody has arranged, as a router that hands on what comes to it. Ports are none
/// of 0.
struct External {
    SocketAddress tcp; ///< for connections
    /// For datagrams of the DHT; nothing, when none get in.
    std::optional<SocketAddress> udp{};

    friend bool operator==(const External&, const External&) = default;
};

struct AnnouncerOptions {
    net::NatChoice nat;
    /// The address that is used towards the internet, with port 0; nothing, when there is no way.
    std::function<std::optional<SocketAddress>()> outward{};
    log::Logger logger{};
};

/// Signs the record by which this node provides things, has the DHT sign its own, and the host tell
/// its peers, each time that the addresses have changed.
/// Threads: the loop's.
class Announcer final {
public:
    /// `key` is the host's, which takes connections already. All but the key outlive it.
    Announcer(net::SecretKey key, net::Host& host, Network& network, net::dht::Dht& dht,
              RecordNumbers& numbers, AnnouncerOptions options);
    Announcer(const Announcer&) = delete;
    Announcer& operator=(const Announcer&) = delete;

    /// From now on it is reached there, first of all; with nothing it is not any more.
    void set_external(const std::optional<External>& external);
    /// What it says now, an external way in first. `asks_for_mapping`: somebody is to arrange for
    /// one, and nobody has.
    [[nodiscard]] const net::Announced& announced() const { return announced_; }
    /// The envelope of the record of its addresses of TCP.
    [[nodiscard]] const Bytes& provider_record() const { return record_; }
    /// Is told when that is another one.
    [[nodiscard]] Signal& changed() { return changed_; }

    /// Looks where it is reached now.
    void look();
    /// Does so now and then, as interfaces come and go.
    [[nodiscard]] static Task<void> run(Announcer* self);

    /// What a node on this host would say, before it takes datagrams; its ports of UDP are those of
    /// `datagrams`, and where that is one address, it is the only one.
    [[nodiscard]] static net::Announced choose(const net::Host& host, const Network& network,
                                               const SocketAddress& datagrams,
                                               const AnnouncerOptions& options);

private:
    void sign();
    void say_hidden();

    net::SecretKey key_;
    net::Host& host_;
    Network& network_;
    net::dht::Dht& dht_;
    RecordNumbers& numbers_;
    AnnouncerOptions options_;
    std::optional<External> external_;
    net::Announced announced_;
    std::vector<SocketAddress> signed_; ///< addresses of the record
    Bytes record_;
    bool said_hidden_ = false;
    Signal changed_;
};

} // namespace codex::node

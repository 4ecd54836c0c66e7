// How a host dials: one dial of a peer at a time, its addresses in order, names looked up, and none
// that failed a moment ago.
#include "net/connection/host.hpp"

#include <algorithm>

namespace codex::net {

namespace {

/// One dial of a peer at a time: the others wait for its end.
class Dialling {
public:
    Dialling(std::set<PeerId>& all, const PeerId& peer, Signal& over)
        : all_(all), peer_(peer), over_(over) {
        all_.insert(peer_);
    }
    Dialling(const Dialling&) = delete;
    Dialling& operator=(const Dialling&) = delete;
    ~Dialling() {
        all_.erase(peer_);
        over_.notify();
    }

private:
    std::set<PeerId>& all_;
    PeerId peer_;
    Signal& over_;
};

Error not_dialable(const Multiaddr& address) {
    if (address.parts().front().protocol == Protocol::dnsaddr)
        return {Errc::unsupported,
                fmt::format("{}: a dnsaddr, which stands for other addresses, is not looked up: "
                            "give one of them",
                            address.text())};
    return {Errc::unsupported,
            fmt::format("{}: not an IP address or a host name, and a TCP port", address.text())};
}

} // namespace

Task<Result<std::shared_ptr<Connection>>>
Host::connect(PeerId peer, std::vector<Multiaddr> addresses, Clock::Instant until, Redial redial) {
    if (peer == id_)
        co_return fail(Errc::argument_invalid, "{} is this node itself", peer.text());
    while (!connection(peer) && dialling_.contains(peer)) {
        const auto in_time = co_await changed_.wait(until);
        if (!in_time)
            co_return fail(Errc::timeout, "connect to {}: no answer in time", peer.text());
    }
    if (auto there = connection(peer))
        co_return there;
    const Dialling dialling(dialling_, peer, changed_);
    Error last(Errc::unavailable, fmt::format("{}: no address of it is known", peer.text()));
    for (const Multiaddr& address : addresses) {
        if (!address.is_dialable()) {
            last = not_dialable(address);
            continue;
        }
        const TcpEndpoint endpoint = *address.tcp_endpoint();
        auto found = co_await look_up(this, endpoint, until);
        if (!found) {
            last = std::move(found.error()).context(address.text());
            continue;
        }
        for (const SocketAddress& to : *found) {
            auto dialled = co_await dial_one(this, peer, to, until, redial);
            if (dialled)
                co_return dialled;
            last = std::move(dialled.error()).context(address.text());
        }
    }
    co_return fail(std::move(last));
}

/// The sockets that an endpoint may mean.
Task<Result<std::vector<SocketAddress>>> Host::look_up(Host* host, TcpEndpoint endpoint,
                                                       Clock::Instant until) {
    if (!endpoint.ip.empty())
        co_return std::vector<SocketAddress>(1, SocketAddress(endpoint.ip, endpoint.port));
    const bool v4 = endpoint.kind != Protocol::dns6;
    const bool v6 = endpoint.kind != Protocol::dns4;
    const Clock::Instant answered_until =
        std::min(until, host->loop_.now() + host->options_.limits.dial);
    CODEX_CO_TRY(found, host->network_.resolve(endpoint.name, v4, v6, answered_until));
    if (found.size() > static_cast<std::size_t>(kMostAddressesOfAName))
        found.erase(found.begin() + kMostAddressesOfAName, found.end());
    for (SocketAddress& one : found)
        one.port = endpoint.port;
    co_return std::move(found);
}

Task<Result<std::shared_ptr<Connection>>> Host::dial_one(Host* host, PeerId peer,
                                                         SocketAddress address,
                                                         Clock::Instant until, Redial redial) {
    const auto* const pause = host->pauses_.find(peer, address, host->loop_.now());
    if (pause != nullptr && redial == Redial::after_a_pause) {
        const auto left = std::chrono::ceil<std::chrono::seconds>(pause->until - host->loop_.now());
        co_return fail(Errc::unavailable, "it failed a moment ago, and is tried again in {} s: {}",
                       left.count(), pause->cause);
    }
    if (!host->make_room()) {
        host->counts_.hit(Limit::connections, peer.text());
        co_return fail(Errc::connection_limit, "as many connections are open as may be");
    }
    auto upgraded = co_await dial_and_upgrade(host, peer, address, until);
    if (!upgraded) {
        std::array<std::uint8_t, 1> share{};
        static_cast<void>(host->random_.fill(share)); // without it, the pause is a whole one
        host->pauses_.failed(peer, address, upgraded.error().text(), share[0], host->loop_.now());
        co_return fail(std::move(upgraded.error()));
    }
    host->pauses_.succeeded(peer, address);
    co_return host->add(std::move(*upgraded));
}

Task<Result<Upgraded>> Host::dial_and_upgrade(Host* host, PeerId peer, SocketAddress address,
                                              Clock::Instant until) {
    const Clock::Instant tcp_until =
        std::min(until, host->loop_.now() + host->options_.limits.dial);
    ++host->traffic_.dials;
    auto socket = co_await host->network_.connect(address, tcp_until);
    if (!socket) {
        ++host->traffic_.dials_failed;
        co_return fail(std::move(socket).error());
    }
    ++host->traffic_.dials_connected;
    UpgradeOptions options = host->upgrade_options(mux::Side::dialer, peer);
    options.noise_until = std::min(options.noise_until, until);
    options.until = std::min(options.until, until);
    auto upgraded = co_await upgrade(std::move(*socket), &options);
    if (!upgraded)
        ++host->traffic_.upgrades_failed_out;
    co_return upgraded;
}

} // namespace codex::net

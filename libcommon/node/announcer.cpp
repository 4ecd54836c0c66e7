#include "node/announcer.hpp"

#include <algorithm>

namespace codex::node {

namespace {

constexpr Clock::Duration kLook = std::chrono::minutes(1);
/// Others dial them one after the other, and a record is small.
constexpr std::size_t kMostAddresses = 8;

net::Multiaddr tcp_multiaddr(const SocketAddress& address) {
    return net::Multiaddr::tcp(address.ip_view(), address.port);
}

/// The first of them, as many as a record has.
std::vector<net::Multiaddr> multiaddrs_of(const std::vector<SocketAddress>& all) {
    std::vector<net::Multiaddr> some;
    for (const SocketAddress& address : all)
        if (some.size() < kMostAddresses)
            some.push_back(tcp_multiaddr(address));
    return some;
}

/// Puts `address` in front, and nowhere else.
void put_first(std::vector<SocketAddress>& to, const SocketAddress& address) {
    std::erase(to, address);
    to.insert(to.begin(), address);
}

bool is_global(const SocketAddress& address) {
    return tcp_multiaddr(address).is_global();
}

} // namespace

Announcer::Announcer(net::SecretKey key, net::Host& host, Network& network, net::dht::Dht& dht,
                     RecordNumbers& numbers, AnnouncerOptions options)
    : key_(std::move(key)), host_(host), network_(network), dht_(dht), numbers_(numbers),
      options_(std::move(options)), changed_(host.loop()) {
    look();
}

net::Announced Announcer::choose(const net::Host& host, const Network& network,
                                 const SocketAddress& datagrams, const AnnouncerOptions& options) {
    net::Reachable reachable;
    reachable.bound = host.bound();
    reachable.discovery_port = datagrams.port;
    if (auto interfaces = network.interfaces())
        reachable.interfaces = std::move(*interfaces);
    if (options.outward)
        reachable.outward = options.outward();
    net::Announced said = net::announced(reachable, options.nat);
    if (!tcp_multiaddr(datagrams).is_unspecified() && options.nat.kind != net::NatKind::extip)
        said.udp.assign(1, datagrams);
    if (said.udp.empty()) // no interface is up: nobody comes, and it is reached here alone
        said.udp.emplace_back(std::array<std::uint8_t, 4>{127, 0, 0, 1}, datagrams.port);
    return said;
}

void Announcer::set_external(const std::optional<External>& external) {
    external_ = external;
    look();
}

void Announcer::look() {
    net::Announced said = choose(host_, network_, dht_.local(), options_);
    const auto only_here = [](const SocketAddress& one) {
        return tcp_multiaddr(one).is_loopback();
    };
    if (std::ranges::all_of(said.tcp, only_here))
        said.asks_for_mapping = said.is_hidden = false; // it is not meant to be reached
    if (external_) {
        put_first(said.tcp, external_->tcp);
        if (external_->udp)
            put_first(said.udp, *external_->udp);
        said.asks_for_mapping = false;
    } else if (const auto seen = dht_.seen_at();
               said.asks_for_mapping && seen && is_global(*seen)) {
        put_first(said.udp, *seen); // who was sent something from there may get through
    }
    announced_ = std::move(said);
    const SocketAddress& first = announced_.udp.front();
    if (net::dht::udp_address(dht_.record().record) != first)
        dht_.announce(first);
    say_hidden();
    host_.announce(multiaddrs_of(announced_.tcp));
    if (record_.empty() || signed_ != announced_.tcp)
        sign();
}

void Announcer::sign() {
    signed_ = announced_.tcp;
    const std::uint64_t number = numbers_.next(host_.loop().clock().unix_seconds());
    record_ = net::seal_peer_record(key_, number, multiaddrs_of(signed_));
    changed_.notify();
}

void Announcer::say_hidden() {
    const bool hidden = announced_.is_hidden || announced_.asks_for_mapping;
    if (!hidden || said_hidden_) {
        said_hidden_ = hidden;
        return;
    }
    said_hidden_ = true;
    std::vector<std::string> texts;
    for (const SocketAddress& address : announced_.tcp)
        texts.push_back(tcp_multiaddr(address).text());
    options_.logger.warn("Nodes elsewhere on the internet cannot connect to this one, for it has "
                         "no address there",
                         {{"addrs", texts}});
}

Task<void> Announcer::run(Announcer* self) {
    EventLoop& loop = self->host_.loop();
    for (;;) {
        co_await loop.pause_until(loop.now() + kLook);
        self->look();
    }
}

} // namespace codex::node

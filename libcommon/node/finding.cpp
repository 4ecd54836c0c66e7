#include "node/finding.hpp"

namespace codex::node {

namespace {

using net::dht::Dht;
using net::dht::Id;

/// With the peer behind each address that can be dialled.
FoundPeer found_peer(const net::PeerId& peer, const std::vector<net::Multiaddr>& addresses) {
    FoundPeer found;
    found.id = peer.text();
    for (const net::Multiaddr& address : addresses) {
        if (!address.tcp_endpoint())
            found.addresses.push_back(address.text());
        else if (const auto whole = address.with_peer(peer))
            found.addresses.push_back(whole->text());
    }
    return found;
}

Error nobody_to_ask() {
    return {Errc::unavailable, "no node of the DHT answers"};
}

} // namespace

Task<Result<FoundProviders>> find_providers(Dht* dht, Cid cid, Clock::Instant until) {
    const Id id = Id::of_content(cid);
    FoundProviders found;
    CODEX_CO_TRY(providers, dht->find_providers(id, until, &found.asked));
    for (const net::dht::FoundProvider& provider : providers)
        found.providers.push_back(found_peer(provider.record.peer, provider.record.addresses));
    if (found.providers.empty() && found.asked == 0)
        co_return fail(nobody_to_ask());
    if (found.providers.empty())
        co_return fail(Errc::dataset_not_found, "no other node is known that has it");
    co_return found;
}

Task<Result<std::vector<net::Multiaddr>>> find_addresses(Dht* dht, net::PeerId peer,
                                                         Clock::Instant until) {
    // Each node provides itself, so that its addresses of TCP are found by its name.
    const Id id = Id::of_peer(peer);
    CODEX_CO_TRY(providers, dht->find_providers(id, until));
    for (net::dht::FoundProvider& provider : providers)
        if (provider.record.peer == peer)
            co_return std::move(provider.record.addresses);
    co_return fail(Errc::not_found, "{}: no node knows where it takes connections", peer.text());
}

Task<Result<FoundPeer>> find_peer(Dht* dht, net::PeerId peer, Clock::Instant until) {
    std::vector<net::Multiaddr> addresses;
    auto known = co_await find_addresses(dht, peer, until);
    if (known)
        addresses = std::move(*known);
    const Id id = Id::of_peer(peer);
    const auto record = co_await dht->find_node(id, until);
    if (record)
        if (const auto at = net::dht::udp_address(record->record))
            addresses.push_back(net::dht::udp_multiaddr(*at));
    if (addresses.empty() && dht->node_count() == 0)
        co_return fail(nobody_to_ask());
    if (addresses.empty())
        co_return fail(Errc::answer_no, "no node knows where it is");
    co_return found_peer(peer, addresses);
}

} // namespace codex::node

// Who has something, and where somebody is, as the DHT knows it.
#pragma once

#include "net/dht/dht.hpp"
#include "node/control.hpp"

namespace codex::node {

/// Those that provide a dataset, of which there is one.
struct FoundProviders {
    std::vector<FoundPeer> providers;
    std::size_t asked = 0; ///< nodes that have answered; none: they are those that `dht` kept
};
/// By the CID of a manifest or a tree. `dht` outlives it. Errors: dataset_not_found, when nobody
/// does; unavailable, when nobody has answered; timeout.
[[nodiscard]] Task<Result<FoundProviders>> find_providers(net::dht::Dht* dht, Cid cid,
                                                          Clock::Instant until);
/// Where a peer takes connections, as it has said itself. Errors: not_found, timeout.
[[nodiscard]] Task<Result<std::vector<net::Multiaddr>>>
find_addresses(net::dht::Dht* dht, net::PeerId peer, Clock::Instant until);
/// The same, and where it is in the DHT. Errors: answer_no, when nobody knows it; unavailable,
/// timeout, as above.
[[nodiscard]] Task<Result<FoundPeer>> find_peer(net::dht::Dht* dht, net::PeerId peer,
                                                Clock::Instant until);

} // namespace codex::node

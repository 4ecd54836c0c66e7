// What is known of the nodes of the network beyond those that this one is connected with, as the
// interface shows it and asks for it.
#pragma once

#include "base/event_loop.hpp"
#include "net/address/multiaddr.hpp"
#include "net/identity/peer_id.hpp"

#include <string>
#include <vector>

namespace codex::node {

/// A node as debugging shows it.
struct KnownNode {
    std::string id;      ///< hex
    std::string peer;    ///< its peer id
    std::string record;  ///< base64url, without "spr:"
    std::string address; ///< IP and port of UDP
    bool seen = false;   ///< it has answered, mostly
};

/// Threads: the loop's.
class Discovery {
public:
    virtual ~Discovery() = default;
    /// Our own record as others take it ("spr:..."); empty, as long as there is none.
    [[nodiscard]] virtual std::string record() const = 0;
    [[nodiscard]] virtual KnownNode self() const = 0;
    [[nodiscard]] virtual std::vector<KnownNode> nodes() const = 0;
    /// Where it says that it takes connections, without /p2p.
    [[nodiscard]] virtual std::vector<net::Multiaddr> announced() const = 0;
    /// Where a peer can be reached. Errors: not_found, timeout.
    [[nodiscard]] virtual Task<Result<std::vector<net::Multiaddr>>> find(net::PeerId peer,
                                                                         Clock::Instant until) = 0;
};

} // namespace codex::node

// The keys that are agreed on with other nodes (codex-dht(7), SESSIONS).
#pragma once

#include "base/network.hpp"
#include "net/dht/packet.hpp"

#include <list>
#include <map>

namespace codex::net::dht {

/// A node at an address: one that is elsewhere needs keys anew. Threads: as a number.
struct Endpoint {
    Id id;
    SocketAddress address;
    friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// One key to write and two to read for each: of two nodes that call each other at once, each
/// writes by the handshake that it saw last. Keys are wiped when they go.
/// Threads: one at a time.
class Sessions {
public:
    /// Of more than `most`, which is not 0, those go that were not used for longest.
    explicit Sessions(std::size_t most);

    /// The key to read from now on, beside the one that was used last, and the key to write.
    void put(const Endpoint& peer, const SessionKey& read, const SessionKey& write);
    /// Valid until the next call; null, when there are none.
    [[nodiscard]] const SessionKey* write_key(const Endpoint& peer);
    /// The message of a packet from there; nothing, when there is no key that it is sealed with.
    [[nodiscard]] std::optional<Bytes> open(const Endpoint& peer, const Packet& packet);
    [[nodiscard]] bool has(const Endpoint& peer) const { return by_peer_.contains(peer); }
    [[nodiscard]] std::size_t size() const { return by_peer_.size(); }

    /// How often keys were asked for, to write or to read.
    struct Counts {
        std::uint64_t hits = 0;
        std::uint64_t misses = 0;
        std::uint64_t unopened = 0; ///< there were keys, and none of them opened the packet
    };
    [[nodiscard]] const Counts& counts() const { return counts_; }

private:
    struct Session {
        explicit Session(const Endpoint& of) : peer(of) {}
        ~Session();
        Session(const Session&) = delete;
        Session& operator=(const Session&) = delete;

        Endpoint peer;
        SessionKey write{};
        SessionKey read{}; ///< that was agreed on, or fitted, last
        std::optional<SessionKey> other_read;
    };
    Session* use(const Endpoint& peer);

    std::size_t most_;
    Counts counts_;
    std::list<Session> sessions_; // the one used last in front
    std::map<Endpoint, std::list<Session>::iterator> by_peer_;
};

} // namespace codex::net::dht

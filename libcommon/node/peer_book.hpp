// What peers were good for: whom to dial first, whom last, and whom to forget (codex-exchange(7),
// KNOWN PEERS).
#pragma once

#include "base/clock.hpp"
#include "exchange/fetch.hpp"
#include "net/identity/peer_id.hpp"

#include <map>
#include <optional>

namespace codex::node {

/// Of peers that this node has dialled or fetched of, the last ones, those that give well longest;
/// all fetches of a node share it. Nobody's word counts, but what came of him.
/// Threads: the loop's.
class PeerBook {
public:
    /// At most so many are remembered, and not 0.
    explicit PeerBook(std::size_t most = 1024) : most_(most) {}

    /// A dial of all of its addresses was in vain: it has a pause, of a minute at first, which is
    /// doubled each time, up to an hour.
    void unreachable(const net::PeerId& peer, Clock::Instant now);
    /// It took a connection; half of its failures are forgiven, since that gives nothing yet.
    void reached(const net::PeerId& peer, Clock::Instant now);
    /// What has come of it since this was called last: blocks raise what it is believed, wrong ones
    /// take nearly all of that, and who was asked and gave nothing in time loses half of it. The
    /// latter two have a pause as well.
    void gave(const exchange::FetchPeer& since, Clock::Instant now);

    enum class Standing : std::uint8_t { good, unknown, poor };
    [[nodiscard]] Standing standing(const net::PeerId& peer) const;
    /// How far it is believed, from 1/16 to 1; of who is not known, 1: as a plan begins with
    /// everybody.
    [[nodiscard]] double belief(const net::PeerId& peer) const;
    /// Bytes a second, when it gave last; 0, when it never did.
    [[nodiscard]] double rate(const net::PeerId& peer) const;
    /// It has no pause.
    [[nodiscard]] bool may_dial(const net::PeerId& peer, Clock::Instant now) const;
    [[nodiscard]] std::size_t size() const { return known_.size(); }

private:
    struct Known {
        double score = 0; ///< from 0 to 1; who is new begins in between
        double rate = 0;
        unsigned failures = 0;
        Clock::Instant dial_at = Clock::Instant::min();
        Clock::Instant touched{};
    };
    [[nodiscard]] Known& known(const net::PeerId& peer, Clock::Instant now);
    [[nodiscard]] const Known* find(const net::PeerId& peer) const;
    static void pause(Known& known, Clock::Instant now);
    void forget_one();

    std::size_t most_;
    std::map<net::PeerId, Known> known_;
};

} // namespace codex::node

// How much of what one source sends is looked at (codex-dht(7), LIMITS).
#pragma once

#include "base/clock.hpp"
#include "net/connection/limits.hpp"
#include "net/dht/source.hpp"

#include <list>
#include <map>
#include <optional>

namespace codex::net::dht {

/// Counts are not 0. Twice as many as a second brings may come at once.
struct SourceLimits {
    std::size_t packets = 50;    ///< a second, of one source
    std::size_t handshakes = 10; ///< a second, of one source: each costs a signature and a product
    std::size_t sources = 4096;  ///< that are told apart, of those that have proved nothing
};

/// What a packet costs. Threads: as a number.
enum class PacketCost : std::uint8_t {
    little,    ///< to unmask it, to open it with a key that is there, to challenge its sender
    handshake, ///< besides, who sent it is to be proved
};

/// Tells sources apart, and which of their packets are looked at. An address can be forged, so
/// whoever forges many fills the places of those that have proved nothing: beyond these they have
/// one bucket together. Who has proved where he is has a place that they cannot take. Counts what
/// it refuses.
/// Threads: one at a time.
class SourceGate {
public:
    /// `counts` outlives it.
    SourceGate(const SourceLimits& limits, LimitCounts& counts);

    /// Whether a packet from there is looked at, now; `now` is not before that of earlier calls.
    /// Asked once for each packet, with little, and once more, with handshake, when it turns out to
    /// be one.
    [[nodiscard]] bool allow(PacketCost cost, const SocketAddress& from, Clock::Instant now);
    /// A handshake from there was right: nobody forges that address.
    void proved(const SocketAddress& from, Clock::Instant now);

    /// They hold from now on; what has been used up stays so.
    void set_limits(const SourceLimits& limits);

    /// How many are told apart, of both kinds.
    [[nodiscard]] std::size_t size() const { return by_source_.size(); }
    /// Those that have proved where they are, of which the last are remembered.
    static constexpr std::size_t kMostProved = 1024;
    /// What all beyond `sources` may send together, in those of one source; one on this host, too.
    static constexpr std::size_t kTogether = 20;

private:
    /// Is emptied by what comes and filled by time: of each kind, when it is full again.
    struct Bucket {
        Source source;
        std::array<Clock::Instant, 2> full{Clock::Instant::min(), Clock::Instant::min()};
        bool proved = false;
    };
    using Buckets = std::list<Bucket>;

    [[nodiscard]] Bucket& bucket_of(const Source& source, Clock::Instant now);
    [[nodiscard]] bool take(Bucket& bucket, PacketCost cost, std::size_t times, Clock::Instant now);

    SourceLimits limits_;
    LimitCounts& counts_;
    Buckets proved_; // the one that was used last at the end; the others, too
    Buckets unproved_;
    Bucket others_; // of all that have no place
    std::map<Source, Buckets::iterator> by_source_;
};

} // namespace codex::net::dht

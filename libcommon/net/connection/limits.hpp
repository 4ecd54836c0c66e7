// What a node's connections may take, and how often that was not enough (codex-libp2p(7), LIMITS).
#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "net/mux/muxer.hpp"

namespace codex::net {

enum class Limit : std::uint8_t {
#define CODEX_NET_LIMIT(name, text, what) name,
#include "net/connection/limits.def"
#undef CODEX_NET_LIMIT
};
constexpr std::size_t kLimitCount = 0
#define CODEX_NET_LIMIT(name, text, what) +1
#include "net/connection/limits.def"
#undef CODEX_NET_LIMIT
    ;

[[nodiscard]] std::string_view limit_name(Limit limit);

/// Numbers and times, each of which bites under a name of limits.def.
struct HostLimits {
    std::size_t connections = 160;
    std::size_t unauthenticated = 32;
    std::size_t unauthenticated_per_ip = 8; ///< but of this host and private nets
    std::size_t connections_per_peer = 2;
    std::size_t streams = 4096;        ///< opened by peers, of all connections
    std::size_t protocol_streams = 16; ///< of one peer, of each protocol that allows so many
    /// That came and nobody has consumed, or that are sealed and not sent, of all connections.
    std::size_t network_bytes = std::size_t{64} << 20;
    mux::MuxLimits mux;
    Clock::Duration dial = std::chrono::seconds(10);  ///< TCP alone
    Clock::Duration noise = std::chrono::seconds(10); ///< until it is known who the peer is
    Clock::Duration upgrade =
        std::chrono::seconds(30); ///< until streams can be opened; identify, too
    Clock::Duration select = std::chrono::seconds(10);
    Clock::Duration unread = std::chrono::seconds(10); ///< a stream that holds up its connection
    Clock::Duration write = std::chrono::seconds(60);  ///< without a byte that the peer takes
    Clock::Duration idle_stream = std::chrono::minutes(10);
    Clock::Duration idle_connection = std::chrono::minutes(10); ///< without streams
};

/// Counts how often each limit bit, and says so in the log, each at most once in ten seconds.
/// Threads: one at a time.
class LimitCounts {
public:
    /// `clock` outlives it.
    LimitCounts(const Clock& clock, log::Logger logger)
        : clock_(clock), logger_(std::move(logger)) {}

    /// `whom` is the peer or the address; of a fault, what is wrong. Where there is no memory to
    /// say it, it is counted.
    void hit(Limit limit, std::string_view whom) noexcept;
    [[nodiscard]] std::uint64_t of(Limit limit) const {
        return limits_[static_cast<std::size_t>(limit)].hits;
    }

private:
    struct One {
        std::uint64_t hits = 0;
        std::uint64_t said = 0;
        Clock::Instant next = Clock::Instant::min();
    };
    const Clock& clock_;
    log::Logger logger_;
    std::array<One, kLimitCount> limits_;
};

} // namespace codex::net

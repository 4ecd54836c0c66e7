// Asking a router to let in what comes to a port of its own (codex-libp2p(7), WAYS IN).
#pragma once

#include "base/network.hpp"

#include <optional>
#include <string_view>

namespace codex::net::nat {

enum class Transport : std::uint8_t { tcp, udp };

/// What comes to a port of the router goes to one of this host.
struct Mapping {
    Transport transport = Transport::tcp;
    std::uint16_t inside = 0;  ///< the port of this host
    std::uint16_t outside = 0; ///< that of the router
    /// How long it holds from when it was made; nothing: until it is taken back.
    std::optional<Clock::Duration> lifetime{};

    friend bool operator==(const Mapping&, const Mapping&) = default;
};

/// How the router is known outside.
struct Outside {
    SocketAddress address; ///< its port is 0
    /// The router is another one than the last time, or has begun anew: it may have forgotten what
    /// it was asked.
    bool is_new = false;
};

/// One way of asking. What answers is whoever is in the local net: answers are bounded, and are
/// compared with what was asked.
/// Threads: the loop's; one question at a time. A question is given up by destroying its task.
class PortMapper {
public:
    virtual ~PortMapper() = default;

    /// For people: "UPnP".
    [[nodiscard]] virtual std::string_view name() const = 0;
    /// The address of the router as it says it, whatever that is worth; looks for the router first
    /// where none is known, or the last one did not answer. Errors: unavailable (there is none, or
    /// it refuses), timeout, malformed, limit_exceeded, io.
    [[nodiscard]] virtual Task<Result<Outside>> outside(Clock::Instant until) = 0;
    /// Asks the router that outside() has found for `wanted`, or for the same once more; the port
    /// outside is a wish, the lifetime is not looked at. Gives what was granted. Errors: as above.
    [[nodiscard]] virtual Task<Result<Mapping>> map(Mapping wanted, Clock::Instant until) = 0;
    /// Takes back what was granted. Errors: as above.
    [[nodiscard]] virtual Task<Result<void>> unmap(Mapping granted, Clock::Instant until) = 0;
};

} // namespace codex::net::nat

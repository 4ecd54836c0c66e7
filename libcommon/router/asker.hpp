// A router that can be asked for a way in, by UPnP or NAT-PMP (codex-libp2p(7), WAYS IN).
#pragma once

#include "base/random.hpp"
#include "net/nat/router_answer.hpp"

#include <memory>

namespace codex::router {

struct Settings {
    /// As Found has it; empty: it is looked for.
    std::string router;
    /// The address of this host that the router is to lead to, with any port; nothing: the one
    /// that is used towards it.
    std::optional<SocketAddress> own{};
    /// When the answer is of no use any more. It is obeyed by NAT-PMP; of UPnP each step takes
    /// seconds, and an answer as long as it likes.
    Deadline until = Deadline::never();
};

struct Found {
    SocketAddress address;                    ///< of the router, as it says; its port is 0
    std::optional<std::uint32_t> age_seconds; ///< since when it counts; of NAT-PMP alone
};

/// It waits, takes memory and writes to stderr as the library behind it does, so a process whose
/// time counts does not call it (README.md). What it gives was checked for its form alone.
/// Threads: one at a time.
class Asker {
public:
    virtual ~Asker() = default;
    /// Where the router is asked: a URL of UPnP, an address of NAT-PMP. Empty before it is found,
    /// which the first of the others does.
    [[nodiscard]] virtual const std::string& router() const = 0;
    /// Errors: unavailable (there is none, or it refuses, in words); malformed; timeout; io.
    [[nodiscard]] virtual Result<Found> find() = 0;
    /// Asks for `wanted`, or for the same once more; the port outside is a wish, the lifetime is
    /// not looked at. Gives what was granted. Errors: as find().
    [[nodiscard]] virtual Result<net::nat::Mapping> add(net::nat::Mapping wanted) = 0;
    /// Takes back what was granted. Errors: as find().
    [[nodiscard]] virtual Result<void> remove(const net::nat::Mapping& granted) = 0;
};

/// `random` outlives it.
[[nodiscard]] std::unique_ptr<Asker> make_asker(net::nat::Way way, Settings settings,
                                                Random& random);

} // namespace codex::router

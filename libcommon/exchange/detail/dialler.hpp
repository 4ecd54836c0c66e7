// Keeps connections with the peers that were named, as long as they behave.
#pragma once

#include "exchange/detail/roster.hpp"
#include "exchange/peers.hpp"

namespace codex::exchange::detail {

/// Of a peer that was named, and was not needed in the end.
[[nodiscard]] std::string too_late(std::string_view name);

/// Threads: the loop's.
class Dialler {
public:
    /// Each address ends in a peer's id. All outlive it.
    /// Where there are any, `peers` has a host.
    Dialler(Peers& peers, const Roster& roster, const std::vector<net::Multiaddr>& addresses);

    [[nodiscard]] bool empty() const { return sources_.empty(); }
    /// Some was connected at one time.
    [[nodiscard]] bool was_connected() const;
    /// None is, and each has been tried since: three times, if it was never there.
    [[nodiscard]] bool all_failed() const;
    /// Why the last one that failed did; there is one after all_failed(), but for banned ones.
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }

    /// Those that have not been connected at any time, each with why.
    [[nodiscard]] std::vector<std::pair<net::PeerId, std::string>> unreached() const;
    /// The addresses of those that were neither connected nor have failed at any time.
    [[nodiscard]] std::vector<std::string> unheard() const;

private:
    enum class State : std::uint8_t { trying, connected, failed };
    struct Source {
        net::PeerId peer;
        std::vector<net::Multiaddr> addresses;
        State state = State::trying;
        bool was_connected = false;
        std::string error; ///< of the last time
    };
    static Task<void> keep(Dialler* self, Source* source);

    net::Host* host_;
    const Roster& roster_;
    std::vector<std::unique_ptr<Source>> sources_;
    std::optional<Error> error_;
    bool broken_ = false; ///< dials no more
    TaskGroup tasks_;
};

} // namespace codex::exchange::detail

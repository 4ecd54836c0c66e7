// Addresses that failed a moment ago, and are not tried again at once.
#pragma once

#include "base/network.hpp"
#include "net/identity/peer_id.hpp"

#include <map>

namespace codex::net {

/// Each failure doubles the pause, from 1 second to 60; a success ends it.
/// Threads: one at a time.
class DialPauses {
public:
    static constexpr Clock::Duration kFirst = std::chrono::seconds(1);
    static constexpr Clock::Duration kLongest = std::chrono::seconds(60);
    /// More are not kept: those whose pause ends first go.
    static constexpr std::size_t kMost = 1024;

    /// Until when the peer is not to be tried at the address, and what failed; nothing, when it is.
    struct Pause {
        Clock::Instant until;
        Clock::Duration span{};
        std::string cause;
    };
    [[nodiscard]] const Pause* find(const PeerId& peer, const SocketAddress& address,
                                    Clock::Instant now) const;
    /// `share` of 0 to 255 says how much of the pause's second half is let go, so that many who
    /// fail at once do not come again at once.
    void failed(const PeerId& peer, const SocketAddress& address, std::string cause,
                std::uint8_t share, Clock::Instant now);
    void succeeded(const PeerId& peer, const SocketAddress& address);
    [[nodiscard]] std::size_t size() const { return pauses_.size(); }

private:
    std::map<std::pair<PeerId, SocketAddress>, Pause> pauses_;
};

} // namespace codex::net

#include "net/connection/dial_pauses.hpp"

#include <algorithm>

namespace codex::net {

const DialPauses::Pause* DialPauses::find(const PeerId& peer, const SocketAddress& address,
                                          Clock::Instant now) const {
    const auto found = pauses_.find(std::pair(peer, address));
    return found == pauses_.end() || found->second.until <= now ? nullptr : &found->second;
}

void DialPauses::failed(const PeerId& peer, const SocketAddress& address, std::string cause,
                        std::uint8_t share, Clock::Instant now) {
    const auto found = pauses_.find(std::pair(peer, address));
    if (found == pauses_.end() && pauses_.size() >= kMost)
        pauses_.erase(std::min_element(pauses_.begin(), pauses_.end(), [](auto& a, auto& b) {
            return a.second.until < b.second.until;
        }));
    Pause& pause = pauses_[std::pair(peer, address)];
    pause.span = std::clamp(pause.span * 2, kFirst, kLongest);
    pause.until = now + pause.span - pause.span / 2 * share / 256;
    pause.cause = std::move(cause);
}

void DialPauses::succeeded(const PeerId& peer, const SocketAddress& address) {
    pauses_.erase(std::pair(peer, address));
}

} // namespace codex::net

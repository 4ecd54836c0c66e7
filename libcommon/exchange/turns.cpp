#include "exchange/turns.hpp"

#include <algorithm>

namespace codex::exchange {

void Turns::add(const net::PeerId& peer) {
    if (std::exchange(peers_[peer].waits, true))
        return;
    waiting_.push_back(peer);
}

void Turns::remove(const net::PeerId& peer) {
    peers_.erase(peer);
    std::erase(waiting_, peer);
}

std::optional<Turns::Turn> Turns::next() {
    while (!waiting_.empty()) {
        const net::PeerId peer = waiting_.front();
        waiting_.pop_front();
        One& one = peers_[peer];
        const bool alone = waiting_.empty();
        // Who is alone owes nobody.
        one.bytes = alone ? std::max(one.bytes, std::int64_t{0}) + quantum_ : one.bytes + quantum_;
        if (one.bytes <= 0) {
            waiting_.push_back(peer);
            continue;
        }
        one.waits = false;
        const std::int64_t may = alone ? std::max(one.bytes, alone_) : one.bytes;
        return Turn{peer, static_cast<std::size_t>(may)};
    }
    return std::nullopt;
}

void Turns::spent(const net::PeerId& peer, std::size_t bytes) {
    const auto found = peers_.find(peer);
    if (found == peers_.end())
        return;
    // What is left is lost, but for a turn's worth: nobody saves up for a burst.
    found->second.bytes =
        std::min(found->second.bytes - static_cast<std::int64_t>(bytes), quantum_);
}

} // namespace codex::exchange

// The peers of a libp2p host.
#pragma once

#include "exchange/carrier.hpp"
#include "net/connection/host.hpp"

namespace codex::exchange::detail {

/// Threads: the loop's.
class HostCarrier final : public Carrier {
public:
    /// `host` outlives it.
    HostCarrier(net::Host& host, std::size_t streams_per_peer)
        : host_(host), streams_per_peer_(streams_per_peer) {}

    void start(Handler handler) override;
    [[nodiscard]] std::vector<net::PeerId> connected() const override;
    [[nodiscard]] bool is_connected(const net::PeerId& peer) const override {
        return host_.connection(peer) != nullptr;
    }
    [[nodiscard]] Signal& changed() override { return host_.changed(); }
    [[nodiscard]] Task<Result<std::unique_ptr<PeerStream>>> open(net::PeerId peer,
                                                                 Clock::Instant until) override;
    void drop(const net::PeerId& peer, std::string_view why) override;

private:
    net::Host& host_;
    std::size_t streams_per_peer_;
};

} // namespace codex::exchange::detail

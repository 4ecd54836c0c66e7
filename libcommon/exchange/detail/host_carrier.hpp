// The peers of a libp2p host.
#pragma once

#include "exchange/carrier.hpp"
#include "net/connection/host.hpp"

namespace codex::exchange::detail {

/// Threads: the loop's.
class HostCarrier final : public Carrier {
public:
    /// `host` outlives it.
    explicit HostCarrier(net::Host& host) : host_(host) {}

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
};

} // namespace codex::exchange::detail

// NAT-PMP (RFC 6886; codex-libp2p(7), WAYS IN).
#pragma once

#include "net/nat/port_mapper.hpp"

#include <functional>

namespace codex::net::nat {

/// Threads: as PortMapper.
class NatPmp final : public PortMapper {
public:
    /// Where the router is now, with any port; nothing: there is none.
    using Gateway = std::function<std::optional<SocketAddress>()>;
    /// `network` outlives it. The router leads to where it is asked from: `own`, with any port, or
    /// the address that is used towards it.
    NatPmp(Network& network, Gateway gateway, std::optional<SocketAddress> own = {});

    [[nodiscard]] std::string_view name() const override { return "NAT-PMP"; }
    [[nodiscard]] Task<Result<Outside>> outside(Clock::Instant until) override;
    [[nodiscard]] Task<Result<Mapping>> map(Mapping wanted, Clock::Instant until) override;
    [[nodiscard]] Task<Result<void>> unmap(Mapping granted, Clock::Instant until) override;

private:
    /// Asks the router, again after a while, and gives its answer behind the head.
    static Task<Result<Bytes>> ask(NatPmp* self, Bytes question, Clock::Instant until);
    /// Notes what an answer says of the time since the router has begun.
    void see_epoch(std::uint32_t seconds);

    Network& network_;
    Gateway gateway_;
    SocketAddress own_;                   ///< with port 0
    std::optional<SocketAddress> router_; ///< the one that was asked last
    std::uint32_t epoch_ = 0;             ///< what it said last
    std::optional<Clock::Instant> epoch_at_;
    bool is_new_ = true; ///< since outside() was asked last
};

} // namespace codex::net::nat

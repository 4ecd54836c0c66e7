// UPnP: routers that are "Internet Gateway Devices" (codex-libp2p(7), WAYS IN).
#pragma once

#include "base/random.hpp"
#include "net/nat/igd.hpp"
#include "net/nat/port_mapper.hpp"

namespace codex::net::nat {

struct UpnpOptions {
    /// Where routers listen for a search: a group of the local net.
    SocketAddress group = SocketAddress(std::array<std::uint8_t, 4>{239, 255, 255, 250}, 1900);
    Clock::Duration search = std::chrono::seconds(2); ///< how long answers are waited for
    Clock::Duration ask = std::chrono::seconds(3);    ///< of each request
    std::uint32_t lease_seconds = 3600;
    /// Where this host is led to, with any port; nothing: at the address that the router sees.
    std::optional<SocketAddress> own{};
};

/// Routers are taken at their word only for themselves: one that answers the search is asked at
/// the address that it answered from, and nowhere else.
/// Threads: as PortMapper.
class Upnp final : public PortMapper {
public:
    /// `network` and `random` outlive it.
    Upnp(Network& network, Random& random, const UpnpOptions& options = {});

    [[nodiscard]] std::string_view name() const override { return "UPnP"; }
    [[nodiscard]] Task<Result<Outside>> outside(Clock::Instant until) override;
    [[nodiscard]] Task<Result<Mapping>> map(Mapping wanted, Clock::Instant until) override;
    [[nodiscard]] Task<Result<void>> unmap(Mapping granted, Clock::Instant until) override;

private:
    /// A router that can be asked, and where it sees this host.
    struct Router {
        IgdService service;
        SocketAddress own;
    };
    static Task<Result<Outside>> search(Upnp* self, Clock::Instant until);
    static Task<Result<Outside>> look_at(Upnp* self, IgdUrl url, Clock::Instant until);
    static Task<Result<SocketAddress>> ask_address(Upnp* self, IgdService service,
                                                   Clock::Instant until);
    /// What a refused action has for a number is in `refusal`, else 0 is.
    static Task<Result<std::string>> act(Upnp* self, IgdService service, std::string action,
                                         IgdArguments arguments, unsigned* refusal,
                                         Clock::Instant until);
    static Task<Result<Mapping>> add(Upnp* self, Mapping wanted, unsigned* refusal,
                                     Clock::Instant until);

    Network& network_;
    Random& random_;
    UpnpOptions options_;
    std::optional<Router> router_;
    SocketAddress own_; ///< where the last answer came to
    bool takes_leases_ = true;
};

} // namespace codex::net::nat

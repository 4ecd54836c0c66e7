#include "router/detail/askers.hpp"

namespace codex::router {

std::unique_ptr<Asker> make_asker(net::nat::Way way, Settings settings, Random& random) {
    if (way == net::nat::Way::upnp)
        return detail::make_upnp(std::move(settings), random);
    return detail::make_nat_pmp(std::move(settings));
}

} // namespace codex::router

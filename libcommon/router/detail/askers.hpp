// One file for each library.
#pragma once

#include "router/asker.hpp"

namespace codex::router::detail {

/// As make_asker().
[[nodiscard]] std::unique_ptr<Asker> make_upnp(Settings settings, Random& random);
[[nodiscard]] std::unique_ptr<Asker> make_nat_pmp(Settings settings);

} // namespace codex::router::detail

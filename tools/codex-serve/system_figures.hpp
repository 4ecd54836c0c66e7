// What the system says of this process, for its metrics.
#pragma once

#include "node/metrics/metrics.hpp"

namespace codex::serve_tool {

/// Of /proc, of the allocator, and of the disk that `folder` is on. Threads: any. Errors: those of
/// reading /proc; malformed, when it says something else than it does today.
[[nodiscard]] Result<node::metrics::SystemFigures> system_figures(const std::string& folder);

} // namespace codex::serve_tool

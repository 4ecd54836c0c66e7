// What gc would do, found out without changing anything.
#pragma once

#include "repo/index/session.hpp"
#include "repo/maintenance.hpp"

namespace codex::repo::detail {

/// The report of a gc at `now` (Unix seconds) that nobody disturbs, on a file system that can give
/// back parts of files. Memory is bounded: blocks are counted in slices. Errors: io, repo_damaged.
[[nodiscard]] Result<GcReport> forecast_gc(const Session& session, std::uint64_t now);

} // namespace codex::repo::detail

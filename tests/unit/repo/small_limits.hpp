// Limits under which a few blocks already fill batches, segments and steps.
#pragma once

#include "repo/types.hpp"

namespace codex::repo::test {

constexpr Limits kSmallLimits = {.batch_bytes = 100'000,
                                 .batch_items = 40,
                                 .retained_bytes = 50'000,
                                 .partial_bytes = 30'000,
                                 .segment_bytes = 400'000,
                                 .doomed_leaves = 16,
                                 .pins = 7,
                                 .notes_bytes = 12'288,
                                 .spool_nodes = 64};

/// `options` with them.
[[nodiscard]] inline OpenOptions small(OpenOptions options = {}) {
    options.limits = kSmallLimits;
    return options;
}

} // namespace codex::repo::test

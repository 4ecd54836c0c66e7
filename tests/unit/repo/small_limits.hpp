// Limits under which a few blocks already fill batches, segments and steps.
#pragma once

#include "repo/segments/limits.hpp"

namespace codex::repo::test {

using detail::limits;

class SmallLimits {
public:
    SmallLimits() : before_(limits()) {
        limits() = {.batch_bytes = 100'000,
                    .batch_items = 40,
                    .retained_bytes = 50'000,
                    .segment_bytes = 400'000,
                    .doomed_leaves = 16,
                    .pins = 7,
                    .notes_bytes = 12'288,
                    .spool_nodes = 64,
                    .index_kept_bytes = limits().index_kept_bytes};
    }
    SmallLimits(const SmallLimits&) = delete;
    SmallLimits& operator=(const SmallLimits&) = delete;
    ~SmallLimits() { limits() = before_; }

private:
    detail::Limits before_;
};

} // namespace codex::repo::test

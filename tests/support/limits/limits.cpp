// Linked to the objects of a tool: the same tool with batches and segments so small that the few
// megabytes of a test go through every path (repo/limits.hpp).
#include "toolkit/access.hpp"

codex::repo::Limits codex::toolkit::repo_limits() {
    return {.batch_bytes = 96 << 10,
            .batch_items = 8,
            .retained_bytes = 64 << 10,
            .segment_bytes = 192 << 10,
            .doomed_leaves = 3,
            .spool_nodes = 8};
}

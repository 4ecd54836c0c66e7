// Linked to the objects of a tool: the same tool with batches and segments so small that the few
// megabytes of a test go through every path (repo/segments/limits.hpp).
#include "repo/segments/limits.hpp"

namespace {

const bool small = [] {
    codex::repo::detail::Limits& limits = codex::repo::detail::limits();
    limits.batch_bytes = 96 << 10;
    limits.batch_items = 8;
    limits.retained_bytes = 64 << 10;
    limits.segment_bytes = 192 << 10;
    limits.doomed_leaves = 3;
    limits.spool_nodes = 8;
    return true;
}();

} // namespace

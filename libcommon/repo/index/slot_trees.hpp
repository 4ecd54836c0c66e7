// Slot trees in the index: which slot each was computed from, and their end.
#pragma once

#include "repo/index/session.hpp"

namespace codex::repo::detail {

/// Takes away the slots of a dataset tree, and the slot trees that no other slot has.
[[nodiscard]] Result<void> release_slot_trees(Ledger& ledger, const Cid& tree);

} // namespace codex::repo::detail

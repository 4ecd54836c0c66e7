// Columns of a protected dataset of which only some leaves are known.
#pragma once

#include "dataset/detail/column.hpp"
#include "repo/partial.hpp"

namespace codex::dataset::detail {

/// The dataset has a tree of its own, so it is not whole; it outlives what this gives. Errors:
/// those of Columns::open().
[[nodiscard]] Result<Columns> columns_of(const Job& job, const repo::PartialDataset& dataset);

/// Errors: erasure_unrepairable, naming those that were not restored.
[[nodiscard]] Result<void> require_restored(const erasure::Layout& layout,
                                            std::span<const LostBlock> batch);

} // namespace codex::dataset::detail

// What users call their datasets: a text beside the dataset in the index, in no CID.
#pragma once

#include "repo/upkeep/ledger.hpp"

#include <functional>
#include <string>

namespace codex::repo::detail {

/// The label of a dataset; empty when it has none. Errors: repo_damaged, io.
[[nodiscard]] Result<std::string> find_label(const Txn& txn, const Cid& manifest);
/// Replaces it; an empty one takes it away.
[[nodiscard]] Result<void> put_label(Txn& txn, const Cid& manifest, std::string_view label);
/// Every label, in the order of the CIDs, until `visit` gives false. Errors: repo_damaged, io.
[[nodiscard]] Result<void>
for_each_label(const Txn& txn,
               const std::function<bool(const Cid& manifest, std::string_view label)>& visit);

} // namespace codex::repo::detail

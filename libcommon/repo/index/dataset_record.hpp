// Dataset records: what makes a tree a dataset that can be listed, kept and removed.
#pragma once

#include "repo/index/session.hpp"

namespace codex::repo::detail {

/// Adds a dataset over `tree` (new, or as it is stored), which gets one more reference, as does the
/// manifest's block, which is known. A dataset that is here already only gets the later expiry,
/// and the label, unless that is empty. A partial dataset of that manifest ends: its pins are a
/// dead writer's, unless the tree takes them over.
[[nodiscard]] Result<void> add_dataset(Ledger& ledger, const Cid& manifest,
                                       const DatasetEntry& entry, TreeEntry tree,
                                       std::string_view label);

/// Notes a dataset, or a partial one, that expires, has a label, or has a note that says otherwise.
/// One without all of these is found by its manifest.
[[nodiscard]] Result<void> note_if_needed(Ledger& ledger, const Cid& manifest, std::uint64_t expiry,
                                          std::uint64_t expiry_before);

/// The error of a dataset that is not here.
[[nodiscard]] Unexpected<Error> no_dataset(const Cid& manifest, const Store& store);

[[nodiscard]] DatasetKind kind_of(const codec::Manifest& manifest);

} // namespace codex::repo::detail

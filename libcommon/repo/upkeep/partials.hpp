// Partial datasets within transactions: how one begins, goes, and is shown.
#pragma once

#include "repo/index/partial_entry.hpp"
#include "repo/index/session.hpp"
#include "repo/partial.hpp"
#include "repo/segments/partial_file.hpp"
#include "repo/upkeep/ledger.hpp"

namespace codex::repo::detail {

/// Enters one, over a manifest whose block is known: its rows, its expiry, what its tree counts,
/// the reference of its manifest.
[[nodiscard]] Result<void> begin_partial(Ledger& ledger, const Cid& manifest,
                                         const PartialEntry& entry, std::string_view label);
/// Takes one away that becomes a dataset: all but its pins, its label, and the block of its
/// manifest, which another reference is about to hold.
[[nodiscard]] Result<void> end_partial(Ledger& ledger, const Cid& manifest,
                                       const PartialEntry& entry);

struct ErasedPartial {
    std::uint64_t writer = 0; ///< its pins and its file are those of a dead writer now
    bool manifest_gone = false;
};
/// Removes one; nothing when there is none.
[[nodiscard]] Result<std::optional<ErasedPartial>> erase_partial(Ledger& ledger,
                                                                 const Cid& manifest);
/// Sets the expiry, and notes it with the label that the index has.
[[nodiscard]] Result<void> set_partial_expiry(Ledger& ledger, const Cid& manifest,
                                              PartialEntry entry, std::uint64_t expiry);

/// Its file. Errors: those of PartialFile::open().
[[nodiscard]] Result<PartialFile> open_partial_file(const Store& store, std::uint64_t id,
                                                    int flags);
/// The manifest of one, from its file or its block, whichever is whole. Errors: repo_damaged when
/// neither is; those of reading.
[[nodiscard]] Result<Bytes> partial_manifest(const Session& session, const Cid& manifest,
                                             const PartialEntry& entry);
/// The error of who wants all of it: dataset_partial, naming the blocks that are missing.
[[nodiscard]] Error partial_error(const Cid& manifest, const PartialEntry& entry,
                                  const IndexSet& held);

/// What is to become of a file that has a tree: of a partial dataset that was removed, making the
/// index anew has to know which blocks it had, as long as their bytes are in any segment.
enum class Tree : std::uint8_t { keep, remove };
/// Takes the pins of a writer back that is dead, or of a partial dataset that is no more, and
/// removes its file. Gives the blocks that went; nothing when the writer lives, another process is
/// at it, or there is a partial dataset of that number.
[[nodiscard]] Result<std::optional<std::uint64_t>> collect_writer(const Session& session,
                                                                  std::uint64_t id, Tree tree);

} // namespace codex::repo::detail

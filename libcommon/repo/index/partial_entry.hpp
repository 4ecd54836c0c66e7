// Partial datasets as rows of the index (codex-repo(5), PARTIAL DATASETS).
#pragma once

#include "base/index_set.hpp"
#include "repo/index/entries.hpp"
#include "repo/index/lmdb.hpp"

#include <map>

namespace codex::repo::detail {

struct PartialEntry {
    std::uint64_t id = 0; ///< of the file with its tree, and of the writer that has its pins
    std::uint64_t added = 0;
    std::uint64_t expiry = 0;
    std::uint64_t leaf_count = 0;
    std::uint64_t held = 0;     ///< leaves that are here
    std::uint32_t pin_rows = 0; ///< the number of its next row of pins
    Cid tree;
    friend bool operator==(const PartialEntry&, const PartialEntry&) = default;
};
[[nodiscard]] Bytes encode(const PartialEntry& entry);
/// Errors: repo_damaged.
[[nodiscard]] Result<PartialEntry> decode_partial(BytesView value);

/// Held leaves of a piece of 65536, as runs, or as bits where that is shorter; of the piece's
/// beginning.
constexpr std::uint32_t kHeldPiece = 65536;
[[nodiscard]] Bytes encode_held(const IndexSet& piece);
/// Errors: repo_damaged.
[[nodiscard]] Result<IndexSet> decode_held(BytesView value);

[[nodiscard]] Result<std::optional<PartialEntry>> find_partial(const Txn& txn, const Cid& manifest);
/// The partial dataset whose file and pins have this number.
[[nodiscard]] Result<std::optional<Cid>> partial_of_writer(const Txn& txn, std::uint64_t id);
/// The manifests of those that are over a tree.
[[nodiscard]] Result<std::vector<Cid>> partials_over(const Txn& txn, const Cid& tree);
/// In order of CID, from `from` on.
[[nodiscard]] Result<void>
for_each_partial(const Txn& txn, BytesView from,
                 const std::function<Result<bool>(const Cid& manifest, PartialEntry)>& visit);

/// A new one, or one that has changed.
[[nodiscard]] Result<void> put_partial(Txn& txn, const Cid& manifest, const PartialEntry& entry);
/// All rows of it; its pins stay.
[[nodiscard]] Result<void> erase_partial(Txn& txn, const Cid& manifest, const PartialEntry& entry);

/// Its leaves that are here.
[[nodiscard]] Result<IndexSet> held_leaves(const Txn& txn, const PartialEntry& entry);

/// Those of one piece, instead of what it had.
[[nodiscard]] Result<void> put_held(Txn& txn, std::uint64_t id, std::uint32_t piece,
                                    const IndexSet& leaves);

/// Leaves that are added in one transaction; only pieces that change are read and written.
class HeldLeaves {
public:
    HeldLeaves(Txn& txn, std::uint64_t id) : txn_(txn), id_(id) {}
    /// Whether it was not held, and is now.
    [[nodiscard]] Result<bool> insert(std::uint64_t index);
    [[nodiscard]] Result<void> write();

private:
    Txn& txn_;
    std::uint64_t id_;
    std::map<std::uint32_t, IndexSet> pieces_;
};

} // namespace codex::repo::detail

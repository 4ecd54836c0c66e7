#include "repo/detail/doomed.hpp"

#include "merkle/tree.hpp"
#include "repo/detail/labels.hpp"
#include "repo/detail/limits.hpp"
#include "repo/detail/slot_trees.hpp"
#include "repo/detail/tree_file.hpp"

#include <algorithm>

namespace codex::repo {

namespace {

Result<std::optional<DoomedTree>> find_doomed(const Txn& txn, const Extent& extent) {
    const Bytes key = extent_key(extent);
    CODEX_TRY(value, txn.get(Table::doomed, key));
    if (!value)
        return std::nullopt;
    CODEX_TRY(doomed, decode_doomed(key, *value));
    return doomed;
}

/// The leaves of a tree that may be wrong, ascending: none where all together give the root.
Result<std::vector<std::uint64_t>> wrong_leaves(const Session& session, const Cid& tree,
                                                const Extent& extent, std::uint64_t leaf_count) {
    constexpr std::uint64_t kChunk = 16384;
    merkle::StreamingRoot root;
    std::vector<Digest> leaves;
    for (std::uint64_t at = 0; at < leaf_count; at += leaves.size()) {
        leaves.resize(static_cast<std::size_t>(std::min(kChunk, leaf_count - at)));
        CODEX_CHECK(salvage_tree_at(session, tree, extent, at, leaves));
        root.add(leaves);
    }
    CODEX_TRY(given, root.finish());
    if (given == tree.digest32())
        return std::vector<std::uint64_t>();
    return untrusted_leaves(tree, leaf_count, [&](std::uint64_t first, std::span<Digest> out) {
        return salvage_tree_at(session, tree, extent, first, out);
    });
}

/// The next leaves, and, the first time, which of all may be wrong.
Result<void> read_leaves(const Session& session, const DoomedTree& tree, std::span<Digest> leaves,
                         std::optional<std::vector<std::uint64_t>>& wrong) {
    if (!wrong) {
        CODEX_TRY(found, wrong_leaves(session, tree.tree, tree.extent, tree.leaf_count));
        wrong = std::move(found);
    }
    return salvage_tree_at(session, tree.tree, tree.extent, tree.done, leaves);
}

} // namespace

Result<void> require_removable(const Session& session, const Cid& manifest) {
    std::optional<TreeEntry> tree;
    std::optional<DatasetEntry> dataset;
    {
        CODEX_TRY(txn, session.store->env().read());
        CODEX_TRY(found, find_dataset(txn, manifest));
        dataset = std::move(found);
        if (dataset) {
            CODEX_TRY(entry, find_tree(txn, dataset->tree));
            tree = entry;
        }
    }
    if (!tree || tree->references > 1)
        return {};
    std::vector<Digest> nodes(16384);
    Extent extent = tree->extent;
    for (std::uint64_t at = 0; at < tree->leaf_count; at += nodes.size()) {
        const std::span<Digest> piece(
            nodes.data(),
            static_cast<std::size_t>(std::min<std::uint64_t>(nodes.size(), tree->leaf_count - at)));
        auto read = read_tree(session, dataset->tree, extent, at, piece, salvage_tree_at);
        if (!read && read.error().code() == Errc::block_not_found)
            return {}; // somebody else removes it
        CODEX_CHECK(std::move(read));
    }
    return {};
}

Result<void> doom_tree(Ledger& ledger, const Cid& tree, const TreeEntry& entry) {
    CODEX_CHECK(release_slot_trees(ledger, tree));
    CODEX_CHECK(ledger.erase_tree(tree, entry));
    return ledger.txn().put(Table::doomed, extent_key(entry.extent),
                            doomed_value({tree, entry.extent, entry.leaf_count, 0}));
}

Result<std::uint64_t> finish_doomed(const Session& session, const Extent& extent) {
    std::uint64_t removed = 0;
    std::vector<Digest> leaves;
    std::optional<std::vector<std::uint64_t>> wrong;
    for (;;) {
        std::optional<DoomedTree> seen;
        {
            CODEX_TRY(txn, session.store->env().read());
            CODEX_TRY(found, find_doomed(txn, extent));
            seen = found;
        }
        if (!seen)
            return removed;
        leaves.resize(static_cast<std::size_t>(
            std::min(limits().doomed_leaves, seen->leaf_count - seen->done)));
        if (auto read = read_leaves(session, *seen, leaves, wrong); !read) {
            CODEX_TRY(txn, session.store->env().read());
            CODEX_TRY(still, find_doomed(txn, extent));
            return still ? Result<std::uint64_t>(fail(std::move(read).error())) : removed;
        }
        CODEX_TRY(ledger, session.ledger());
        CODEX_TRY(now, find_doomed(ledger.txn(), extent));
        if (now != seen)
            continue; // somebody else is at it, too
        for (std::size_t i = 0; i < leaves.size(); ++i) {
            const Cid cid = Cid::block(leaves[i]);
            if (cid.is_empty_block() ||
                std::binary_search(wrong->begin(), wrong->end(), seen->done + i))
                continue;
            CODEX_TRY(gone, ledger.release(cid));
            removed += gone ? 1 : 0;
        }
        seen->done += leaves.size();
        if (seen->done < seen->leaf_count) {
            CODEX_CHECK(ledger.txn().put(Table::doomed, extent_key(extent), doomed_value(*seen)));
        } else {
            CODEX_CHECK(ledger.txn().erase(Table::doomed, extent_key(extent)));
            CODEX_CHECK(ledger.end_live(extent, tree_record_bytes(seen->tree, seen->leaf_count)));
        }
        CODEX_CHECK(ledger.commit());
    }
}

Result<std::vector<DoomedTree>> doomed_trees(const Txn& txn) {
    std::vector<DoomedTree> all;
    CODEX_TRY(cursor, txn.cursor(Table::doomed));
    CODEX_TRY(more, cursor.seek({}));
    while (more) {
        CODEX_TRY(doomed, decode_doomed(cursor.key(), cursor.value()));
        all.push_back(doomed);
        CODEX_TRY(next, cursor.next());
        more = next;
    }
    return all;
}

Result<std::optional<Extent>> erase_dataset(Ledger& ledger, const Cid& manifest) {
    CODEX_TRY(dataset, ledger.dataset(manifest));
    if (!dataset)
        return fail(Errc::dataset_not_found, "dataset {}: not in the repo", manifest.text());
    CODEX_CHECK(ledger.txn().erase(Table::datasets, manifest.bytes()));
    CODEX_CHECK(ledger.change_expiry(ExpiryKind::dataset, manifest, dataset->expiry, 0));
    CODEX_CHECK(put_label(ledger.txn(), manifest, {}));
    --ledger.totals().datasets;
    CODEX_CHECK(ledger.release(manifest));
    CODEX_TRY(tree, ledger.tree(dataset->tree));
    if (!tree)
        return std::nullopt;
    if (tree->references > 1) {
        --tree->references;
        CODEX_CHECK(ledger.put_tree(dataset->tree, *tree));
        return std::nullopt;
    }
    CODEX_CHECK(doom_tree(ledger, dataset->tree, *tree));
    return tree->extent;
}

} // namespace codex::repo

#include "repo/detail/doomed.hpp"

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

} // namespace

Result<void> doom_tree(Ledger& ledger, const Cid& tree, const TreeEntry& entry) {
    CODEX_CHECK(release_slot_trees(ledger, tree));
    CODEX_CHECK(ledger.erase_tree(tree, entry));
    return ledger.txn().put(Table::doomed, extent_key(entry.extent),
                            doomed_value({tree, entry.extent, entry.leaf_count, 0}));
}

Result<std::uint64_t> finish_doomed(const Session& session, const Extent& extent) {
    std::uint64_t removed = 0;
    std::vector<Digest> leaves;
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
        // Leaves that cannot be read keep their references; verify finds and corrects them.
        const bool readable =
            read_tree_at(session, seen->tree, extent, seen->done, leaves).has_value();
        CODEX_TRY(ledger, session.ledger());
        CODEX_TRY(now, find_doomed(ledger.txn(), extent));
        if (now != seen)
            continue; // somebody else is at it, too
        for (const Digest& leaf : leaves) {
            const Cid cid = Cid::block(leaf);
            if (!readable || cid.is_empty_block())
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

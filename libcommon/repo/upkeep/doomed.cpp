#include "repo/upkeep/doomed.hpp"

#include "merkle/tree.hpp"
#include "repo/index/labels.hpp"
#include "repo/index/slot_trees.hpp"
#include "repo/segments/tree_file.hpp"
#include "repo/upkeep/reserve.hpp"

#include <algorithm>

namespace codex::repo::detail {

namespace {

/// Leaves of one transaction when there is room for hardly any page of the index.
constexpr std::uint64_t kLeastLeaves = 4;
/// Leaves that are read at a time.
constexpr std::uint64_t kDoomedLeaves = 16384;

Result<std::optional<DoomedTree>> find_doomed(const Txn& txn, const Extent& extent) {
    const Bytes key = extent_key(extent);
    CODEX_TRY(value, txn.get(Table::doomed, key));
    if (!value)
        return std::nullopt;
    CODEX_TRY(doomed, decode_doomed(key, *value));
    return doomed;
}

} // namespace

Result<std::vector<std::uint64_t>> wrong_leaves(const Session& session, const DoomedTree& doomed) {
    merkle::StreamingRoot root;
    std::vector<Digest> leaves;
    for (std::uint64_t at = 0; at < doomed.leaf_count; at += leaves.size()) {
        leaves.resize(static_cast<std::size_t>(std::min(kDoomedLeaves, doomed.leaf_count - at)));
        CODEX_CHECK(salvage_tree_at(session, doomed.tree, doomed.extent, at, leaves));
        root.add(leaves);
    }
    CODEX_TRY(given, root.finish());
    if (given == doomed.tree.digest32())
        return std::vector<std::uint64_t>();
    return untrusted_leaves(
        doomed.tree, doomed.leaf_count, [&](std::uint64_t first, std::span<Digest> out) {
            return salvage_tree_at(session, doomed.tree, doomed.extent, first, out);
        });
}

namespace {

/// The tree that goes when the dataset does.
Result<std::optional<DoomedTree>> tree_that_goes(const Session& session, const Cid& manifest) {
    CODEX_TRY(txn, session.store->env().read());
    CODEX_TRY(dataset, find_dataset(txn, manifest));
    if (!dataset)
        return std::nullopt;
    CODEX_TRY(tree, find_tree(txn, dataset->tree));
    if (!tree || tree->references > 1)
        return std::nullopt;
    return std::optional(DoomedTree{dataset->tree, tree->extent, tree->leaf_count, 0});
}

std::uint64_t leaves_at_once(const Session& session, unsigned shrink) {
    return std::max<std::uint64_t>(kLeastLeaves, session.store->limits().doomed_leaves >> shrink);
}

} // namespace

Result<std::optional<Portion>> look_through(const Session& session, const Cid& manifest) {
    CODEX_TRY(tree, tree_that_goes(session, manifest));
    if (!tree)
        return std::nullopt;
    Portion portion{*tree, {}, {}};
    const std::uint64_t kept = leaves_at_once(session, session.shrink);
    const auto read = [&](std::uint64_t first, std::span<Digest> out) {
        return read_tree(session, tree->tree, portion.tree.extent, first, out, salvage_tree_at);
    };
    auto looked = [&]() -> Result<void> {
        merkle::StreamingRoot root;
        std::vector<Digest> leaves;
        for (std::uint64_t at = 0; at < tree->leaf_count; at += leaves.size()) {
            leaves.resize(static_cast<std::size_t>(std::min(kDoomedLeaves, tree->leaf_count - at)));
            CODEX_CHECK(read(at, leaves));
            root.add(leaves);
            const std::uint64_t room = kept - std::min<std::uint64_t>(kept, portion.leaves.size());
            portion.leaves.insert(
                portion.leaves.end(), leaves.begin(),
                leaves.begin() +
                    static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(room, leaves.size())));
        }
        CODEX_TRY(given, root.finish());
        if (given == tree->tree.digest32())
            return {};
        CODEX_TRY(wrong, untrusted_leaves(tree->tree, tree->leaf_count, read));
        portion.wrong = std::move(wrong);
        return {};
    }();
    if (!looked && looked.error().code() == Errc::block_not_found)
        return std::nullopt; // somebody else removes it
    CODEX_CHECK(std::move(looked));
    return std::optional(std::move(portion));
}

Result<void> doom_tree(Ledger& ledger, const Cid& tree, const TreeEntry& entry) {
    CODEX_CHECK(release_slot_trees(ledger, tree));
    CODEX_CHECK(ledger.erase_tree(tree, entry));
    return ledger.txn().put(Table::doomed, extent_key(entry.extent),
                            doomed_value({tree, entry.extent, entry.leaf_count, 0}));
}

namespace {

/// Reads the next leaves of a tree. `last` is the portion before it: a large tree comes in many,
/// and is looked through once. False when somebody else has finished the tree meanwhile. Errors:
/// not_found, permission, io.
Result<bool> read_portion(const Session& session, Portion& portion, const Portion& last) {
    const DoomedTree& tree = portion.tree;
    auto read = [&]() -> Result<void> {
        if (last.tree.extent == tree.extent && last.tree.tree == tree.tree) {
            portion.wrong = last.wrong;
        } else {
            CODEX_SET(portion.wrong, wrong_leaves(session, tree));
        }
        return salvage_tree_at(session, tree.tree, tree.extent, tree.done, portion.leaves);
    }();
    if (read)
        return true;
    CODEX_TRY(txn, session.store->env().read());
    CODEX_TRY(still, find_doomed(txn, tree.extent));
    if (still)
        return fail(std::move(read).error());
    return false;
}

/// The next leaves of the trees at `extents`, at most `room` of them. Trees that are finished are
/// taken off the front; empty when all are. Those before one that cannot be read come first.
Result<std::vector<Portion>> next_portions(const Session& session, std::span<const Extent>& extents,
                                           std::uint64_t room, const Portion& last) {
    std::vector<Portion> found;
    {
        CODEX_TRY(txn, session.store->env().read());
        for (std::size_t i = 0; i < extents.size() && room > 0;) {
            CODEX_TRY(tree, find_doomed(txn, extents[i]));
            if (!tree && found.empty()) {
                extents = extents.subspan(1);
                continue;
            }
            ++i;
            if (!tree)
                continue;
            const std::uint64_t taken = std::min(room, tree->leaf_count - tree->done);
            room -= taken;
            found.push_back({*tree, std::vector<Digest>(taken), {}});
        }
    }
    std::vector<Portion> portions;
    for (Portion& portion : found) {
        auto here = read_portion(session, portion, last);
        if (!here && !portions.empty())
            break;
        if (!here)
            return fail(std::move(here).error());
        if (*here)
            portions.push_back(std::move(portion));
    }
    return portions;
}

} // namespace

Result<std::uint64_t> release_portion(Ledger& ledger, const Portion& portion) {
    CODEX_TRY(now, find_doomed(ledger.txn(), portion.tree.extent));
    if (now != portion.tree)
        return std::uint64_t{0}; // somebody else is at it, too
    std::uint64_t removed = 0;
    for (std::size_t i = 0; i < portion.leaves.size(); ++i) {
        const Cid cid = Cid::block(portion.leaves[i]);
        if (cid.is_empty_block() ||
            std::binary_search(portion.wrong.begin(), portion.wrong.end(), portion.tree.done + i))
            continue;
        CODEX_TRY(gone, ledger.release(cid));
        removed += gone ? 1 : 0;
    }
    DoomedTree after = portion.tree;
    after.done += portion.leaves.size();
    const Bytes key = extent_key(after.extent);
    if (after.done < after.leaf_count) {
        CODEX_CHECK(ledger.txn().put(Table::doomed, key, doomed_value(after)));
        return removed;
    }
    CODEX_CHECK(ledger.txn().erase(Table::doomed, key));
    CODEX_CHECK(ledger.end_live(after.extent, tree_record_bytes(after.tree, after.leaf_count)));
    return removed;
}

Result<std::uint64_t> finish_doomed(const Session& session, std::span<const Extent> extents,
                                    Portion known) {
    std::uint64_t removed = 0;
    Portion last = std::move(known);
    for (unsigned shrink = session.shrink;;) {
        CODEX_CHECK(session.job.go_on());
        const std::uint64_t room = leaves_at_once(session, shrink);
        CODEX_TRY(portions, next_portions(session, extents, room, last));
        if (portions.empty() && extents.empty())
            return removed;
        if (portions.empty())
            continue; // somebody else has finished them
        std::uint64_t gone = 0;
        auto step = [&]() -> Result<void> {
            CODEX_TRY(ledger, session.ledger());
            for (const Portion& portion : portions) {
                CODEX_TRY(n, release_portion(ledger, portion));
                gone += n;
            }
            return ledger.commit();
        }();
        if (step) {
            removed += gone;
            last = std::move(portions.back());
        } else if (step.error().code() != Errc::no_space)
            return fail(std::move(step).error());
        else if (give_up_reserve(session.store->path()))
            continue;
        else if (room > kLeastLeaves)
            shrink += 4; // fewer pages of the index, which is what there is no room for
        else
            return fail(std::move(step).error());
    }
}

Result<std::vector<DoomedTree>> doomed_trees(const Txn& txn) {
    std::vector<DoomedTree> all;
    CODEX_CHECK(
        for_each(txn, Table::doomed, {}, [&](BytesView key, BytesView value) -> Result<void> {
            CODEX_TRY(doomed, decode_doomed(key, value));
            all.push_back(doomed);
            return {};
        }));
    return all;
}

Result<Erased> erase_dataset(Ledger& ledger, const Cid& manifest) {
    Erased erased;
    CODEX_TRY(dataset, ledger.dataset(manifest));
    if (!dataset)
        return fail(Errc::dataset_not_found, "dataset {}: was removed meanwhile", manifest.text());
    CODEX_CHECK(ledger.txn().erase(Table::datasets, manifest.bytes()));
    CODEX_CHECK(ledger.change_expiry(ExpiryKind::dataset, manifest, dataset->expiry, 0));
    CODEX_CHECK(put_label(ledger.txn(), manifest, {}));
    CODEX_CHECK(ledger.note_dataset(manifest, false, 0, {}));
    --ledger.totals().datasets;
    ledger.note_change(ChangeKind::dataset_removed, manifest);
    CODEX_SET(erased.manifest_gone, ledger.release(manifest));
    CODEX_TRY(tree, ledger.tree(dataset->tree));
    if (!tree)
        return erased;
    if (tree->references > 1) {
        --tree->references;
        CODEX_CHECK(ledger.put_tree(dataset->tree, *tree));
        return erased;
    }
    CODEX_CHECK(doom_tree(ledger, dataset->tree, *tree));
    erased.tree = tree->extent;
    return erased;
}

} // namespace codex::repo::detail

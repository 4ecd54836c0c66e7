// Poseidon2 trees of slots (codex-slots(5), SLOTS): stored like the trees of datasets, but their
// leaves are block digests of another kind, so no block is referred to.
//
// A record of the table of slots says what a tree was computed from and is the tree's reference.
// Equal slots (of zeros, say) share one tree.
#include "repo/index/slot_trees.hpp"
#include "repo/index/not_here.hpp"

#include "repo/index/repo_impl.hpp"
#include "repo/segments/spool.hpp"

#include <algorithm>
#include <unordered_set>

namespace codex::repo {

using namespace detail;

namespace {

struct Appended {
    Extent extent;
    SegmentLease lease;
    std::uint64_t end = 0;
};

/// Trees that are not here count against the quota, each once; checked before they are written.
Result<void> check_room(const Session& session, std::span<const SlotTree> trees) {
    CODEX_TRY(config, session.store->config());
    CODEX_TRY(txn, session.store->env().read());
    CODEX_TRY(totals, read_totals(txn));
    std::unordered_set<Cid> counted;
    std::uint64_t needed = 0;
    for (const SlotTree& tree : trees) {
        CODEX_TRY(stored, find_tree(txn, tree.cid));
        if (!stored && counted.insert(tree.cid).second)
            needed += tree_node_bytes(tree.leaves.size());
    }
    if (needed > 0 && totals.taken_bytes() + needed > config.quota_bytes)
        return quota_error(needed, totals, config.quota_bytes);
    return {};
}

/// All nodes of `tree` into a segment.
Result<Appended> append_slot_tree(const Session& session, const std::string& directory,
                                  const SlotTree& tree, SegmentLease lease) {
    if (tree.cid.codec() != codec::Multicodec::codex_slot_root || tree.leaves.empty())
        return fail(Errc::merkle_invalid, "tree {}: not the tree of a slot", tree.cid.text());
    Spool spool = make_spool(directory, session.store->limits());
    CODEX_CHECK(spool.write(0, tree.leaves));
    CODEX_TRY(root, build_layers(spool, tree.leaves.size(), tree_hash(tree.cid), session.job));
    if (!equal(root, tree.cid.digest()))
        return fail(Errc::merkle_invalid, "tree {}: these leaves have another root",
                    tree.cid.text());
    if (!lease || lease->full()) {
        CODEX_SET(lease, session.store->segments().acquire(session.sync));
    }
    CODEX_TRY(extent, append_tree(*lease, tree.cid, tree.leaves.size(), spool));
    return Appended{extent, lease, lease->end()};
}

Result<void> add_slot(const Session& session, Ledger& ledger, const SlotTree& tree,
                      const Extent& extent) {
    const std::uint64_t length = tree_record_bytes(tree.cid, tree.leaves.size());
    const Bytes key = encode(tree.key);
    CODEX_TRY(dataset_tree, ledger.tree(tree.key.tree));
    if (!dataset_tree)
        return fail(not_here(Errc::block_not_found, "tree", tree.key.tree, *session.store));
    CODEX_TRY(known, ledger.txn().get(Table::slots, key));
    if (known)
        return ledger.add_dead(extent, length); // another process was first
    CODEX_TRY(stored, ledger.tree(tree.cid));
    TreeEntry entry = stored.value_or(TreeEntry{extent, tree.leaves.size(), 0});
    if (stored) {
        CODEX_CHECK(ledger.add_dead(extent, length));
        std::map<std::uint32_t, std::uint64_t> synced;
        if (session.sync)
            CODEX_CHECK(ensure_synced(session, ledger, entry.extent, synced));
    } else {
        ledger.add_live(extent, length);
    }
    ++entry.references;
    CODEX_CHECK(ledger.put_tree(tree.cid, entry));
    return ledger.txn().put(Table::slots, key, tree.cid.bytes());
}

} // namespace

Result<void> Repo::put_slot_trees(std::span<const SlotTree> trees, const Job& job) {
    CODEX_CHECK(impl_->require_writable());
    const Session session = impl_->session(job);
    CODEX_CHECK(check_room(session, trees));
    std::vector<Appended> appended;
    for (const SlotTree& tree : trees) {
        CODEX_CHECK(job.go_on());
        CODEX_TRY(one, append_slot_tree(session, path(), tree,
                                        appended.empty() ? nullptr : appended.back().lease));
        appended.push_back(one);
    }
    if (session.sync)
        for (const Appended& one : appended)
            CODEX_CHECK(one.lease->sync());
    CODEX_TRY(ledger, session.ledger());
    for (std::size_t i = 0; i < trees.size(); ++i) {
        CODEX_CHECK(add_slot(session, ledger, trees[i], appended[i].extent));
        ledger.commit_segment(appended[i].lease->id(), appended[i].end, session.sync);
    }
    return ledger.commit();
}

Result<std::optional<Cid>> Repo::find_slot_tree(const SlotKey& key) const {
    CODEX_TRY(txn, impl_->store->env().read());
    CODEX_TRY(value, txn.get(Table::slots, encode(key)));
    if (!value)
        return std::nullopt;
    CODEX_TRY(cid, decode_cid_key(Table::slots, *value));
    return cid;
}

Result<void> detail::release_slot_trees(Ledger& ledger, const Cid& tree) {
    const Bytes prefix = slot_prefix(tree);
    std::vector<std::pair<Bytes, Cid>> slots;
    CODEX_CHECK(for_each(ledger.txn(), Table::slots, prefix,
                         [&](BytesView key, BytesView value) -> Result<bool> {
                             if (!has_prefix(key, prefix))
                                 return false;
                             CODEX_TRY(cid, decode_cid_key(Table::slots, value));
                             slots.emplace_back(Bytes(key.begin(), key.end()), cid);
                             return true;
                         }));
    for (const auto& [key, cid] : slots) {
        CODEX_CHECK(ledger.txn().erase(Table::slots, key));
        CODEX_TRY(entry, ledger.tree(cid));
        if (!entry)
            continue;
        if (entry->references > 1) {
            --entry->references;
            CODEX_CHECK(ledger.put_tree(cid, *entry));
        } else {
            CODEX_CHECK(ledger.erase_tree(cid, *entry));
            CODEX_CHECK(ledger.end_live(entry->extent, tree_record_bytes(cid, entry->leaf_count)));
        }
    }
    return {};
}

} // namespace codex::repo

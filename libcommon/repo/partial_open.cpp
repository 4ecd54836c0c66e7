// Beginning a partial dataset, and going on with one.
#include "crypto/hash/sha256.hpp"
#include "repo/index/dataset_record.hpp"
#include "repo/index/labels.hpp"
#include "repo/partial_impl.hpp"
#include "repo/segments/block_reader.hpp"
#include "repo/upkeep/writer_lock.hpp"

#include <algorithm>

namespace codex::repo {

using namespace detail;

namespace {

/// What a fetch may begin.
Result<void> check_fetchable(const Cid& cid, const codec::Manifest& manifest) {
    if (manifest.blocks_count() == 0)
        return fail(Errc::dataset_empty, "dataset {}: it has no blocks", cid.text());
    if (manifest.blocks_count() > IndexSet::kMaxIndices)
        return fail(Errc::limit_exceeded, "dataset {}: it has {} blocks, {} are possible",
                    cid.text(), manifest.blocks_count(), IndexSet::kMaxIndices);
    return {};
}

/// Later expiry and label of one that is here; no commit where nothing changes.
Result<void> prolong(const Session& session, const Cid& cid, const PartialOptions& options) {
    CODEX_TRY(ledger, session.ledger());
    CODEX_TRY(entry, find_partial(ledger.txn(), cid));
    CODEX_TRY(label, find_label(ledger.txn(), cid));
    if (!entry)
        return {}; // removed meanwhile, or whole: who opens it sees that
    const std::uint64_t expiry = later_expiry(entry->expiry, options.expiry);
    const bool renamed = !options.label.empty() && options.label != label;
    if (expiry == entry->expiry && !renamed)
        return {};
    if (renamed)
        CODEX_CHECK(put_label(ledger.txn(), cid, options.label));
    CODEX_CHECK(set_partial_expiry(ledger, cid, *entry, expiry));
    return ledger.commit();
}

/// The tree counts from the beginning; asked before anything is written.
Result<void> check_partial_room(const Session& session, std::uint64_t needed) {
    CODEX_TRY(config, session.store->config());
    CODEX_TRY(txn, session.store->env().read());
    CODEX_TRY(totals, read_totals(txn));
    if (totals.taken_bytes() + needed > config.quota_bytes)
        return quota_error(needed, totals, config.quota_bytes);
    return {};
}

/// Enters a new one; false when it is here already, as a whole dataset perhaps.
Result<bool> begin_new(const Session& session, const Cid& cid, const codec::Manifest& manifest,
                       BytesView bytes, const PartialOptions& options) {
    const Store& store = *session.store;
    const std::uint64_t leaves = manifest.blocks_count();
    CODEX_CHECK(check_partial_room(session, tree_node_bytes(leaves) + bytes.size()));
    CODEX_TRY(lock, WriterLock::create(store.writers_directory(), store.around().random));
    const std::uint64_t added = store.around().clock.unix_seconds();
    CODEX_CHECK(PartialFile::make(writer_path(store.writers_directory(), lock.id()),
                                  {added, Bytes(bytes.begin(), bytes.end())}, leaves,
                                  store.around().disk, session.sync));
    if (session.sync)
        CODEX_CHECK(sync_directory(store.writers_directory()));
    Batch batch(session, nullptr);
    const StagedBlock block{cid, bytes, 0, false, 0, true};
    CODEX_CHECK(batch.stage(std::span(&block, 1)));
    CODEX_TRY(begun, batch.commit({[](Ledger&) -> Result<bool> { return true; },
                                   [&](Ledger& ledger) -> Result<bool> {
                                       CODEX_TRY(dataset, ledger.dataset(cid));
                                       CODEX_TRY(partial, find_partial(ledger.txn(), cid));
                                       if (dataset || partial)
                                           return false;
                                       CODEX_CHECK(store.env().require_in_place());
                                       CODEX_CHECK(require_partials_known(store.path()));
                                       CODEX_CHECK(begin_partial(ledger, cid,
                                                                 {lock.id(), added, options.expiry,
                                                                  leaves, 0, 0, manifest.tree},
                                                                 options.label));
                                       return true;
                                   }}));
    if (begun)
        lock.abandon(); // the file is the partial dataset's now
    return begun;
}

/// What the index says of a dataset that is to be fetched.
struct Presence {
    std::optional<PartialEntry> partial;
    bool whole = false; ///< it is a dataset
    bool tree = false;  ///< its tree is here
};

Result<Presence> look_for(const Store& store, const Cid& cid, const codec::Manifest& manifest) {
    CODEX_TRY(txn, store.env().read());
    Presence found;
    CODEX_SET(found.partial, find_partial(txn, cid));
    CODEX_TRY(dataset, find_dataset(txn, cid));
    CODEX_TRY(tree, find_tree(txn, manifest.tree));
    found.whole = dataset.has_value();
    found.tree = tree && tree->leaf_count == manifest.blocks_count();
    return found;
}

} // namespace

namespace {

/// A partial dataset is here when this returns true, with at least this expiry, and this label.
/// False when the dataset is whole, or needs only a manifest beside its tree.
Result<bool> enter_partial(const Session& session, const Cid& cid, const codec::Manifest& manifest,
                           BytesView bytes, const PartialOptions& options) {
    CODEX_CHECK(check_fetchable(cid, manifest));
    for (;;) {
        CODEX_TRY(found, look_for(*session.store, cid, manifest));
        if (found.partial) {
            CODEX_CHECK(prolong(session, cid, options));
            return true;
        }
        if (found.whole || found.tree)
            return false;
        CODEX_TRY(begun, begin_new(session, cid, manifest, bytes, options));
        if (begun)
            return true;
    }
}

} // namespace

/// Goes on with what is here. Errors: dataset_not_found when that is gone again.
Result<void> PartialDataset::Impl::go_on(PartialTree opened) {
    CODEX_SET(have, opened.present());
    id = opened.impl_->id;
    tree.emplace(std::move(opened));
    renew(nullptr);
    complete = have.size() == leaf_count();
    if (complete)
        return {};
    std::optional<TreeEntry> stored;
    {
        CODEX_TRY(txn, session.store->env().read());
        CODEX_SET(stored, find_tree(txn, manifest.tree));
    }
    if (!stored) // else it is another dataset's, and ours needs no more
        return {};
    Staged nothing;
    nothing.batch = std::make_unique<Batch>(session, nullptr);
    return commit_here(nothing);
}

Result<PartialDataset> Repo::open_partial(BytesView manifest_bytes, const PartialOptions& options,
                                          const Job& job) {
    constexpr int kPasses = 16; // while others remove it as often as we begin it
    CODEX_CHECK(impl_->require_writable());
    CODEX_CHECK(check_label(options.label));
    CODEX_TRY(manifest, codec::decode_manifest(manifest_bytes));
    const Cid cid = Cid::sha256(codec::Multicodec::codex_manifest, crypto::sha256(manifest_bytes));
    auto impl = std::make_unique<PartialDataset::Impl>(
        impl_, job, cid, manifest, Bytes(manifest_bytes.begin(), manifest_bytes.end()));
    for (int pass = 1;; ++pass) {
        CODEX_TRY(partial, enter_partial(impl->session, cid, manifest, manifest_bytes, options));
        auto going = [&]() -> Result<void> {
            if (!partial) {
                CODEX_CHECK(add_manifest(cid, manifest_bytes, options.expiry, options.label));
                impl->complete = true;
                return {};
            }
            // An index that was made anew may know it of its tree's file alone.
            const Restored block{cid, manifest_bytes};
            CODEX_CHECK(restore({&block, 1}));
            CODEX_TRY(tree, partial_tree(cid));
            return impl->go_on(std::move(tree));
        }();
        if (going)
            return PartialDataset(std::move(impl));
        const Error& cause = going.error();
        const bool raced =
            cause.code() == Errc::block_not_found || cause.code() == Errc::dataset_not_found;
        if (pass == kPasses || !raced)
            return fail(std::move(going).error());
    }
}

} // namespace codex::repo

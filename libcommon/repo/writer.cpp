#include "base/side_job.hpp"
#include "codec/log_value.hpp"
#include "crypto/hash/sha256.hpp"
#include "repo/index/dataset_record.hpp"
#include "repo/index/labels.hpp"
#include "repo/index/repo_impl.hpp"
#include "repo/segments/batch.hpp"
#include "repo/segments/tree_file.hpp"
#include "repo/upkeep/pending.hpp"
#include "repo/upkeep/writer_lock.hpp"

namespace codex::repo {

using namespace detail;

namespace {

/// Bounds the bitmap of leaves seen; 256 TiB in blocks of 64 KiB.
constexpr std::uint64_t kMaxLeaves = std::uint64_t{1} << 32;

Result<void> check_leaf(const LeafInput& leaf) {
    const Cid& cid = leaf.cid;
    if (cid.version() != 1 || cid.codec() != codec::Multicodec::codex_block ||
        cid.hash() != codec::HashCodec::sha2_256 || cid.digest().size() != sizeof(Digest))
        return fail(Errc::cid_wrong_codec, "{}: a leaf is a codex-block with SHA-256", cid.text());
    if (leaf.index >= kMaxLeaves)
        return fail(Errc::merkle_index, "leaf {}: at most {} leaves are possible", leaf.index,
                    kMaxLeaves);
    if (leaf.data.size() > codec::kMaxBlockSizeBytes)
        return fail(Errc::limit_exceeded, "block {}: larger than {} bytes", cid.text(),
                    codec::kMaxBlockSizeBytes);
    return {};
}

} // namespace

struct DatasetWriter::Impl {
    Impl(std::shared_ptr<Repo::Impl> owner, const Job& job)
        : repo(std::move(owner)), session(repo->session(job)),
          spool(make_spool(repo->store->path(), repo->store->limits())),
          current(std::make_unique<Batch>(session, nullptr)) {}
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl();

    Result<void> flush();
    Result<void> wait();
    Result<void> stage(std::span<const StagedBlock> blocks);
    Result<void> claim(std::span<const LeafInput> batch);
    void unclaim(std::span<const LeafInput> batch);
    Result<void> check_spool_room(std::uint64_t more_leaves);
    Result<void> check_tree_room();
    Result<void> spool_leaves(std::span<const LeafInput> batch);
    Result<void> commit_all(const Cid& manifest, DatasetEntry entry, std::string_view label);
    Result<bool> make_visible(Ledger& ledger, const Cid& manifest, const DatasetEntry& entry,
                              std::string_view label);

    std::shared_ptr<Repo::Impl> repo;
    Session session;
    Spool spool;
    std::vector<bool> seen; // leaves
    std::uint64_t leaf_count = 0;
    std::optional<Cid> tree;
    std::uint64_t new_bytes = 0;

    std::unique_ptr<Batch> current;
    std::unique_ptr<Batch> in_flight; // being committed by `flusher`
    Result<void> flushed;
    std::optional<WriterLock> lock; // from the first flush on
    std::uint32_t sequence = 0;

    bool tree_is_new = false; // found out in the last transaction
    bool tree_needed = false;
    std::optional<Extent> tree_extent;
    SideJob flusher; // last: it uses the others
};

DatasetWriter::Impl::~Impl() {
    try {
        flusher.wait();
        in_flight.reset();
        current.reset();
        // A job that was cancelled leaves that to gc, as one that was killed.
        if (lock && !undo_pending(session, lock->id()))
            lock->abandon();
    } catch (const std::bad_alloc&) {
        if (lock) // gc takes back what this writer has pinned
            lock->abandon();
    }
}

/// Waits for the batch in flight. Its failure is the writer's: nothing can be committed any more.
Result<void> DatasetWriter::Impl::wait() {
    flusher.wait();
    if (!flushed)
        return fail(flushed.error().code(), "{}", flushed.error().text());
    in_flight.reset();
    return {};
}

/// Commits the current batch in the background, while the next one is hashed and written.
Result<void> DatasetWriter::Impl::flush() {
    CODEX_CHECK(wait());
    if (!lock) {
        CODEX_TRY(made, WriterLock::create(repo->store->writers_directory(),
                                           repo->store->around().random));
        lock.emplace(std::move(made));
    }
    in_flight = std::move(current);
    current = std::make_unique<Batch>(session, in_flight->lease());
    flushed = fail(out_of_memory()); // what it stays when the job throws
    flusher.start_or_run(session.job.executor(), [this, batch = in_flight.get(),
                                                  key = PendingKey{lock->id(), sequence++}] {
        auto done = batch->commit({[](Ledger&) -> Result<bool> { return true; },
                                   [&](Ledger& ledger) -> Result<bool> {
                                       CODEX_CHECK(write_pending(ledger, key, batch->pinned()));
                                       return true;
                                   }});
        flushed = done ? Result<void>() : fail(std::move(done).error());
    });
    return {};
}

Result<void> DatasetWriter::Impl::stage(std::span<const StagedBlock> blocks) {
    const std::uint64_t before = current->new_bytes();
    auto staged = current->stage(blocks, in_flight.get());
    if (!staged && staged.error().code() == Errc::quota_exceeded && in_flight) {
        // The batch in flight may have been counted twice: once it is committed, we know.
        CODEX_CHECK(wait());
        staged = current->stage(blocks, nullptr);
    }
    CODEX_CHECK(std::move(staged));
    new_bytes += current->new_bytes() - before;
    return {};
}

/// Marks the leaves as given; all or none.
Result<void> DatasetWriter::Impl::claim(std::span<const LeafInput> batch) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
        auto right = check_leaf(batch[i]);
        const std::uint64_t index = batch[i].index;
        if (right && index < seen.size() && seen[static_cast<std::size_t>(index)])
            right = fail(Errc::merkle_index, "leaf {}: given twice", index);
        if (!right) {
            unclaim(batch.first(i));
            return right;
        }
        if (index >= seen.size())
            seen.resize(static_cast<std::size_t>(index) + 1);
        seen[static_cast<std::size_t>(index)] = true;
    }
    return {};
}

void DatasetWriter::Impl::unclaim(std::span<const LeafInput> batch) {
    for (const LeafInput& leaf : batch)
        seen[static_cast<std::size_t>(leaf.index)] = false;
    while (!seen.empty() && !seen.back())
        seen.pop_back();
}

/// Whether the tree is here already is known when it is finished. Until then what is spooled for it
/// must not become larger than any tree can be.
Result<void> DatasetWriter::Impl::check_spool_room(std::uint64_t more_leaves) {
    const std::uint64_t needed = tree_node_bytes(leaf_count + more_leaves);
    CODEX_TRY(config, session.store->config());
    if (needed <= config.quota_bytes)
        return {};
    CODEX_TRY(txn, session.store->env().read());
    CODEX_TRY(totals, read_totals(txn));
    return quota_error(needed, totals, config.quota_bytes);
}

/// A new tree has to fit beside all that counts and the blocks of this dataset.
Result<void> DatasetWriter::Impl::check_tree_room() {
    const std::uint64_t needed = tree_node_bytes(leaf_count);
    CODEX_TRY(config, session.store->config());
    CODEX_TRY(txn, session.store->env().read());
    CODEX_TRY(totals, read_totals(txn));
    totals.used_bytes += current->new_bytes();
    if (totals.taken_bytes() + needed > config.quota_bytes)
        return quota_error(needed, totals, config.quota_bytes);
    return {};
}

Result<void> DatasetWriter::Impl::spool_leaves(std::span<const LeafInput> batch) {
    std::vector<Digest> run;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        run.push_back(batch[i].cid.digest32());
        const bool last = i + 1 == batch.size() || batch[i + 1].index != batch[i].index + 1;
        if (last) {
            CODEX_CHECK(spool.write(batch[i].index + 1 - run.size(), run));
            run.clear();
        }
    }
    return {};
}

DatasetWriter::DatasetWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DatasetWriter::~DatasetWriter() = default;
DatasetWriter::DatasetWriter(DatasetWriter&&) noexcept = default;
DatasetWriter& DatasetWriter::operator=(DatasetWriter&&) noexcept = default;

std::uint64_t DatasetWriter::new_bytes() const {
    return impl_->new_bytes;
}

Result<DatasetWriter> Repo::write_dataset(const Job& job) {
    CODEX_CHECK(impl_->require_writable());
    return DatasetWriter(std::make_unique<DatasetWriter::Impl>(impl_, job));
}

Result<void> DatasetWriter::leaves(std::span<const LeafInput> batch) {
    CODEX_ASSERT(!impl_->tree);
    CODEX_CHECK(impl_->session.job.go_on());
    CODEX_CHECK(impl_->claim(batch));
    std::vector<StagedBlock> blocks;
    for (const LeafInput& leaf : batch)
        if (!leaf.cid.is_empty_block())
            blocks.push_back({leaf.cid, leaf.data});
    auto stored = impl_->check_spool_room(batch.size());
    if (stored)
        stored = impl_->stage(blocks);
    if (stored)
        stored = impl_->spool_leaves(batch);
    if (!stored) {
        impl_->unclaim(batch);
        return stored;
    }
    impl_->leaf_count += batch.size();
    return impl_->current->full() ? impl_->flush() : Result<void>();
}

Result<Cid> DatasetWriter::finish_tree() {
    CODEX_ASSERT(!impl_->tree);
    if (impl_->leaf_count == 0)
        return fail(Errc::dataset_empty, "a dataset needs at least one block");
    if (impl_->leaf_count != impl_->seen.size())
        return fail(Errc::merkle_index, "{} of {} leaves are missing",
                    impl_->seen.size() - impl_->leaf_count, impl_->seen.size());
    CODEX_TRY(root, build_layers(impl_->spool, impl_->leaf_count, merkle::sha256_tree(),
                                 impl_->session.job));
    impl_->tree = Cid::sha256(codec::Multicodec::codex_root, root);
    return *impl_->tree;
}

Result<Cid> DatasetWriter::commit(BytesView manifest_bytes, std::uint64_t expiry,
                                  std::string_view label) {
    CODEX_ASSERT(impl_->tree);
    CODEX_CHECK(check_label(label));
    CODEX_TRY(manifest, codec::decode_manifest(manifest_bytes));
    if (manifest.tree != *impl_->tree || manifest.blocks_count() != impl_->leaf_count)
        return fail(Errc::manifest_invalid, "manifest: it is of another tree than {} ({} leaves)",
                    impl_->tree->text(), impl_->leaf_count);
    const Cid cid = Cid::sha256(codec::Multicodec::codex_manifest, crypto::sha256(manifest_bytes));
    CODEX_CHECK(impl_->wait());
    CODEX_CHECK(impl_->session.job.go_on());
    const StagedBlock block{cid, manifest_bytes, 0, false, 0, true};
    CODEX_CHECK(impl_->stage(std::span(&block, 1)));
    CODEX_CHECK(impl_->commit_all(cid,
                                  {manifest.tree, impl_->repo->store->around().clock.unix_seconds(),
                                   expiry, static_cast<std::uint8_t>(kind_of(manifest)),
                                   Bytes(manifest_bytes.begin(), manifest_bytes.end())},
                                  label));
    impl_->repo->log.with_topics("codex node")
        .info("Stored data", {{"manifestCid", cid},
                              {"treeCid", manifest.tree},
                              {"blocks", impl_->leaf_count},
                              {"datasetSize", log::ByteCount{manifest.dataset_size_bytes}}});
    return cid;
}

Result<void> DatasetWriter::Impl::commit_all(const Cid& manifest, DatasetEntry entry,
                                             std::string_view label) {
    std::optional<TreeEntry> existing;
    {
        CODEX_TRY(txn, session.store->env().read());
        CODEX_SET(existing, find_tree(txn, *tree));
    }
    tree_needed = !existing;
    if (tree_needed)
        CODEX_CHECK(check_tree_room());
    // Nothing re-reads a tree that is here, so one that a disk has damaged is found out now.
    bool whole = true;
    if (existing) {
        CODEX_SET(whole, same_tree(session, *tree, existing->extent, leaf_count, spool));
    }
    if (!whole) {
        auto replaced = replace_tree(session, *tree, leaf_count, spool);
        if (!replaced && replaced.error().code() != Errc::block_not_found)
            return replaced;
    }
    for (;;) {
        if (tree_needed && !tree_extent) {
            CODEX_SET(tree_extent, current->stage_tree(*tree, leaf_count, spool));
        }
        auto done = current->commit(
            {[this](Ledger& ledger) -> Result<bool> {
                 CODEX_TRY(stored, ledger.tree(*tree));
                 tree_is_new = !stored;
                 return tree_is_new;
             },
             [&](Ledger& ledger) { return make_visible(ledger, manifest, entry, label); }});
        if (!done)
            return fail(std::move(done).error());
        if (*done)
            break;
        tree_needed = true; // it was there a moment ago, and has been removed
    }
    current.reset();
    // The tree was here: its leaves have their references, ours go. It is too late to fail.
    if (lock && (tree_is_new || undo_pending(session, lock->id())))
        lock.reset();
    else if (lock)
        lock->abandon();
    return {};
}

/// False when the tree is not here any more, and has to be written.
Result<bool> DatasetWriter::Impl::make_visible(Ledger& ledger, const Cid& manifest,
                                               const DatasetEntry& entry, std::string_view label) {
    const std::uint64_t tree_bytes = tree_record_bytes(*tree, leaf_count);
    std::map<std::uint32_t, std::uint64_t> synced;
    CODEX_TRY(stored, ledger.tree(*tree));
    TreeEntry tree_entry;
    if (stored) {
        tree_entry = *stored;
        if (tree_extent)
            CODEX_CHECK(ledger.add_dead(*tree_extent, tree_bytes));
        if (session.sync)
            CODEX_CHECK(ensure_synced(session, ledger, tree_entry.extent, synced));
    } else {
        if (!tree_extent)
            return false;
        tree_entry = {*tree_extent, leaf_count, 0};
        ledger.add_live(*tree_extent, tree_bytes);
        if (lock)
            CODEX_CHECK(erase_pending(ledger, lock->id()));
    }
    CODEX_CHECK(add_dataset(ledger, manifest, entry, tree_entry, label));
    return true;
}

} // namespace codex::repo

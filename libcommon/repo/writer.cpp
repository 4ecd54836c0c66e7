// The leaves of a dataset on their way in, and its tree; commit.cpp is about the end.
#include "repo/upkeep/pending.hpp"
#include "repo/writer_impl.hpp"

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

DatasetWriter::Impl::Impl(std::shared_ptr<Repo::Impl> owner, const Job& job,
                          DatasetGroup::Impl* shared)
    : repo(std::move(owner)), session(repo->session(job)),
      spool(make_spool(repo->store->path(), repo->store->limits())), group(shared),
      current(std::make_unique<Batch>(session, group != nullptr ? group->lease() : nullptr)) {}

DatasetWriter::Impl::~Impl() {
    try {
        flusher.wait();
        in_flight.reset();
        give_up();
        // A job that was cancelled leaves that to gc, as one that was killed.
        if (lock && !undo_pending(session, lock->id()))
            lock->abandon();
    } catch (const std::bad_alloc&) {
        if (lock) // gc takes back what this writer has pinned
            lock->abandon();
    }
}

/// Others of its group may have gone on in the segment. Else who takes the segment back cuts it.
void DatasetWriter::Impl::give_up() {
    if (current && group != nullptr)
        current->give_up();
    current.reset();
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
    if (group != nullptr) // what the segment has before ours is theirs
        group->commit();
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

Ahead DatasetWriter::Impl::ahead() const {
    Ahead ahead{in_flight.get()};
    if (group != nullptr) {
        ahead.others = group->batches();
        ahead.other_bytes = group->new_bytes();
    }
    return ahead;
}

/// Whether something that was counted is committed now, so that it pays to look again: it may have
/// been counted twice, or for nothing.
Result<bool> DatasetWriter::Impl::settle_what_is_ahead() {
    const bool any = in_flight || (group != nullptr && !group->empty());
    CODEX_CHECK(wait());
    if (group != nullptr)
        group->commit();
    return any;
}

Result<void> DatasetWriter::Impl::stage(std::span<const StagedBlock> blocks) {
    const std::uint64_t before = current->new_bytes();
    auto staged = current->stage(blocks, ahead());
    if (!staged && staged.error().code() == Errc::quota_exceeded) {
        CODEX_TRY(settled, settle_what_is_ahead());
        if (settled)
            staged = current->stage(blocks);
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

DatasetWriter::DatasetWriter(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
DatasetWriter::~DatasetWriter() = default;
DatasetWriter::DatasetWriter(DatasetWriter&&) noexcept = default;
DatasetWriter& DatasetWriter::operator=(DatasetWriter&&) noexcept = default;

std::uint64_t DatasetWriter::new_bytes() const {
    return impl_->new_bytes;
}

Result<DatasetWriter> Repo::write_dataset(const Job& job) {
    CODEX_CHECK(impl_->require_writable());
    return DatasetWriter(std::make_shared<DatasetWriter::Impl>(impl_, job, nullptr));
}

Result<DatasetWriter> Repo::write_dataset(const Job& job, DatasetGroup& group) {
    CODEX_CHECK(impl_->require_writable());
    return DatasetWriter(std::make_shared<DatasetWriter::Impl>(impl_, job, group.impl_.get()));
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

} // namespace codex::repo

#include "codec/log_value.hpp"
#include "crypto/hash/sha256.hpp"
#include "repo/index/dataset_record.hpp"
#include "repo/index/labels.hpp"
#include "repo/index/not_here.hpp"
#include "repo/index/repo_impl.hpp"
#include "repo/segments/batch.hpp"
#include "repo/segments/block_reader.hpp"
#include "repo/upkeep/notes.hpp"
#include "repo/upkeep/partials.hpp"

namespace codex::repo {

using namespace detail;

namespace {

constexpr std::size_t kDatasetStep = 64;

/// What the index has of a dataset.
struct Stored {
    DatasetEntry entry;
    std::string label;
};

/// The smallest key behind that of a dataset.
Bytes key_behind(const Cid& cid) {
    const BytesView last = cid.bytes();
    Bytes key(last.begin(), last.end());
    key.push_back(0);
    return key;
}

/// The index has a copy of the manifest; the block in its segment is the other one.
Result<DatasetInfo> to_info(const Session& session, const Cid& cid, Stored stored) {
    DatasetEntry& entry = stored.entry;
    if (!equal(crypto::sha256(entry.manifest_bytes), cid.digest())) {
        BlockRead read{cid, entry.manifest_bytes};
        CODEX_CHECK(read_blocks(session, std::span(&read, 1)));
        CODEX_CHECK(blocks::require_readable(std::span(&read, 1)));
        if (read.state != BlockRead::State::ok)
            return fail(Errc::repo_damaged, "dataset {}: its manifest is damaged", cid.text());
        entry.manifest_bytes.resize(read.size);
    }
    CODEX_TRY(manifest, codec::decode_manifest(entry.manifest_bytes));
    return DatasetInfo{
        cid,          std::move(entry.manifest_bytes), std::move(manifest), entry.added,
        entry.expiry, std::move(stored.label)};
}

} // namespace

DatasetKind detail::kind_of(const codec::Manifest& manifest) {
    if (manifest.is_verifiable())
        return DatasetKind::verifiable;
    return manifest.is_protected() ? DatasetKind::protected_ : DatasetKind::plain;
}

Unexpected<Error> detail::no_dataset(const Cid& manifest, const Store& store) {
    return fail(not_here(Errc::dataset_not_found, "dataset", manifest, store)
                    .remedy(Remedy::list_datasets));
}

Result<void> detail::note_if_needed(Ledger& ledger, const Cid& manifest, std::uint64_t expiry,
                                    std::uint64_t expiry_before) {
    CODEX_TRY(label, find_label(ledger.txn(), manifest));
    CODEX_TRY(noted, find_note(ledger.txn(), NoteKind::dataset, manifest));
    const bool same = noted && noted->present && noted->expiry == expiry && noted->label == label;
    if (same || (!noted && expiry == 0 && expiry_before == 0 && label.empty()))
        return {};
    return ledger.note_dataset(manifest, true, expiry, label);
}

Result<void> detail::add_dataset(Ledger& ledger, const Cid& manifest, const DatasetEntry& entry,
                                 TreeEntry tree, std::string_view label) {
    CODEX_TRY(stored, ledger.dataset(manifest));
    if (!label.empty())
        CODEX_CHECK(put_label(ledger.txn(), manifest, label));
    DatasetEntry now = stored.value_or(entry);
    const std::uint64_t before = stored ? stored->expiry : 0;
    CODEX_TRY(partial, find_partial(ledger.txn(), manifest));
    if (partial) {
        now.expiry = later_expiry(now.expiry, partial->expiry);
        CODEX_CHECK(end_partial(ledger, manifest, *partial));
    }
    if (stored) {
        now.expiry = later_expiry(stored->expiry, entry.expiry);
    } else {
        ++tree.references;
        ++ledger.totals().datasets;
        ledger.note_change(ChangeKind::dataset_stored, manifest);
        CODEX_TRY(block, ledger.block(manifest));
        if (!block)
            return index_damaged("blocks", fmt::format("has no manifest {}", manifest.text()));
        ++block->references;
        if (block->kept)
            CODEX_CHECK(ledger.note_block(manifest, true, block->expiry));
        CODEX_CHECK(ledger.put_block(manifest, *block));
    }
    CODEX_CHECK(ledger.put_tree(now.tree, tree));
    CODEX_CHECK(ledger.change_expiry(ExpiryKind::dataset, manifest, before, now.expiry));
    CODEX_CHECK(note_if_needed(ledger, manifest, now.expiry, before));
    return ledger.txn().put(Table::datasets, manifest.bytes(), encode(now));
}

Result<DatasetInfo> Repo::dataset(const Cid& manifest) const {
    Stored stored;
    {
        CODEX_TRY(txn, impl_->store->env().read());
        CODEX_TRY(found, find_dataset(txn, manifest));
        if (!found) {
            CODEX_TRY(partial, find_partial(txn, manifest));
            if (!partial)
                return no_dataset(manifest, *impl_->store);
            CODEX_TRY(held, held_leaves(txn, *partial));
            return fail(partial_error(manifest, *partial, held));
        }
        CODEX_TRY(label, find_label(txn, manifest));
        stored = {std::move(*found), std::move(label)};
    }
    return to_info(impl_->session(), manifest, std::move(stored));
}

Result<void> Repo::for_each_dataset(const std::function<bool(const DatasetInfo&)>& visit,
                                    const std::optional<Cid>& behind) const {
    Bytes from = behind ? key_behind(*behind) : Bytes();
    for (;;) {
        std::vector<std::pair<Cid, Stored>> step;
        {
            CODEX_TRY(txn, impl_->store->env().read());
            CODEX_CHECK(for_each(
                txn, Table::datasets, from, [&](BytesView key, BytesView value) -> Result<bool> {
                    CODEX_TRY(cid, decode_cid_key(Table::datasets, key));
                    CODEX_TRY(entry, decode_dataset(value));
                    CODEX_TRY(label, find_label(txn, cid));
                    step.emplace_back(cid, Stored{std::move(entry), std::move(label)});
                    return step.size() < kDatasetStep;
                }));
        }
        if (step.empty())
            return {};
        from = key_behind(step.back().first);
        for (auto& [cid, stored] : step) {
            CODEX_TRY(info, to_info(impl_->session(), cid, std::move(stored)));
            if (!visit(info))
                return {};
        }
    }
}

Result<void> Repo::set_expiry(const Cid& manifest, std::uint64_t expiry) {
    CODEX_CHECK(impl_->require_writable());
    CODEX_TRY(ledger, impl_->session().ledger());
    CODEX_TRY(entry, ledger.dataset(manifest));
    if (!entry) {
        CODEX_TRY(partial, find_partial(ledger.txn(), manifest));
        if (!partial)
            return no_dataset(manifest, *impl_->store);
        CODEX_CHECK(set_partial_expiry(ledger, manifest, *partial, expiry));
        return ledger.commit();
    }
    CODEX_CHECK(ledger.change_expiry(ExpiryKind::dataset, manifest, entry->expiry, expiry));
    entry->expiry = expiry;
    CODEX_CHECK(ledger.txn().put(Table::datasets, manifest.bytes(), encode(*entry)));
    CODEX_TRY(label, find_label(ledger.txn(), manifest));
    CODEX_CHECK(ledger.note_dataset(manifest, true, expiry, label));
    return ledger.commit();
}

Result<std::string> Repo::inherited_label(const Cid& manifest, const DatasetInfo& from) const {
    auto here = dataset(manifest);
    if (!here && here.error().code() != Errc::dataset_not_found &&
        here.error().code() != Errc::dataset_partial)
        return fail(std::move(here.error()));
    return here && !here->label.empty() ? std::string() : from.label;
}

Result<void> Repo::set_label(const Cid& manifest, std::string_view label) {
    CODEX_CHECK(impl_->require_writable());
    CODEX_CHECK(check_label(label));
    CODEX_TRY(ledger, impl_->session().ledger());
    CODEX_TRY(entry, ledger.dataset(manifest));
    CODEX_TRY(partial, find_partial(ledger.txn(), manifest));
    if (!entry && !partial)
        return no_dataset(manifest, *impl_->store);
    CODEX_CHECK(put_label(ledger.txn(), manifest, label));
    CODEX_CHECK(
        ledger.note_dataset(manifest, true, entry ? entry->expiry : partial->expiry, label));
    return ledger.commit();
}

Result<void> Repo::add_manifest(const Cid& manifest, BytesView manifest_bytes, std::uint64_t expiry,
                                std::string_view label) {
    CODEX_CHECK(impl_->require_writable());
    CODEX_CHECK(check_label(label));
    CODEX_TRY(decoded, codec::decode_manifest(manifest_bytes));
    if (manifest.codec() != codec::Multicodec::codex_manifest || !blocks::verifiable(manifest) ||
        !equal(crypto::sha256(manifest_bytes), manifest.digest()))
        return fail(Errc::manifest_invalid, "manifest {}: the bytes are of another CID",
                    manifest.text());
    const DatasetEntry entry{decoded.tree, impl_->store->around().clock.unix_seconds(), expiry,
                             static_cast<std::uint8_t>(kind_of(decoded)),
                             Bytes(manifest_bytes.begin(), manifest_bytes.end())};
    Batch batch(impl_->session(), nullptr);
    const StagedBlock block{manifest, manifest_bytes, 0, false, 0, true};
    CODEX_CHECK(batch.stage(std::span(&block, 1)));
    CODEX_CHECK(batch.commit(
        {[](Ledger&) -> Result<bool> { return true; },
         [&](Ledger& ledger) -> Result<bool> {
             CODEX_TRY(tree, ledger.tree(entry.tree));
             if (!tree)
                 return fail(not_here(Errc::block_not_found, "tree", entry.tree, *impl_->store));
             if (tree->leaf_count != decoded.blocks_count())
                 return fail(Errc::manifest_invalid, "manifest {}: its tree has {} leaves, not {}",
                             manifest.text(), tree->leaf_count, decoded.blocks_count());
             CODEX_CHECK(add_dataset(ledger, manifest, entry, *tree, label));
             return true;
         }}));
    return {};
}

} // namespace codex::repo

#include "repo/upkeep/partials.hpp"

#include "crypto/hash/sha256.hpp"
#include "repo/index/dataset_record.hpp"
#include "repo/index/labels.hpp"
#include "repo/segments/block_reader.hpp"
#include "repo/upkeep/pending.hpp"
#include "repo/upkeep/writer_lock.hpp"

#include <algorithm>
#include <fcntl.h>

namespace codex::repo::detail {

namespace {

/// As many runs of missing blocks as an error names.
constexpr std::size_t kRunsNamed = 5;

Result<void> refer_to_manifest(Ledger& ledger, const Cid& manifest) {
    CODEX_TRY(block, ledger.block(manifest));
    if (!block)
        return index_damaged("blocks", fmt::format("has no manifest {}", manifest.text()));
    ++block->references;
    if (block->kept)
        CODEX_CHECK(ledger.note_block(manifest, true, block->expiry));
    return ledger.put_block(manifest, *block);
}

std::string name_missing(std::uint64_t leaf_count, const IndexSet& held) {
    std::string text;
    std::size_t named = 0;
    for (std::uint64_t at = held.next_missing(0); at < leaf_count; at = held.next_missing(at)) {
        if (named++ == kRunsNamed)
            return text + " and others";
        const std::uint64_t end = std::min(leaf_count, held.next(at).value_or(leaf_count));
        text += named > 1 ? ", " : "";
        text += end == at + 1 ? fmt::format("{}", at) : fmt::format("{} to {}", at, end - 1);
        at = end;
    }
    return text;
}

} // namespace

Result<void> begin_partial(Ledger& ledger, const Cid& manifest, const PartialEntry& entry,
                           std::string_view label) {
    CODEX_CHECK(put_partial(ledger.txn(), manifest, entry));
    if (!label.empty())
        CODEX_CHECK(put_label(ledger.txn(), manifest, label));
    ledger.totals().tree_bytes += tree_node_bytes(entry.leaf_count);
    ledger.note_change(ChangeKind::partial_grown, manifest);
    CODEX_CHECK(refer_to_manifest(ledger, manifest));
    CODEX_CHECK(ledger.change_expiry(ExpiryKind::dataset, manifest, 0, entry.expiry));
    return note_if_needed(ledger, manifest, entry.expiry, 0);
}

Result<void> end_partial(Ledger& ledger, const Cid& manifest, const PartialEntry& entry) {
    CODEX_CHECK(erase_partial(ledger.txn(), manifest, entry));
    std::uint64_t& trees = ledger.totals().tree_bytes;
    trees -= std::min(trees, tree_node_bytes(entry.leaf_count));
    CODEX_CHECK(ledger.change_expiry(ExpiryKind::dataset, manifest, entry.expiry, 0));
    CODEX_TRY(block, ledger.block(manifest));
    if (!block || block->references == 0)
        return {};
    --block->references;
    return ledger.put_block(manifest, *block);
}

Result<std::optional<ErasedPartial>> erase_partial(Ledger& ledger, const Cid& manifest) {
    CODEX_TRY(entry, find_partial(ledger.txn(), manifest));
    if (!entry)
        return std::nullopt;
    CODEX_CHECK(end_partial(ledger, manifest, *entry));
    CODEX_CHECK(put_label(ledger.txn(), manifest, {}));
    CODEX_CHECK(ledger.note_dataset(manifest, false, 0, {}));
    ledger.note_change(ChangeKind::dataset_removed, manifest);
    ErasedPartial erased{entry->id, false};
    CODEX_TRY(block, ledger.block(manifest));
    if (block) {
        CODEX_SET(erased.manifest_gone, ledger.put_or_erase(manifest, *block));
    }
    return std::optional(erased);
}

Result<void> set_partial_expiry(Ledger& ledger, const Cid& manifest, PartialEntry entry,
                                std::uint64_t expiry) {
    CODEX_CHECK(ledger.change_expiry(ExpiryKind::dataset, manifest, entry.expiry, expiry));
    entry.expiry = expiry;
    CODEX_CHECK(put_partial(ledger.txn(), manifest, entry));
    CODEX_TRY(label, find_label(ledger.txn(), manifest));
    return ledger.note_dataset(manifest, true, expiry, label);
}

Result<PartialFile> open_partial_file(const Store& store, std::uint64_t id, int flags) {
    return PartialFile::open(writer_path(store.writers_directory(), id), flags,
                             store.around().disk);
}

Result<Bytes> partial_manifest(const Session& session, const Cid& manifest,
                               const PartialEntry& entry) {
    if (const auto file = open_partial_file(*session.store, entry.id, O_RDONLY);
        file && file->header() &&
        equal(crypto::sha256(file->header()->manifest_bytes), manifest.digest()))
        return file->header()->manifest_bytes;
    Bytes buffer;
    {
        CODEX_TRY(txn, session.store->env().read());
        CODEX_TRY(block, find_block(txn, manifest));
        buffer.resize(block ? block->plain_bytes : 0);
    }
    BlockRead read{manifest, buffer};
    CODEX_CHECK(read_blocks(session, std::span(&read, 1)));
    CODEX_CHECK(blocks::require_readable(std::span(&read, 1)));
    if (read.state != BlockRead::State::ok)
        return fail(Errc::repo_damaged, "dataset {}: its manifest is damaged", manifest.text());
    buffer.resize(read.size);
    return buffer;
}

Error partial_error(const Cid& manifest, const PartialEntry& entry, const IndexSet& held) {
    return Error(Errc::dataset_partial,
                 fmt::format("dataset {}: only {} of its {} blocks are here, missing are {}",
                             manifest.text(), held.size(), entry.leaf_count,
                             name_missing(entry.leaf_count, held)))
        .remedy(Remedy(Remedy::fetch_dataset).of(manifest.text()));
}

Result<std::optional<std::uint64_t>> collect_writer(const Session& session, std::uint64_t id,
                                                    Tree tree) {
    const auto is_partial = [&]() -> Result<bool> {
        CODEX_TRY(txn, session.store->env().read());
        CODEX_TRY(manifest, partial_of_writer(txn, id));
        return manifest.has_value();
    };
    CODEX_TRY(kept, is_partial());
    if (kept)
        return std::nullopt;
    CODEX_TRY(lock, WriterLock::take_dead(session.store->writers_directory(), id));
    if (!lock)
        return std::nullopt;
    // Who began one held the lock until it was entered: now we know.
    auto begun = is_partial();
    if (!begun || *begun) {
        lock->abandon();
        return begun ? Result<std::optional<std::uint64_t>>(std::nullopt)
                     : fail(std::move(begun).error());
    }
    auto removed = undo_pending(session, id);
    if (!removed) {
        lock->abandon();
        return fail(std::move(removed).error());
    }
    if (tree == Tree::keep && lock->has_tree())
        lock->abandon();
    return std::optional(*removed);
}

} // namespace codex::repo::detail

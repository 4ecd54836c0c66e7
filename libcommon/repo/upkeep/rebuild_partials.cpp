// Partial datasets in a new index: their files have manifest and tree, so what the segments have of
// their blocks is theirs again.
#include "crypto/hash/sha256.hpp"
#include "repo/index/labels.hpp"
#include "repo/index/partial_entry.hpp"
#include "repo/segments/partial_file.hpp"
#include "repo/upkeep/rebuild.hpp"
#include "repo/upkeep/writer_lock.hpp"

#include <algorithm>
#include <fcntl.h>

namespace codex::repo::detail {

namespace {

/// Leaves that are read, and pins of a row.
constexpr std::uint64_t kPartialPiece = 4096;
static_assert(kHeldPiece % kPartialPiece == 0);

/// Calls visit(index, block) for each leaf that the file proves, from the first on.
Result<void> for_each_proved(const PartialFile& file, const codec::Manifest& manifest,
                             const Job& job,
                             const std::function<Result<void>(std::uint64_t, const Cid&)>& visit) {
    const std::uint64_t leaves = manifest.blocks_count();
    const IndexSet all({0, leaves});
    CODEX_TRY(bad, unproved_leaves(file, manifest.tree.digest32(), leaves, all, job));
    std::vector<Digest> piece;
    for (std::uint64_t at = 0; at < leaves; at += piece.size()) {
        CODEX_CHECK(job.go_on());
        piece.resize(static_cast<std::size_t>(std::min(kPartialPiece, leaves - at)));
        if (bad.count({at, piece.size()}) == piece.size())
            continue;
        CODEX_CHECK(file.read(at, piece));
        for (std::size_t i = 0; i < piece.size(); ++i)
            if (!bad.contains(at + i))
                CODEX_CHECK(visit(at + i, Cid::block(piece[i])));
    }
    return {};
}

} // namespace

/// Not those that are whole datasets now, or are none yet.
Result<void> Rebuild::find_partials() {
    const std::string directory = path_ + "/writers";
    CODEX_TRY(ids, WriterLock::list(directory));
    std::ranges::sort(ids);
    for (const std::uint64_t id : ids) {
        auto file = PartialFile::open(writer_path(directory, id), O_RDONLY, around_.disk);
        if (!file && file.error().code() == Errc::not_found)
            continue;
        if (!file)
            return fail(std::move(file).error());
        if (!file->header() && !file->is_blank())
            report_.lost.push_back(
                {ProblemKind::dataset_lost, Cid(),
                 fmt::format("writers/{:016x}, the file of a partial dataset, is damaged; its "
                             "blocks are kept: fetch it again",
                             id)});
        if (!file->header())
            continue;
        auto manifest = codec::decode_manifest(file->header()->manifest_bytes);
        if (!manifest || manifest->blocks_count() == 0 ||
            manifest->blocks_count() > IndexSet::kMaxIndices)
            continue;
        const Cid cid = Cid::sha256(codec::Multicodec::codex_manifest,
                                    crypto::sha256(file->header()->manifest_bytes));
        FoundPartial found{id, cid, std::move(*manifest), std::move(*file)};
        if (removed(NoteKind::dataset, cid)) {
            removed_partials_.push_back(std::move(found));
            continue;
        }
        CODEX_TRY(dataset, find_dataset(*txn_, cid));
        CODEX_TRY(twin, find_partial(*txn_, cid)); // of one that was removed and begun again
        if (!dataset && !twin)
            CODEX_CHECK(add_partial(found));
    }
    return {};
}

Result<void> Rebuild::add_partial(const FoundPartial& found) {
    PartialEntry entry{found.id, found.file.header()->added, 0, found.manifest.blocks_count(), 0,
                       0,        found.manifest.tree};
    if (const Note* note = note_of(NoteKind::dataset, found.cid)) {
        entry.expiry = note->expiry;
        CODEX_CHECK(put_label(*txn_, found.cid, note->label));
    }
    if (entry.expiry != 0)
        CODEX_CHECK(txn_->put(Table::expiries,
                              encode(ExpiryKey{entry.expiry, ExpiryKind::dataset, found.cid}), {}));
    std::vector<Cid> pins;
    IndexSet held; // of the piece of `at`
    std::uint64_t at = 0;
    const auto write_pins = [&]() -> Result<void> {
        if (!pins.empty())
            CODEX_CHECK(txn_->put(Table::pending, encode(PendingKey{found.id, entry.pin_rows++}),
                                  encode_pins(pins)));
        pins.clear();
        return {};
    };
    const auto write_held = [&]() -> Result<void> {
        if (!held.empty())
            CODEX_CHECK(put_held(*txn_, found.id, static_cast<std::uint32_t>(at), held));
        held.clear();
        return {};
    };
    CODEX_CHECK(for_each_proved(found.file, found.manifest, job_,
                                [&](std::uint64_t index, const Cid& block) -> Result<void> {
                                    // A tree that is not in the segments makes no dataset: the last
                                    // leaf is to come again.
                                    if (entry.held + 1 == entry.leaf_count)
                                        return {};
                                    if (!block.is_empty_block()) {
                                        CODEX_TRY(known, find_block(*txn_, block));
                                        if (!known || !known->present)
                                            return {};
                                        ++known->references;
                                        CODEX_CHECK(txn_->put(Table::blocks, block.bytes(),
                                                              encode(*known)));
                                        pins.push_back(block);
                                    }
                                    if (index / kHeldPiece != at)
                                        CODEX_CHECK(write_held());
                                    at = index / kHeldPiece;
                                    held.insert(index % kHeldPiece);
                                    ++entry.held;
                                    if (pins.size() >= kPartialPiece)
                                        CODEX_CHECK(write_pins());
                                    return step();
                                }));
    CODEX_CHECK(write_held());
    CODEX_CHECK(write_pins());
    CODEX_TRY(known, find_block(*txn_, found.cid));
    BlockEntry manifest = known.value_or(BlockEntry{});
    ++manifest.references;
    CODEX_CHECK(txn_->put(Table::blocks, found.cid.bytes(), encode(manifest)));
    totals_.tree_bytes += tree_node_bytes(entry.leaf_count);
    ++report_.partials;
    return put_partial(*txn_, found.cid, entry);
}

/// As drop_removed(), of partial datasets.
Result<void> Rebuild::drop_removed_partials() {
    for (const FoundPartial& found : removed_partials_)
        CODEX_CHECK(
            for_each_proved(found.file, found.manifest, job_,
                            [&](std::uint64_t, const Cid& block) { return drop_loose(block); }));
    return {};
}

} // namespace codex::repo::detail

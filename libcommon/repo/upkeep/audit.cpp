#include "repo/upkeep/audit.hpp"

#include "crypto/hash/sha256.hpp"
#include "repo/index/change_log.hpp"
#include "repo/segments/block_reader.hpp"
#include "repo/segments/tree_file.hpp"
#include "repo/upkeep/doomed.hpp"
#include "repo/upkeep/pending.hpp"
#include "repo/upkeep/reclaim.hpp"

#include <algorithm>

namespace codex::repo::detail {

namespace {

/// References are counted in slices of the key space that hold about this many blocks each, so
/// that memory does not grow with the repo.
constexpr std::uint64_t kSliceBlocks = 500'000;
constexpr std::uint64_t kChunkLeaves = 16384;

/// The slice a block belongs to, by the first bytes of its digest.
unsigned slice_of(BytesView digest, unsigned slices) {
    const unsigned head = digest.size() < 2 ? 0U : digest[0] * 256U + digest[1];
    return head * slices / 65536U;
}

/// Of a whole table, as long as the job goes on.
template <class Visit>
Result<void> for_each(const Job& job, const Txn& txn, Table table, Visit visit) {
    return for_each(txn, table, {}, [&](BytesView key, BytesView value) -> Result<void> {
        CODEX_CHECK(job.go_on());
        return visit(key, value);
    });
}

} // namespace

Result<void> Audit::run() {
    CODEX_CHECK(count_datasets());
    CODEX_CHECK(check_partials());
    CODEX_CHECK(check_trees());
    CODEX_CHECK(collect_leaf_sources());
    CODEX_CHECK(check_blocks());
    CODEX_CHECK(check_expiries());
    CODEX_CHECK(check_segments());
    return check_totals();
}

Result<void> Audit::count_datasets() {
    CODEX_CHECK(for_each(session_.job, txn_, Table::datasets,
                         [&](BytesView key, BytesView value) -> Result<void> {
                             CODEX_TRY(cid, decode_cid_key(Table::datasets, key));
                             CODEX_TRY(entry, decode_dataset(value));
                             ++totals_.datasets;
                             ++tree_references_[entry.tree];
                             ++manifests_[cid];
                             if (!equal(crypto::sha256(entry.manifest_bytes), cid.digest()))
                                 report_(ProblemKind::manifest_damaged, cid,
                                         "the copy of the manifest in the index is damaged");
                             return {};
                         }));
    return for_each(session_.job, txn_, Table::slots,
                    [&](BytesView, BytesView value) -> Result<void> {
                        CODEX_TRY(cid, decode_cid_key(Table::slots, value));
                        ++tree_references_[cid];
                        return {};
                    });
}

Result<void> Audit::check_trees() {
    CODEX_CHECK(for_each(session_.job, txn_, Table::trees,
                         [&](BytesView key, BytesView value) -> Result<void> {
                             CODEX_TRY(cid, decode_cid_key(Table::trees, key));
                             CODEX_TRY(entry, decode_tree_entry(value));
                             return check_tree(cid, entry);
                         }));
    for (const auto& [cid, count] : tree_references_)
        if (count > 0)
            report_(ProblemKind::tree_missing, cid,
                    "a tree that is referred to is not in the index");
    return {};
}

Result<void> Audit::check_tree(const Cid& cid, const TreeEntry& entry) {
    ++trees_;
    totals_.tree_bytes += tree_node_bytes(entry.leaf_count);
    const std::uint64_t length = tree_record_bytes(cid, entry.leaf_count);
    live_[entry.extent.segment] += length;
    CODEX_CHECK(check_extent(ProblemKind::tree_damaged, cid, entry.extent, length));
    const auto found = tree_references_.find(cid);
    const std::uint64_t references = found == tree_references_.end() ? 0 : found->second;
    if (found != tree_references_.end())
        tree_references_.erase(found);
    if (entry.references != references) {
        report_(ProblemKind::reference_wrong, cid,
                fmt::format("tree has {} references, counted {}", entry.references, references));
        TreeEntry fixed = entry;
        fixed.references = references;
        tree_fixes_.emplace_back(cid, fixed);
    }
    return check_nodes(cid, entry.extent, entry.leaf_count);
}

Result<void> Audit::check_nodes(const Cid& cid, const Extent& extent, std::uint64_t leaf_count) {
    auto bad = untrusted_leaves(cid, leaf_count, [&](std::uint64_t first, std::span<Digest> out) {
        return salvage_tree_at(session_, cid, extent, first, out);
    });
    CODEX_CHECK(session_.job.go_on()); // else that would be what is wrong with the tree
    if (cid.codec() != codec::Multicodec::codex_slot_root) // whose leaves are no references
        leaves_known_ = leaves_known_ && bad && bad->empty();
    if (!bad) {
        report_(ProblemKind::tree_unreadable, cid, bad.error().text());
        if (!unreadable_)
            unreadable_ = std::make_shared<const Error>(std::move(bad).error());
    } else if (!bad->empty()) {
        report_(ProblemKind::tree_damaged, cid,
                fmt::format("{} of {} leaves cannot be trusted", bad->size(), leaf_count));
    } else if (cid.codec() != codec::Multicodec::codex_slot_root) { // which are computed again
        const auto header = tree_header_is_good(session_, cid, extent, leaf_count);
        if (header && !*header)
            report_(ProblemKind::tree_damaged, cid,
                    "the header of its record is damaged, its nodes are good");
    }
    return {};
}

Result<void> Audit::collect_leaf_sources() {
    CODEX_CHECK(for_each(session_.job, txn_, Table::trees,
                         [&](BytesView key, BytesView value) -> Result<void> {
                             CODEX_TRY(cid, decode_cid_key(Table::trees, key));
                             CODEX_TRY(entry, decode_tree_entry(value));
                             if (cid.codec() != codec::Multicodec::codex_slot_root)
                                 sources_.push_back({cid, entry.extent, 0, entry.leaf_count});
                             return {};
                         }));
    CODEX_TRY(doomed, doomed_trees(txn_));
    for (const DoomedTree& tree : doomed) {
        CODEX_CHECK(check_nodes(tree.tree, tree.extent, tree.leaf_count));
        sources_.push_back({tree.tree, tree.extent, tree.done, tree.leaf_count});
        live_[tree.extent.segment] += tree_record_bytes(tree.tree, tree.leaf_count);
    }
    return {};
}

Result<void> Audit::check_blocks() {
    CODEX_TRY(blocks, txn_.size(Table::blocks));
    const auto slices =
        static_cast<unsigned>(std::min<std::uint64_t>(65536, 1 + blocks / kSliceBlocks));
    for (unsigned slice = 0; slice < slices; ++slice)
        CODEX_CHECK(check_slice(slice, slices));
    return {};
}

Result<void> Audit::count_leaves(unsigned slice, unsigned slices) {
    slice_references_.clear();
    const Digest empty = Cid::empty_block().digest32();
    std::vector<Digest> leaves;
    for (const LeafSource& source : sources_)
        for (std::uint64_t at = source.first; at < source.end; at += leaves.size()) {
            leaves.resize(static_cast<std::size_t>(std::min(kChunkLeaves, source.end - at)));
            CODEX_CHECK(session_.job.go_on());
            if (auto read = read_tree_at(session_, source.tree, source.extent, at, leaves); !read) {
                // Reported as damaged or unreadable, unless it could be read a moment ago.
                leaves_known_ = false;
                if (read.error().code() != Errc::repo_damaged && !unreadable_) {
                    report_(ProblemKind::tree_unreadable, source.tree, read.error().text());
                    unreadable_ = std::make_shared<const Error>(std::move(read).error());
                }
                break;
            }
            for (const Digest& leaf : leaves)
                if (slice_of(leaf, slices) == slice && leaf != empty)
                    ++slice_references_[leaf];
        }
    return for_each(session_.job, txn_, Table::pending,
                    [&](BytesView, BytesView value) -> Result<void> {
                        CODEX_TRY(cids, decode_pins(value));
                        for (const Cid& cid : cids)
                            if (slice_of(cid.digest(), slices) == slice)
                                ++slice_references_[cid.digest32()];
                        return {};
                    });
}

Result<void> Audit::check_slice(unsigned slice, unsigned slices) {
    CODEX_CHECK(count_leaves(slice, slices));
    CODEX_CHECK(for_each(
        session_.job, txn_, Table::blocks, [&](BytesView key, BytesView value) -> Result<void> {
            CODEX_TRY(cid, decode_cid_key(Table::blocks, key));
            if (slice_of(cid.digest(), slices) != slice)
                return {};
            CODEX_TRY(entry, decode_block(value));
            std::uint64_t references = 0;
            // Leaves and pins are of this codec alone.
            const bool leaf =
                blocks::verifiable(cid) && cid.codec() == codec::Multicodec::codex_block;
            if (const auto found =
                    leaf ? slice_references_.find(cid.digest32()) : slice_references_.end();
                found != slice_references_.end()) {
                references = found->second;
                slice_references_.erase(found);
            }
            if (const auto found = manifests_.find(cid); found != manifests_.end()) {
                references += found->second;
                manifests_.erase(found);
            }
            return check_block(cid, entry, references);
        }));
    for (const auto& [digest, count] : slice_references_)
        if (leaves_known_)
            report_(ProblemKind::block_unknown, Cid::block(digest),
                    fmt::format("{} stored leaves name a block the index does not know", count));
    if (slice + 1 == slices)
        for (const auto& [cid, count] : manifests_)
            report_(ProblemKind::block_unknown, cid,
                    "the index does not know the block of this manifest");
    return {};
}

Result<void> Audit::check_block(const Cid& cid, const BlockEntry& entry, std::uint64_t references) {
    // With a damaged tree nobody knows what its leaves were: their references stay as they are.
    if (leaves_known_ && (entry.references != references || (references == 0 && !entry.kept))) {
        report_(ProblemKind::reference_wrong, cid,
                fmt::format("block has {} references, counted {}", entry.references, references));
        BlockEntry fixed = entry;
        fixed.references = references;
        block_fixes_.emplace_back(cid, fixed);
    }
    if (entry.kept && entry.expiry != 0)
        missing_expiries_.push_back({entry.expiry, ExpiryKind::block, cid});
    if (!entry.present) {
        report_(ProblemKind::block_missing, cid, "its bytes are not here");
        return {};
    }
    ++totals_.blocks;
    totals_.used_bytes += entry.plain_bytes;
    const std::uint64_t length = block_record_bytes(cid, entry);
    live_[entry.extent.segment] += length;
    return check_extent(ProblemKind::block_damaged, cid, entry.extent, length);
}

Result<void> Audit::check_extent(ProblemKind kind, const Cid& cid, const Extent& extent,
                                 std::uint64_t length) {
    CODEX_TRY(segment, find_segment(txn_, extent.segment));
    const std::uint64_t end = segment ? segment->committed_end : 0;
    if (extent.offset > end || length > end - extent.offset)
        report_(kind, cid,
                fmt::format("is said to be at {} of segment {:08x}, which ends at {}",
                            extent.offset, extent.segment, end));
    return {};
}

Result<void> Audit::check_expiries() {
    CODEX_CHECK(for_each(
        session_.job, txn_, Table::datasets, [&](BytesView key, BytesView value) -> Result<void> {
            CODEX_TRY(cid, decode_cid_key(Table::datasets, key));
            CODEX_TRY(entry, decode_dataset(value));
            if (entry.expiry != 0)
                missing_expiries_.push_back({entry.expiry, ExpiryKind::dataset, cid});
            return {};
        }));
    std::vector<Bytes> wanted;
    for (const ExpiryKey& key : missing_expiries_)
        wanted.push_back(encode(key));
    std::ranges::sort(wanted);
    std::vector<Bytes> have;
    CODEX_CHECK(for_each(session_.job, txn_, Table::expiries,
                         [&](BytesView key, BytesView) -> Result<void> {
                             have.emplace_back(key.begin(), key.end());
                             return {};
                         }));
    std::ranges::set_difference(have, wanted, std::back_inserter(surplus_expiries_));
    std::erase_if(missing_expiries_, [&](const ExpiryKey& key) {
        return std::ranges::binary_search(have, encode(key));
    });
    for (const ExpiryKey& key : missing_expiries_)
        report_(ProblemKind::expiry_wrong, key.cid, "its expiry is not in the expiry index");
    if (!surplus_expiries_.empty())
        report_(ProblemKind::expiry_wrong, Cid(),
                fmt::format("{} entries of the expiry index belong to nothing",
                            surplus_expiries_.size()));
    return {};
}

Result<void> Audit::check_segments() {
    CODEX_TRY(segments, all_segments(txn_));
    for (const auto& [id, entry] : segments) {
        CODEX_CHECK(session_.job.go_on());
        CODEX_TRY(ranges, dead_ranges(txn_, id));
        std::uint64_t dead = 0;
        std::uint64_t punched = 0;
        for (const DeadRange& range : ranges) {
            dead += range.length;
            punched += range.punched ? range.length : 0;
        }
        const std::uint64_t live = live_[id];
        if (entry.live_bytes != live || entry.punched_bytes != punched ||
            live + dead != entry.committed_end) {
            repairable_ = true;
            report_(ProblemKind::counter_wrong, Cid(),
                    fmt::format("segment {:08x}: {} of {} bytes live, counted {} live and {} dead",
                                id, entry.live_bytes, entry.committed_end, live, dead));
        }
    }
    return {};
}

Result<void> Audit::check_totals() {
    CODEX_TRY(stored, read_totals(txn_));
    totals_.reserved_bytes = stored.reserved_bytes;
    const auto compare = [&](std::string_view name, std::uint64_t have, std::uint64_t counted) {
        if (have != counted) {
            repairable_ = true;
            report_(ProblemKind::counter_wrong, Cid(),
                    fmt::format("{} is {}, counted {}", name, have, counted));
        }
    };
    compare("number of blocks", stored.blocks, totals_.blocks);
    compare("used bytes", stored.used_bytes, totals_.used_bytes);
    compare("number of datasets", stored.datasets, totals_.datasets);
    compare("bytes of trees", stored.tree_bytes, totals_.tree_bytes);
    repairable_ = repairable_ || !block_fixes_.empty() || !tree_fixes_.empty() ||
                  !missing_expiries_.empty() || !surplus_expiries_.empty();
    return {};
}

/// With the right number of references; without any, and not kept, it goes.
Result<void> Audit::repair_block(const Cid& cid, const BlockEntry& entry) {
    if (entry.references > 0 || entry.kept)
        return txn_.put(Table::blocks, cid.bytes(), encode(entry));
    if (entry.present) {
        const std::uint64_t length = block_record_bytes(cid, entry);
        CODEX_CHECK(txn_.put(Table::dead, extent_key(entry.extent),
                             dead_value({entry.extent, length, false})));
        live_[entry.extent.segment] -= length;
        --totals_.blocks;
        totals_.used_bytes -= entry.plain_bytes;
    }
    CODEX_CHECK(txn_.erase(Table::blocks, cid.bytes()));
    return {};
}

Result<void> Audit::repair() {
    // Blocks may go that nobody needs; who follows changes looks again.
    const Change all{ChangeKind::everything, Cid()};
    CODEX_CHECK(append_changes(txn_, std::span(&all, 1), session_.store->limits().changes));
    for (const auto& [cid, entry] : block_fixes_)
        CODEX_CHECK(repair_block(cid, entry));
    for (const auto& [cid, entry] : tree_fixes_)
        CODEX_CHECK(txn_.put(Table::trees, cid.bytes(), encode(entry)));
    for (const ExpiryKey& key : missing_expiries_)
        CODEX_CHECK(txn_.put(Table::expiries, encode(key), {}));
    for (const Bytes& key : surplus_expiries_)
        CODEX_CHECK(txn_.erase(Table::expiries, key));
    CODEX_TRY(segments, all_segments(txn_));
    for (auto& [id, entry] : segments) {
        CODEX_TRY(ranges, dead_ranges(txn_, id));
        entry.punched_bytes = 0;
        for (const DeadRange& range : ranges)
            entry.punched_bytes += range.punched ? range.length : 0;
        entry.punched_bytes = std::min(entry.punched_bytes, entry.committed_end);
        entry.live_bytes = std::min(live_[id], entry.committed_end);
        CODEX_CHECK(txn_.put(Table::segments, segment_key(id), encode(entry)));
    }
    return write_totals(txn_, totals_);
}

} // namespace codex::repo::detail

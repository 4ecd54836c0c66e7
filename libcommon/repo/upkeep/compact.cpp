// Compaction: what hole punching cannot give back, and files that are mostly holes.
#include "merkle/tree.hpp"
#include "repo/segments/block_reader.hpp"
#include "repo/segments/tree_file.hpp"
#include "repo/upkeep/reclaim.hpp"

#include "crypto/hash/sha256.hpp"
#include "repo/segments/compression.hpp"
#include "repo/upkeep/doomed.hpp"

#include <algorithm>
#include <set>

namespace codex::repo::detail {

namespace {

/// Segments with at most this part alive are worth copying the rest.
constexpr std::uint64_t kLiveFraction = 4;
constexpr std::size_t kMaxSegmentsAtOnce = 8;
/// Live blocks whose places are held in memory.
constexpr std::size_t kWindowBlocks = 65536;
/// Of one transaction.
constexpr std::uint64_t kStepBytes = std::uint64_t{16} << 20;
constexpr std::size_t kStepBlocks = 4096;
constexpr std::size_t kScanStep = 4096;

struct LiveBlock {
    Cid cid;
    BlockEntry entry;
};
struct LiveTree {
    Cid cid;
    TreeEntry entry;
};

Result<std::vector<IdleSegment>> choose(const Session& session) {
    std::vector<std::uint32_t> candidates;
    {
        CODEX_TRY(txn, session.store->env().read());
        CODEX_TRY(all, all_segments(txn));
        CODEX_TRY(doomed, doomed_trees(txn));
        std::set<std::uint32_t> busy; // trees being taken apart are found by their place
        for (const DoomedTree& tree : doomed)
            busy.insert(tree.extent.segment);
        for (const auto& [id, entry] : all)
            if (entry.live_bytes > 0 && entry.live_bytes <= entry.committed_end / kLiveFraction &&
                !busy.contains(id))
                candidates.push_back(id);
    }
    std::vector<IdleSegment> sources;
    for (const std::uint32_t id : candidates) {
        CODEX_TRY(lock, session.store->segments().lock_idle(id));
        if (lock)
            sources.push_back({id, std::move(*lock)});
        if (sources.size() == kMaxSegmentsAtOnce)
            break;
    }
    return sources;
}

bool among(std::span<const IdleSegment> sources, const Extent& extent) {
    return std::ranges::any_of(
        sources, [&](const IdleSegment& source) { return source.id == extent.segment; });
}

/// The next of them by CID, in the order of their places; `from` is moved behind them, and is empty
/// at the end of the table.
Result<std::vector<LiveBlock>> next_live_blocks(const Session& session,
                                                std::span<const IdleSegment> sources, Bytes& from) {
    std::vector<LiveBlock> live;
    for (bool more = true; more && live.size() < kWindowBlocks;) {
        CODEX_CHECK(session.job.go_on());
        CODEX_TRY(txn, session.store->env().read());
        std::size_t seen = 0;
        CODEX_CHECK(
            for_each(txn, Table::blocks, from, [&](BytesView key, BytesView value) -> Result<bool> {
                CODEX_TRY(entry, decode_block(value));
                if (entry.present && among(sources, entry.extent)) {
                    CODEX_TRY(cid, decode_cid_key(Table::blocks, key));
                    live.push_back({cid, entry});
                }
                from.assign(key.begin(), key.end());
                from.push_back(0);
                return ++seen < kScanStep;
            }));
        more = seen == kScanStep;
        if (!more)
            from.clear();
    }
    std::ranges::sort(live, {}, [](const LiveBlock& block) {
        return std::pair(block.entry.extent.segment, block.entry.extent.offset);
    });
    return live;
}

Result<std::vector<LiveTree>> live_trees(const Session& session,
                                         std::span<const IdleSegment> sources) {
    std::vector<LiveTree> live;
    CODEX_TRY(txn, session.store->env().read());
    CODEX_CHECK(
        for_each(txn, Table::trees, {}, [&](BytesView key, BytesView value) -> Result<void> {
            CODEX_CHECK(session.job.go_on());
            CODEX_TRY(entry, decode_tree_entry(value));
            if (among(sources, entry.extent)) {
                CODEX_TRY(cid, decode_cid_key(Table::trees, key));
                live.push_back({cid, entry});
            }
            return {};
        }));
    return live;
}

bool payload_is_good(const LiveBlock& block, BytesView payload) {
    if (block.entry.encoding == Encoding::raw)
        return equal(crypto::sha256(payload), block.cid.digest());
    Bytes plain(block.entry.plain_bytes);
    return decompress_block(payload, plain) && equal(crypto::sha256(plain), block.cid.digest());
}

/// Copies blocks until kStepBytes; gives how many it dealt with, damaged ones included.
Result<std::size_t> copy_step(const Session& session, std::span<const LiveBlock> blocks) {
    std::vector<Bytes> payloads;
    std::vector<const LiveBlock*> taken;
    std::size_t done = 0;
    const std::size_t most = std::min(blocks.size(), kStepBlocks);
    for (std::uint64_t bytes = 0; done < most && bytes < kStepBytes; ++done) {
        CODEX_CHECK(session.job.go_on());
        Bytes payload;
        CODEX_TRY(there, read_payload(session, blocks[done].cid, blocks[done].entry, payload));
        if (!there || !payload_is_good(blocks[done], payload))
            continue;
        bytes += payload.size();
        payloads.push_back(std::move(payload));
        taken.push_back(&blocks[done]);
    }
    std::vector<Record> records(taken.size());
    for (std::size_t i = 0; i < taken.size(); ++i)
        records[i] = {{RecordKind::block, taken[i]->entry.encoding, payloads[i].size(),
                       taken[i]->entry.plain_bytes, taken[i]->cid},
                      payloads[i]};
    CODEX_TRY(lease, session.store->segments().acquire(session.sync));
    CODEX_CHECK(lease->append(records));
    if (session.sync)
        CODEX_CHECK(lease->sync());
    CODEX_TRY(ledger, session.ledger());
    for (std::size_t i = 0; i < taken.size(); ++i) {
        const Cid& cid = taken[i]->cid;
        const Extent place{lease->id(), records[i].offset};
        const std::uint64_t length = block_record_bytes(cid, taken[i]->entry);
        CODEX_TRY(now, ledger.block(cid));
        if (!now || !now->present || now->extent != taken[i]->entry.extent) {
            CODEX_CHECK(ledger.add_dead(place, length)); // removed or replaced meanwhile
            continue;
        }
        CODEX_CHECK(ledger.end_live(now->extent, length));
        now->extent = place;
        now->damaged = false; // it has just been hashed
        ledger.add_live(place, length);
        CODEX_CHECK(ledger.put_block(cid, *now));
    }
    ledger.commit_segment(lease->id(), lease->end(), session.sync);
    CODEX_CHECK(ledger.commit());
    return done;
}

Result<void> copy_tree(const Session& session, const LiveTree& tree) {
    const auto read = [&](std::uint64_t first, std::span<Digest> out) {
        return salvage_tree_at(session, tree.cid, tree.entry.extent, first, out);
    };
    CODEX_TRY(bad, untrusted_leaves(tree.cid, tree.entry.leaf_count, read));
    if (!bad.empty())
        return {};
    const std::uint64_t nodes = merkle::node_count(tree.entry.leaf_count);
    std::vector<Digest> chunk(16384);
    CODEX_TRY(lease, session.store->segments().acquire(session.sync));
    CODEX_TRY(place, lease->append_stream(
                         {RecordKind::tree, Encoding::raw, nodes * sizeof(Digest),
                          tree.entry.leaf_count, tree.cid},
                         [&](std::uint64_t offset) -> Result<BytesView> {
                             const std::uint64_t first = offset / sizeof(Digest);
                             const std::span<Digest> piece(
                                 chunk.data(), static_cast<std::size_t>(std::min<std::uint64_t>(
                                                   chunk.size(), nodes - first)));
                             CODEX_CHECK(read(first, piece));
                             return BytesView(reinterpret_cast<const std::uint8_t*>(piece.data()),
                                              piece.size_bytes());
                         }));
    if (session.sync)
        CODEX_CHECK(lease->sync());
    const std::uint64_t length = tree_record_bytes(tree.cid, tree.entry.leaf_count);
    CODEX_TRY(ledger, session.ledger());
    CODEX_TRY(now, ledger.tree(tree.cid));
    if (now && now->extent == tree.entry.extent) {
        CODEX_CHECK(ledger.end_live(now->extent, length));
        now->extent = place;
        ledger.add_live(place, length);
        CODEX_CHECK(ledger.put_tree(tree.cid, *now));
    } else {
        CODEX_CHECK(ledger.add_dead(place, length));
    }
    ledger.commit_segment(lease->id(), lease->end(), session.sync);
    return ledger.commit();
}

Result<void> copy_live(const Session& session, std::span<const IdleSegment> sources) {
    Bytes from;
    do {
        CODEX_TRY(blocks, next_live_blocks(session, sources, from));
        for (const LiveBlock& block : blocks)
            session.job.expect(block.entry.stored_bytes);
        for (std::size_t done = 0; done < blocks.size();) {
            CODEX_TRY(n, copy_step(session, std::span(blocks).subspan(done)));
            for (const std::size_t end = done + n; done < end; ++done)
                session.job.advance(blocks[done].entry.stored_bytes);
        }
    } while (!from.empty());
    CODEX_TRY(trees, live_trees(session, sources));
    for (const LiveTree& tree : trees)
        session.job.expect(merkle::node_count(tree.entry.leaf_count) * sizeof(Digest));
    for (const LiveTree& tree : trees) {
        CODEX_CHECK(session.job.go_on());
        CODEX_CHECK(copy_tree(session, tree));
        session.job.advance(merkle::node_count(tree.entry.leaf_count) * sizeof(Digest));
    }
    return {};
}

} // namespace

Result<void> compact_segments(const Session& session) {
    session.store->segments().release_all();
    CODEX_TRY(sources, choose(session));
    if (sources.empty())
        return {};
    if (auto done = copy_live(session, sources); !done && done.error().code() != Errc::no_space)
        return done;
    Reclaimed gone; // what was copied is neither more nor less than before
    CODEX_CHECK(unlink_if_dead(session, sources, gone));
    return {};
}

} // namespace codex::repo::detail

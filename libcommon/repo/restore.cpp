// Giving bytes again to blocks that lost theirs: what repair does.
#include "repo/index/repo_impl.hpp"
#include "repo/segments/batch.hpp"
#include "repo/segments/block_reader.hpp"
#include "repo/segments/compression.hpp"

namespace codex::repo {

using namespace detail;

namespace {

/// What one block needs, judged before anything is written.
struct Need {
    const Restored* block = nullptr;
    std::optional<Extent> damaged; ///< to be replaced; nothing: the block has no bytes
    NewExtent bytes;
};

/// Bytes in a segment that is gone are not here; what is here and cannot be read stays as it is.
Result<bool> has_good_bytes(const Session& session, const Cid& cid,
                            const std::optional<BlockEntry>& entry) {
    if (!entry || !entry->present)
        return false;
    auto good = extent_is_good(session, cid, *entry);
    if (!good && good.error().code() == Errc::not_found)
        return false;
    if (!good)
        return fail(std::move(good).error().context(fmt::format("block {}", cid.text())));
    return good;
}

Result<std::vector<Need>> find_needs(const Session& session, std::span<const Restored> blocks) {
    std::vector<std::optional<BlockEntry>> entries(blocks.size());
    std::uint64_t new_bytes = 0;
    {
        CODEX_TRY(txn, session.store->env().read());
        CODEX_TRY(totals, read_totals(txn));
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            CODEX_TRY(entry, find_block(txn, blocks[i].cid));
            entries[i] = entry;
            if (entry && !entry->present)
                new_bytes += blocks[i].data.size();
        }
        CODEX_TRY(config, session.store->config());
        if (new_bytes > 0 && totals.taken_bytes() + new_bytes > config.quota_bytes)
            return quota_error(new_bytes, totals, config.quota_bytes);
    }
    std::vector<Result<bool>> good(blocks.size());
    session.job.executor().parallel_for(blocks.size(), [&](std::size_t i) {
        good[i] = has_good_bytes(session, blocks[i].cid, entries[i]);
    });
    std::vector<Need> needs;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        CODEX_TRY(whole, std::move(good[i]));
        if (!entries[i] || whole || blocks[i].data.empty())
            continue;
        Need need;
        need.block = &blocks[i];
        if (entries[i]->present)
            need.damaged = entries[i]->extent;
        needs.push_back(need);
    }
    return needs;
}

Result<void> append_needs(SegmentWriter& segment, std::span<Need> needs, int zstd_level) {
    std::vector<Bytes> compressed(needs.size());
    std::vector<Record> records(needs.size());
    for (std::size_t i = 0; i < needs.size(); ++i) {
        const BytesView plain = needs[i].block->data;
        compressed[i] = compress_block(plain, zstd_level);
        const bool raw = compressed[i].empty();
        const BytesView stored = raw ? plain : BytesView(compressed[i]);
        records[i] = {{RecordKind::block, raw ? Encoding::raw : Encoding::zstd, stored.size(),
                       plain.size(), needs[i].block->cid},
                      stored};
    }
    CODEX_CHECK(segment.append(records));
    for (std::size_t i = 0; i < needs.size(); ++i)
        needs[i].bytes = {{segment.id(), records[i].offset},
                          records[i].header.encoding,
                          static_cast<std::uint32_t>(records[i].header.plain),
                          static_cast<std::uint32_t>(records[i].header.stored_bytes)};
    return {};
}

Result<void> apply_need(Ledger& ledger, const Need& need) {
    const Cid& cid = need.block->cid;
    CODEX_TRY(entry, ledger.block(cid));
    const bool replace = entry && entry->present && need.damaged == entry->extent;
    if (!entry || (entry->present && !replace)) // removed, or given bytes by somebody else
        return ledger.add_dead(need.bytes.extent,
                               record_bytes(cid.bytes().size(), need.bytes.stored_bytes));
    if (replace)
        CODEX_CHECK(ledger.clear_bytes(cid, *entry));
    ledger.note_change(ChangeKind::block_stored, cid);
    ledger.set_bytes(cid, *entry, need.bytes);
    return ledger.put_block(cid, *entry);
}

} // namespace

Result<void> Repo::restore(std::span<const Restored> blocks) {
    CODEX_CHECK(impl_->require_writable());
    const Session session = impl_->session();
    CODEX_TRY(needs, find_needs(session, blocks));
    if (needs.empty())
        return {};
    CODEX_TRY(zstd_level, session.compression());
    CODEX_TRY(lease, impl_->store->segments().acquire(session.sync));
    CODEX_CHECK(append_needs(*lease, needs, zstd_level));
    if (session.sync)
        CODEX_CHECK(lease->sync());
    CODEX_TRY(ledger, session.ledger());
    for (const Need& need : needs)
        CODEX_CHECK(apply_need(ledger, need));
    ledger.commit_segment(lease->id(), lease->end(), session.sync);
    CODEX_CHECK(ledger.commit());
    impl_->log.debug("Restored blocks", {{"blocks", needs.size()}});
    return {};
}

} // namespace codex::repo

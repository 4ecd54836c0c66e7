#include "base/counted.hpp"
#include "repo/index/key_order.hpp"
#include "repo/index/not_here.hpp"
#include "repo/index/repo_impl.hpp"
#include "repo/segments/batch.hpp"
#include "repo/segments/block_reader.hpp"
#include "repo/segments/read.hpp"
#include "repo/upkeep/reserve.hpp"

#include <algorithm>

namespace codex::repo {

using namespace detail;

namespace {

/// Entries visited between two transactions: none is held while the caller's code runs.
constexpr std::size_t kBlockStep = 512;

BlockInfo empty_block_info(const Cid& cid) {
    BlockInfo info;
    info.cid = cid;
    info.present = true;
    return info;
}

BlockInfo to_info(const Cid& cid, const BlockEntry& entry) {
    return {cid,
            entry.present,
            entry.plain_bytes,
            entry.present ? entry.stored_bytes : 0,
            entry.references,
            entry.kept ? entry.expiry : 0,
            entry.kept,
            entry.present && entry.damaged};
}

Result<void> require_verifiable(const Cid& cid) {
    if (!blocks::verifiable(cid))
        return fail(Errc::unsupported,
                    "block {}: only SHA-256 CIDs can be verified, so only such "
                    "blocks are stored",
                    cid.text());
    return {};
}

Result<void> require_unused(const Cid& cid, const BlockEntry& entry) {
    if (entry.references == 0)
        return {};
    const std::string why =
        cid.codec() == codec::Multicodec::codex_manifest
            ? std::string("it is the manifest of a dataset")
            : fmt::format("datasets have it, in {}", counted(entry.references, "place"));
    return fail(Error(Errc::block_in_use, fmt::format("block {}: {}", cid.text(), why))
                    .hint("remove what has it first"));
}

/// The error for a block that is not here. Only what is known to be a part of something can be
/// repaired; a manifest is a part of nothing.
Error without_bytes(const Cid& cid, bool known, const Store& store) {
    Error error = not_here(Errc::block_not_found, "block", cid, store);
    if (cid.codec() == codec::Multicodec::codex_manifest)
        return std::move(error)
            .remedy(Remedy::list_datasets)
            .remedy({Remedy::import_dataset, "an archive made where it is brings the dataset"});
    error = std::move(error).remedy(Remedy::list_blocks);
    if (!known)
        return error;
    return std::move(error).remedy(
        {Remedy::repair_dataset, "restore what a protected dataset lost"});
}

} // namespace

Result<void> Repo::find_blocks(std::span<BlockRead> batch) const {
    CODEX_TRY(txn, impl_->store->env().read());
    for (const std::uint32_t i : in_key_order(batch, &BlockRead::cid)) {
        BlockRead& block = batch[i];
        if (block.state != BlockRead::State::unread)
            continue;
        CODEX_TRY(entry, find_block(txn, block.cid));
        block.state = !entry || !entry->present ? BlockRead::State::missing
                      : entry->damaged          ? BlockRead::State::damaged
                                                : BlockRead::State::ok;
    }
    return {};
}

Result<std::optional<BlockInfo>> Repo::stat(const Cid& cid) const {
    if (cid.is_empty_block())
        return empty_block_info(cid);
    CODEX_TRY(txn, impl_->store->env().read());
    CODEX_TRY(entry, find_block(txn, cid));
    if (!entry)
        return std::nullopt;
    return to_info(cid, *entry);
}

Result<Bytes> Repo::get(const Cid& cid) const {
    if (cid.is_empty_block())
        return Bytes();
    Bytes buffer;
    // A block is never stored again with another size, so the second lookup cannot outgrow it.
    CODEX_TRY(info, stat(cid));
    buffer.resize(info ? info->size_bytes : 0);
    BlockRead read{cid, buffer};
    CODEX_CHECK(try_read(std::span(&read, 1)));
    switch (read.state) {
    case BlockRead::State::ok:
        return buffer;
    case BlockRead::State::unreadable:
        return fail(blocks::unreadable(read));
    case BlockRead::State::damaged:
        return fail(Error(Errc::block_corrupt,
                          fmt::format("block {}: stored bytes do not match", cid.text()))
                        .remedy({Remedy::repair_dataset,
                                 "put the block or its dataset again, or repair its dataset"})
                        .remedy(Remedy::find_dataset));
    default:
        return fail(without_bytes(cid, info.has_value(), *impl_->store));
    }
}

Result<void> Repo::read_blocks(std::span<BlockRead> batch) const {
    CODEX_CHECK(read_prepared(impl_->session(), batch));
    return impl_->settle();
}

Result<void> Repo::put(const Cid& cid, BytesView data, std::uint64_t expiry) {
    const Restored block{cid, data};
    return put(std::span(&block, 1), expiry);
}

Result<void> Repo::put(std::span<const Restored> blocks, std::uint64_t expiry) {
    CODEX_CHECK(impl_->require_writable());
    std::vector<StagedBlock> staged;
    std::vector<Restored> known;
    for (const auto& [cid, data] : blocks) {
        if (cid.is_empty_block())
            continue;
        CODEX_CHECK(require_verifiable(cid));
        if (data.empty() || data.size() > codec::kMaxBlockSizeBytes)
            return fail(Errc::limit_exceeded, "block {}: {}; 1 to {} are possible", cid.text(),
                        counted(data.size(), "byte"), codec::kMaxBlockSizeBytes);
        CODEX_TRY(before, stat(cid));
        if (before && before->present)
            known.push_back({cid, data});
        staged.push_back({cid, data, 0, true, expiry});
    }
    if (staged.empty())
        return {};
    if (!known.empty()) // putting a block that is here but damaged is how it is healed
        CODEX_CHECK(restore(known));
    Batch batch(impl_->session(), nullptr);
    CODEX_CHECK(batch.stage(staged));
    const auto always = [](Ledger&) -> Result<bool> { return true; };
    CODEX_CHECK(batch.commit({always, always}));
    return {};
}

Result<bool> Repo::removable(const Cid& cid) const {
    CODEX_TRY(txn, impl_->store->env().read());
    CODEX_TRY(entry, find_block(txn, cid));
    if (entry)
        CODEX_CHECK(require_unused(cid, *entry));
    return entry && entry->present;
}

Result<void> Repo::remove(const Cid& cid) {
    CODEX_CHECK(impl_->require_writable());
    return with_reserve(path(), [&]() -> Result<void> {
        CODEX_TRY(ledger, impl_->session().ledger());
        CODEX_TRY(entry, ledger.block(cid));
        if (!entry)
            return {};
        CODEX_CHECK(require_unused(cid, *entry));
        CODEX_CHECK(ledger.change_expiry(ExpiryKind::block, cid, entry->expiry, 0));
        if (entry->kept)
            CODEX_CHECK(ledger.note_block(cid, false, 0));
        entry->kept = false;
        CODEX_TRY(gone, ledger.put_or_erase(cid, *entry));
        if (gone)
            ledger.note_change(ChangeKind::block_removed, cid);
        return ledger.commit();
    });
}

Result<std::uint64_t> Repo::drop_bytes(std::span<const Cid> cids) {
    CODEX_CHECK(impl_->require_writable());
    return with_reserve(path(), [&]() -> Result<std::uint64_t> {
        CODEX_TRY(ledger, impl_->session().ledger());
        std::uint64_t dropped = 0;
        for (const Cid& cid : cids) {
            CODEX_TRY(entry, ledger.block(cid));
            if (!entry || !entry->present)
                continue;
            CODEX_CHECK(ledger.clear_bytes(cid, *entry));
            CODEX_CHECK(ledger.put_block(cid, *entry));
            ledger.note_change(ChangeKind::block_removed, cid);
            ++dropped;
        }
        CODEX_CHECK(ledger.commit());
        return dropped;
    });
}

Result<void> Repo::for_each_block(const std::function<bool(const BlockInfo&)>& visit) const {
    Bytes from;
    for (;;) {
        std::vector<BlockInfo> step;
        {
            CODEX_TRY(txn, impl_->store->env().read());
            CODEX_CHECK(for_each(txn, Table::blocks, from,
                                 [&](BytesView key, BytesView value) -> Result<bool> {
                                     CODEX_TRY(cid, decode_cid_key(Table::blocks, key));
                                     CODEX_TRY(entry, decode_block(value));
                                     step.push_back(to_info(cid, entry));
                                     return step.size() < kBlockStep;
                                 }));
        }
        for (const BlockInfo& info : step)
            if (!visit(info))
                return {};
        if (step.size() < kBlockStep)
            return {};
        const BytesView last = step.back().cid.bytes();
        from.assign(last.begin(), last.end());
        from.push_back(0); // the smallest key after it
    }
}

} // namespace codex::repo

#include "repo/segments/block_reader.hpp"

#include "codec/log_value.hpp"
#include "crypto/hash/sha256.hpp"
#include "repo/index/key_order.hpp"
#include "repo/segments/compression.hpp"
#include "repo/segments/read.hpp"

#include <algorithm>

namespace codex::repo::detail {

namespace {

/// Most blocks that are hashed side by side (crypto/hash/sha256.hpp).
constexpr std::size_t kGroup = 32;

/// A damaged block is looked up again this often: gc may have moved it under us.
constexpr int kPasses = 3;
using Lookup = std::optional<BlockEntry>;

/// Into `read.buffer`, decompressed. False when the segment has not that.
Result<bool> read_plain(const Session& session, BlockRead& read, const BlockEntry& entry) {
    const Segments& segments = session.store->segments();
    const std::uint64_t at = entry.extent.offset + header_bytes(read.cid.bytes().size());
    const MutableBytes plain = read.buffer.first(entry.plain_bytes);
    if (entry.encoding == Encoding::raw) {
        CODEX_TRY(got, read_segment(segments, entry.extent.segment, plain, at));
        return got == plain.size();
    }
    Bytes stored(entry.stored_bytes);
    CODEX_TRY(got, read_segment(segments, entry.extent.segment, stored, at));
    if (got != stored.size())
        return false;
    auto done = decompress_block(stored, plain);
    if (!done && done.error().code() != Errc::block_corrupt)
        return fail(std::move(done).error());
    return done.has_value();
}

/// One group: read, then hash what could be read.
void read_group(const Session& session, std::span<BlockRead> reads,
                std::span<const Lookup> lookups) {
    std::array<BytesView, kGroup> messages;
    std::array<Digest, kGroup> digests;
    std::array<BlockRead*, kGroup> hashed{};
    std::size_t count = 0;
    for (std::size_t i = 0; i < reads.size(); ++i) {
        BlockRead& read = reads[i];
        if (read.state != BlockRead::State::unread || !lookups[i])
            continue;
        read.state = BlockRead::State::damaged;
        read.size = lookups[i]->plain_bytes;
        auto got = read_plain(session, read, *lookups[i]);
        if (!got) {
            read.state = BlockRead::State::unreadable;
            read.cause = std::make_shared<const Error>(std::move(got).error());
        }
        if (!got || !*got)
            continue;
        messages[count] = read.buffer.first(read.size);
        hashed[count++] = &read;
    }
    crypto::sha256_many({messages.data(), count}, {digests.data(), count});
    for (std::size_t i = 0; i < count; ++i)
        if (equal(digests[i], hashed[i]->cid.digest()))
            hashed[i]->state = BlockRead::State::ok;
}

Result<std::vector<Lookup>> look_up(const Session& session, std::span<BlockRead> batch) {
    std::vector<Lookup> lookups(batch.size());
    CODEX_TRY(txn, session.store->env().read());
    for (const std::uint32_t i : in_key_order(batch, &BlockRead::cid)) {
        BlockRead& read = batch[i];
        if (read.state != BlockRead::State::unread)
            continue;
        CODEX_TRY(entry, find_block(txn, read.cid));
        if (!entry || !entry->present) {
            read.state = BlockRead::State::missing;
            continue;
        }
        if (entry->plain_bytes > read.buffer.size())
            return fail(Errc::limit_exceeded, "block {}: {} bytes do not fit the buffer of {}",
                        read.cid.text(), entry->plain_bytes, read.buffer.size());
        lookups[i] = entry;
    }
    return lookups;
}

/// The unit of work for the pool. Half of the lanes take two thirds of the time of all, so that
/// pays where there are cores to share a batch; a small one is somebody's beside whom others work.
std::size_t group_of(std::size_t blocks, unsigned threads) {
    return blocks <= kGroup || blocks >= kGroup * threads ? kGroup : kGroup / 2;
}

void read_all(const Session& session, std::span<BlockRead> batch, std::span<const Lookup> lookups) {
    Executor& executor = session.job.executor();
    const std::size_t size = group_of(batch.size(), executor.size());
    executor.parallel_for((batch.size() + size - 1) / size, [&](std::size_t group) {
        const std::size_t first = group * size;
        const std::size_t n = std::min(size, batch.size() - first);
        read_group(session, batch.subspan(first, n), lookups.subspan(first, n));
    });
}

bool matches(const Result<RecordHeader>& header, const Cid& cid, const BlockEntry& entry) {
    return header && header->kind == RecordKind::block && equal(header->cid.bytes(), cid.bytes()) &&
           header->stored_bytes == entry.stored_bytes && header->plain == entry.plain_bytes &&
           header->encoding == entry.encoding;
}

void note(const Session& session, const BlockRead& read, const Extent& extent) {
    if (read.state != BlockRead::State::damaged)
        return;
    session.logger().info("Stored block is damaged", {{"cid", read.cid}});
    if (session.notes != nullptr)
        session.notes->add(read.cid, extent);
}

} // namespace

Result<void> read_blocks(const Session& session, std::span<BlockRead> batch) {
    blocks::prepare(batch);
    return read_prepared(session, batch);
}

Result<void> read_prepared(const Session& session, std::span<BlockRead> batch) {
    for (int pass = 0; pass < kPasses; ++pass) {
        CODEX_TRY(lookups, look_up(session, batch));
        read_all(session, batch, lookups);
        bool again = false;
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (batch[i].state != BlockRead::State::damaged &&
                batch[i].state != BlockRead::State::unreadable)
                continue;
            if (pass + 1 == kPasses) {
                note(session, batch[i], lookups[i]->extent);
                continue;
            }
            batch[i].state = BlockRead::State::unread;
            batch[i].cause = nullptr;
            session.store->segments().forget(lookups[i]->extent.segment);
            again = true;
        }
        if (!again)
            break;
    }
    return {};
}

Result<bool> extent_is_good(const Session& session, const Cid& cid, const BlockEntry& entry) {
    Bytes buffer(entry.plain_bytes);
    BlockRead read{cid, buffer};
    CODEX_TRY(got, read_plain(session, read, entry));
    return got && equal(crypto::sha256(buffer), cid.digest());
}

Result<bool> header_is_good(const Session& session, const Cid& cid, const BlockEntry& entry) {
    Bytes head(header_bytes(cid.bytes().size()));
    CODEX_TRY(got, read_segment(session.store->segments(), entry.extent.segment, head,
                                entry.extent.offset));
    return got == head.size() && matches(decode_header(head), cid, entry);
}

Result<bool> read_payload(const Session& session, const Cid& cid, const BlockEntry& entry,
                          Bytes& payload) {
    payload.resize(entry.stored_bytes);
    CODEX_TRY(good, header_is_good(session, cid, entry));
    if (!good)
        return false;
    CODEX_TRY(got, read_segment(session.store->segments(), entry.extent.segment, payload,
                                entry.extent.offset + header_bytes(cid.bytes().size())));
    return got == payload.size();
}

} // namespace codex::repo::detail

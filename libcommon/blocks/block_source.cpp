#include "blocks/block_source.hpp"

#include "base/copy_error.hpp"
#include "crypto/hash/sha256.hpp"

#include <algorithm>
#include <array>

namespace codex::blocks {

namespace {

using State = BlockRead::State;

/// Blocks hashed side by side (crypto/hash/sha256.hpp).
constexpr std::size_t kLanes = 32;

/// Compares the bytes of `blocks`, as many as there are lanes at most, with their CIDs.
void verify(std::span<BlockRead* const> blocks) {
    std::array<BytesView, kLanes> bytes;
    std::array<Digest, kLanes> digests;
    for (std::size_t i = 0; i < blocks.size(); ++i)
        bytes[i] = blocks[i]->buffer.first(blocks[i]->size);
    crypto::sha256_many(std::span(bytes).first(blocks.size()),
                        std::span(digests).first(blocks.size()));
    for (std::size_t i = 0; i < blocks.size(); ++i)
        blocks[i]->state = equal(digests[i], blocks[i]->cid.digest()) ? State::ok : State::damaged;
}

void verify_unverified(std::span<BlockRead> batch) {
    std::array<BlockRead*, kLanes> group{};
    std::size_t count = 0;
    for (BlockRead& read : batch) {
        CODEX_ASSERT(read.state != State::unread && read.size <= read.buffer.size());
        if (read.state != State::unverified)
            continue;
        group[count++] = &read;
        if (count == kLanes)
            verify(std::span(group).first(std::exchange(count, 0)));
    }
    verify(std::span(group).first(count));
}

} // namespace

Error unreadable(const BlockRead& block) {
    CODEX_ASSERT(block.cause);
    return copy_of(*block.cause).context(fmt::format("block {}", block.cid.text()));
}

Result<void> require_readable(std::span<const BlockRead> batch) {
    for (const BlockRead& block : batch)
        if (block.state == State::unreadable)
            return fail(unreadable(block));
    return {};
}

bool verifiable(const Cid& cid) {
    return cid.hash() == codec::HashCodec::sha2_256 && cid.digest().size() == sizeof(Digest);
}

void prepare(std::span<BlockRead> batch) {
    for (BlockRead& read : batch) {
        read.size = 0;
        read.cause = nullptr;
        read.state = read.cid.is_empty_block() ? State::ok
                     : verifiable(read.cid)    ? State::unread
                                               : State::missing;
    }
}

Result<bool> BlockSource::has(const Cid& cid) const {
    BlockRead block{cid, {}};
    CODEX_CHECK(find(std::span(&block, 1)));
    CODEX_CHECK(require_readable(std::span(&block, 1)));
    return block.state == State::ok;
}

Result<void> BlockSource::find(std::span<BlockRead> batch) const {
    prepare(batch);
    return find_blocks(batch);
}

Result<void> BlockSource::try_read(std::span<BlockRead> batch) const {
    prepare(batch);
    CODEX_CHECK(read_blocks(batch));
    verify_unverified(batch);
    return {};
}

Result<void> BlockSource::read(std::span<BlockRead> batch) const {
    CODEX_CHECK(try_read(batch));
    return require_readable(batch);
}

} // namespace codex::blocks

// Blocks in memory, as a source that compares nothing: some may be wrong, or not to be read.
#pragma once

#include "blocks/block_source.hpp"
#include "crypto/hash/sha256.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <set>

namespace codex::test {

/// Threads: reading from any, at once; changing it while nobody reads.
class MemoryBlocks final : public BlockSource {
public:
    /// Keeps a copy; gives its CID.
    Cid add(BytesView bytes) {
        const Cid cid = Cid::block(crypto::sha256(bytes));
        blocks_[cid].assign(bytes.begin(), bytes.end());
        return cid;
    }
    void remove(const Cid& cid) { blocks_.erase(cid); }
    /// Another byte in it from now on.
    void spoil(const Cid& cid) { blocks_.at(cid).back() ^= 1; }
    /// Its peer is gone.
    void lose_sight_of(const Cid& cid) { unreadable_.insert(cid); }

    [[nodiscard]] std::size_t size() const { return blocks_.size(); }
    /// Blocks that were given out.
    [[nodiscard]] std::size_t reads() const { return reads_; }
    /// Those that were asked for with their place in a tree.
    [[nodiscard]] std::size_t placed() const { return placed_; }

private:
    /// False when that is all there is to say of it.
    bool here(BlockRead& block) const {
        if (unreadable_.contains(block.cid)) {
            block.state = BlockRead::State::unreadable;
            block.cause = std::make_shared<const Error>(Errc::unavailable, "the peer is gone");
        } else if (!blocks_.contains(block.cid)) {
            block.state = BlockRead::State::missing;
        } else {
            return true;
        }
        return false;
    }
    Result<void> find_blocks(std::span<BlockRead> batch) const override {
        for (BlockRead& block : batch)
            if (block.state == BlockRead::State::unread && here(block))
                block.state = BlockRead::State::ok;
        return {};
    }
    Result<void> read_blocks(std::span<BlockRead> batch) const override {
        for (BlockRead& block : batch) {
            if (block.state != BlockRead::State::unread || !here(block))
                continue;
            const Bytes& bytes = blocks_.at(block.cid);
            if (bytes.size() > block.buffer.size())
                return fail(Errc::limit_exceeded, "block {}: the buffer is too small",
                            block.cid.text());
            std::copy(bytes.begin(), bytes.end(), block.buffer.begin());
            block.size = bytes.size();
            block.state = BlockRead::State::unverified;
            ++reads_;
            placed_ += block.leaf.tree != nullptr ? 1 : 0;
        }
        return {};
    }

    std::map<Cid, Bytes> blocks_;
    std::set<Cid> unreadable_;
    mutable std::atomic<std::size_t> reads_{0}, placed_{0};
};

} // namespace codex::test

// Working memory of the streaming jobs: how many blocks go through a pipeline at a time, and the
// buffers they lie in.
#pragma once

#include "base/bytes.hpp"

#include <cstdlib>
#include <memory>
#include <new>

namespace codex::dataset::detail {

/// Bytes of one batch at usual block sizes. Three batches circulate in a pipeline.
constexpr std::size_t kBatchBytes = std::size_t{8} << 20;
/// Below this many equal blocks the hash lanes run partly empty (crypto/hash/sha256.hpp).
constexpr std::size_t kHashLanes = 32;
/// Keeps what is stored per block beside the bytes small when blocks are tiny.
constexpr std::size_t kMaxBatchBlocks = 8192;

/// Blocks of one batch: about kBatchBytes; full hash lanes as long as that costs at most twice as
/// much; a single block when blocks are huge. At least 1.
[[nodiscard]] constexpr std::size_t batch_blocks(std::size_t block_size_bytes) {
    std::size_t blocks = kBatchBytes / block_size_bytes;
    if (blocks < kHashLanes && kHashLanes * block_size_bytes <= 2 * kBatchBytes)
        blocks = kHashLanes;
    if (blocks > kMaxBatchBlocks)
        return kMaxBatchBlocks;
    return blocks == 0 ? 1 : blocks;
}

/// Page-aligned and not cleared: pages never written to cost no memory.
class PageBuffer {
public:
    PageBuffer() = default;
    explicit PageBuffer(std::size_t size) : size_(size) {
        constexpr std::size_t kPage = 4096;
        bytes_.reset(static_cast<std::uint8_t*>(
            std::aligned_alloc(kPage, (size + kPage - 1) / kPage * kPage)));
        if (!bytes_)
            throw std::bad_alloc();
    }

    [[nodiscard]] MutableBytes bytes() { return {bytes_.get(), size_}; }

private:
    struct Free {
        void operator()(std::uint8_t* bytes) const { std::free(bytes); }
    };
    std::unique_ptr<std::uint8_t[], Free> bytes_;
    std::size_t size_ = 0;
};

} // namespace codex::dataset::detail

// The blocks of a stored dataset in tree order, verified, a batch at a time: what get and export
// have in common.
#pragma once

#include "base/side_job.hpp"
#include "dataset/dataset.hpp"
#include "dataset/detail/buffer.hpp"
#include "dataset/detail/channel.hpp"
#include "dataset/detail/recovery.hpp"

#include <array>
#include <memory>
#include <optional>

namespace codex::dataset::detail {

/// Consecutive blocks of a dataset.
struct BlockBatch {
    PageBuffer buffer;
    std::uint64_t first = 0; ///< tree index of blocks[0]
    std::vector<Digest> leaves;
    /// All `ok`, with their bytes; an empty block has size 0, and its buffer is block size zeros.
    std::vector<BlockRead> blocks;
    /// The blocks' buffers in a row: the content they stand for.
    [[nodiscard]] BytesView content() const { return content_; }

private:
    friend class BlockReader;
    MutableBytes content_;
    std::uint64_t reconstructed_ = 0;
};

/// Reads ahead in a thread of its own, so that reading and hashing go on while the caller writes.
class BlockReader {
public:
    struct Options {
        std::uint64_t first = 0; ///< tree indices [first, end)
        std::uint64_t end = 0;
        bool recover = false; ///< compute lost blocks of protected datasets
    };
    /// Errors: dataset_damaged when the tree is not the manifest's.
    [[nodiscard]] static Result<std::unique_ptr<BlockReader>>
    open(const Job& job, repo::DatasetInfo dataset, const Options& options);
    ~BlockReader();
    BlockReader(const BlockReader&) = delete;
    BlockReader& operator=(const BlockReader&) = delete;

    /// The next batch, valid until the next call; nullptr at the end. Errors: dataset_damaged
    /// naming the block; io.
    [[nodiscard]] Result<const BlockBatch*> next();
    /// Blocks computed from parity so far, of batches given out.
    [[nodiscard]] std::uint64_t reconstructed() const { return reconstructed_; }
    [[nodiscard]] const repo::DatasetInfo& dataset() const { return dataset_; }

private:
    BlockReader(const Job& job, repo::DatasetInfo dataset, const Options& options,
                repo::StoredTree tree);
    void run();
    [[nodiscard]] Result<bool> load_next(BlockBatch& batch);
    [[nodiscard]] Result<void> load(BlockBatch& batch, std::uint64_t first, std::size_t count);
    [[nodiscard]] Result<void> recover(BlockBatch& batch, std::span<const Recovery::Wanted> wanted);
    [[nodiscard]] Error lost_block(const BlockBatch& batch, std::uint64_t index) const;

    static constexpr std::size_t kBuffers = 3;
    Job job_;
    repo::DatasetInfo dataset_;
    Options options_;
    repo::StoredTree tree_;
    std::optional<Recovery> recovery_;
    std::uint64_t reconstructed_ = 0;
    std::array<BlockBatch, kBuffers> batches_;
    Channel<BlockBatch*> free_, loaded_;
    std::optional<Error> error_; // written before loaded_ is closed
    BlockBatch* current_ = nullptr;
    std::uint64_t next_; ///< tree index of the batch to load next
    bool ahead_ = false; ///< in `job_ahead_`; else when it is asked for
    SideJob job_ahead_;  ///< last: it uses the others
};

} // namespace codex::dataset::detail

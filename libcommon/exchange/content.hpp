// The content of a dataset that is being fetched, in order, as its blocks come.
#pragma once

#include "base/event_loop.hpp"
#include "dataset/dataset.hpp"
#include "repo/repo.hpp"

#include <memory>

namespace codex::exchange {

/// Threads: the loop's, but for write_some().
class Content {
public:
    /// Errors: dataset_not_found when nothing of the dataset is here; that of dataset::clamp(); io.
    /// Threads: any. It waits for the disk. `repo` and `sink` outlive it.
    [[nodiscard]] static Result<std::shared_ptr<Content>>
    open(const repo::Repo& repo, const Cid& manifest, const codec::Manifest& decoded,
         dataset::ByteRange range, ByteSink& sink);

    /// Its blocks that are not written.
    [[nodiscard]] IndexRange left() const { return {next_, end_ - next_}; }
    /// Bytes of the content that are not written.
    [[nodiscard]] dataset::ByteRange rest() const {
        return {std::max(range_.begin, next_ * block_size_), range_.end};
    }
    /// Writes those that come next and are committed in the repo, some megabytes at the most, and
    /// after the last one flushes; gives how many. Each is compared with its CID. Errors:
    /// dataset_damaged, for a block that is here and is not what it was; the sink's; the repo's.
    /// Threads: any, one at a time, while nothing else is called. It waits for the disk, and for
    /// whoever reads the content.
    [[nodiscard]] Result<std::uint64_t> write_some();

private:
    Content(const repo::Repo& repo, Cid tree, std::uint64_t block_size, dataset::ByteRange range,
            IndexRange blocks, ByteSink& sink)
        : repo_(repo), tree_(std::move(tree)), block_size_(block_size), range_(range),
          next_(blocks.first), end_(blocks.end()), sink_(sink) {}
    [[nodiscard]] Result<std::vector<BlockRead>> look();
    [[nodiscard]] Result<void> write(const BlockRead& block);

    const repo::Repo& repo_;
    Cid tree_;
    std::uint64_t block_size_;
    dataset::ByteRange range_;
    std::uint64_t next_;
    std::uint64_t end_;
    ByteSink& sink_;
    std::optional<repo::PartialTree> part_;
    std::optional<repo::StoredTree> whole_;
    Bytes buffer_;
};

} // namespace codex::exchange

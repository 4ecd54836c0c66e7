// The content of a dataset that is being fetched, in order, as its blocks come.
#pragma once

#include "base/event_loop.hpp"
#include "base/raw_bytes.hpp"
#include "dataset/dataset.hpp"
#include "repo/repo.hpp"

#include <memory>

namespace codex::exchange {

/// Threads: the loop's, but for read_some() and write_some().
class Content {
public:
    /// Errors: dataset_not_found when nothing of the dataset is here; that of dataset::clamp(); io.
    /// Threads: any. It waits for the disk. `repo` outlives it.
    [[nodiscard]] static Result<std::shared_ptr<Content>> open(const repo::Repo& repo,
                                                               const Cid& manifest,
                                                               const codec::Manifest& decoded,
                                                               dataset::ByteRange range);

    /// Its blocks that were not read.
    [[nodiscard]] IndexRange left() const { return {next_, end_ - next_}; }
    /// Bytes of the content that were not read.
    [[nodiscard]] dataset::ByteRange rest() const {
        return {std::max(range_.begin, next_ * block_size_), range_.end};
    }
    /// Reads those that come next and are committed in the repo, `most_bytes` of them and some
    /// megabytes at the most, but one block at least, into `into`, which grows as it must; gives
    /// the bytes of the content that they have, which are in it, and none when nothing of them is
    /// here. Each is compared with its CID. Errors: dataset_damaged, for a block that is here and
    /// is not what it was; the repo's. Threads: any, one at a time, while nothing else is called.
    /// It waits for the disk.
    [[nodiscard]] Result<BytesView> read_some(RawBytes& into,
                                              std::uint64_t most_bytes = UINT64_MAX);
    /// The same, written to a sink, which is flushed after the last one; gives how many blocks.
    /// Errors: also the sink's. It waits for whoever reads the content, too.
    [[nodiscard]] Result<std::uint64_t> write_some(ByteSink& sink);

private:
    Content(const repo::Repo& repo, Cid tree, std::uint64_t block_size, dataset::ByteRange range,
            IndexRange blocks)
        : repo_(repo), tree_(std::move(tree)), block_size_(block_size), range_(range),
          next_(blocks.first), end_(blocks.end()) {}
    [[nodiscard]] Result<std::vector<BlockRead>> look(RawBytes& into, std::uint64_t most_bytes);

    const repo::Repo& repo_;
    Cid tree_;
    std::uint64_t block_size_;
    dataset::ByteRange range_;
    std::uint64_t next_;
    std::uint64_t end_;
    std::optional<repo::PartialTree> part_;
    std::optional<repo::StoredTree> whole_;
    RawBytes buffer_; ///< of write_some()
};

} // namespace codex::exchange

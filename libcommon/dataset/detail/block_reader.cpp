#include "dataset/detail/block_reader.hpp"
#include "dataset/detail/damage.hpp"

#include "base/counted.hpp"

#include <algorithm>

namespace codex::dataset::detail {

Result<std::unique_ptr<BlockReader>> BlockReader::open(const Job& job, repo::DatasetInfo dataset,
                                                       const Options& options) {
    CODEX_TRY(tree, job.repo.tree(dataset.manifest.tree));
    if (tree.leaf_count() != dataset.manifest.blocks_count())
        return fail(Errc::dataset_damaged, "{}: the tree has {}, the manifest says {}",
                    dataset.cid.text(), counted(tree.leaf_count(), "leaf", "leaves"),
                    dataset.manifest.blocks_count());
    return std::unique_ptr<BlockReader>(
        new BlockReader(job, std::move(dataset), options, std::move(tree)));
}

BlockReader::BlockReader(const Job& job, repo::DatasetInfo dataset, const Options& options,
                         repo::StoredTree tree)
    : job_(job), dataset_(std::move(dataset)), options_(options), tree_(std::move(tree)),
      next_(options.first) {
    const std::size_t block_size = dataset_.manifest.block_size_bytes;
    const std::size_t blocks = static_cast<std::size_t>(
        std::min<std::uint64_t>(batch_blocks(block_size), options.end - options.first));
    for (BlockBatch& batch : batches_) {
        batch.buffer = PageBuffer(blocks * block_size);
        free_.push(&batch);
    }
    ahead_ = job_ahead_.start(job_.executor(), [this] { run(); });
}

BlockReader::~BlockReader() {
    free_.cancel();
}

Result<const BlockBatch*> BlockReader::next() {
    CODEX_CHECK(job_.go_on());
    if (!ahead_) {
        CODEX_TRY(more, load_next(batches_[0]));
        current_ = more ? &batches_[0] : nullptr;
    } else {
        if (current_ != nullptr)
            free_.push(std::exchange(current_, nullptr));
        const auto batch = loaded_.pop();
        if (!batch) {
            job_ahead_.wait(); // and throws what it threw
            if (error_)
                return fail(std::move(*error_));
        }
        current_ = batch.value_or(nullptr);
    }
    if (current_ != nullptr)
        reconstructed_ += current_->reconstructed_;
    return current_;
}

void BlockReader::run() {
    try {
        while (const auto batch = free_.pop()) {
            auto more = load_next(**batch);
            if (!more)
                error_ = std::move(more).error();
            if (!more || !*more)
                break;
            loaded_.push(*batch);
        }
    } catch (...) {
        loaded_.close();
        throw;
    }
    loaded_.close();
}

/// False at the end.
Result<bool> BlockReader::load_next(BlockBatch& batch) {
    if (next_ >= options_.end)
        return false;
    CODEX_CHECK(job_.go_on());
    const std::uint64_t count = std::min<std::uint64_t>(
        batch_blocks(dataset_.manifest.block_size_bytes), options_.end - next_);
    CODEX_CHECK(load(batch, next_, static_cast<std::size_t>(count)));
    next_ += count;
    return true;
}

Result<void> BlockReader::load(BlockBatch& batch, std::uint64_t first, std::size_t count) {
    const std::size_t block_size = dataset_.manifest.block_size_bytes;
    batch.first = first;
    batch.reconstructed_ = 0;
    batch.content_ = batch.buffer.bytes().first(count * block_size);
    batch.leaves.resize(count);
    batch.blocks.resize(count);
    CODEX_CHECK(tree_.leaves(first, batch.leaves));
    for (std::size_t i = 0; i < count; ++i)
        batch.blocks[i] = {.cid = Cid::block(batch.leaves[i]),
                           .buffer = batch.content_.subspan(i * block_size, block_size),
                           .leaf = {&tree_.cid(), first + i}};
    // What cannot be read can perhaps be computed; without parity it is an error at once.
    CODEX_CHECK(options_.recover && dataset_.manifest.is_protected()
                    ? job_.blocks.try_read(batch.blocks)
                    : job_.blocks.read(batch.blocks));

    std::vector<Recovery::Wanted> wanted;
    for (std::size_t i = 0; i < count; ++i) {
        BlockRead& block = batch.blocks[i];
        if (block.cid.is_empty_block()) // stands for zeros (codex-cid(5), THE EMPTY BLOCK)
            std::fill(block.buffer.begin(), block.buffer.end(), std::uint8_t{0});
        else if (block.state != BlockRead::State::ok || block.size != block_size)
            wanted.push_back({first + i, block.buffer});
    }
    return wanted.empty() ? Result<void>() : recover(batch, wanted);
}

Result<void> BlockReader::recover(BlockBatch& batch, std::span<const Recovery::Wanted> wanted) {
    if (!options_.recover || !dataset_.manifest.is_protected())
        return fail(lost_block(batch, wanted.front().index));
    if (!recovery_) {
        CODEX_TRY(recovery, Recovery::open(job_, dataset_.manifest, options_.end));
        recovery_.emplace(std::move(recovery));
    }
    CODEX_TRY(failed, recovery_->restore(wanted, batch.first + batch.blocks.size()));
    if (failed)
        return fail(lost_block(batch, wanted[*failed].index));
    for (const Recovery::Wanted& block : wanted) {
        BlockRead& read = batch.blocks[block.index - batch.first];
        read.state = BlockRead::State::ok;
        read.size = block.buffer.size();
    }
    batch.reconstructed_ = wanted.size();
    return {};
}

Error BlockReader::lost_block(const BlockBatch& batch, std::uint64_t index) const {
    const codec::Manifest& manifest = dataset_.manifest;
    const BlockRead& block = batch.blocks[index - batch.first];
    if (block.state == BlockRead::State::unreadable)
        return blocks::unreadable(block).context(
            fmt::format("{}: block {}", dataset_.cid.text(), index));
    std::string state = "is missing";
    if (block.state == BlockRead::State::damaged)
        state = "is damaged";
    else if (block.state == BlockRead::State::ok)
        state =
            fmt::format("has {}, not {}", counted(block.size, "byte"), manifest.block_size_bytes);
    Error error(Errc::dataset_damaged, fmt::format("{}: block {} ({}) {}", dataset_.cid.text(),
                                                   index, block.cid.text(), state));
    if (!manifest.is_protected()) {
        const auto others = protectors(job_.repo, manifest.tree);
        return way_back_of_plain(std::move(error), others && !others->empty());
    }
    if (!options_.recover)
        return std::move(error).remedy({Remedy::repair_dataset, "restore the block first"});
    return std::move(error).remedy(
        {Remedy::repair_dataset,
         fmt::format("its column lost more than {}; see what must come from somewhere else",
                     counted(manifest.erasure->m, "block"))});
}

} // namespace codex::dataset::detail

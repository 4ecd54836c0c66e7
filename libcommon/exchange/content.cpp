#include "exchange/content.hpp"

#include <algorithm>

namespace codex::exchange {
namespace {

constexpr std::uint64_t kPieceBlocks = 32;
constexpr std::uint64_t kPieceBytes = std::uint64_t{4} << 20;

} // namespace

Result<std::shared_ptr<Content>> Content::open(const repo::Repo& repo, const Cid& manifest,
                                               const codec::Manifest& decoded,
                                               dataset::ByteRange range, ByteSink& sink) {
    CODEX_TRY(bytes, dataset::clamp(range, decoded.content_size_bytes()));
    const IndexRange blocks = dataset::blocks_of(decoded, bytes);
    std::shared_ptr<Content> content(
        new Content(repo, decoded.tree, decoded.block_size_bytes, bytes, blocks, sink));
    if (auto part = repo.partial_tree(manifest)) {
        content->part_ = std::move(*part);
        return content;
    }
    CODEX_SET(content->whole_, repo.tree(decoded.tree)); // it has become whole
    return content;
}

/// The next blocks whose digests are known.
Result<std::vector<BlockRead>> Content::look() {
    const std::uint64_t most =
        std::clamp<std::uint64_t>(kPieceBytes / block_size_, 1, kPieceBlocks);
    const auto count = static_cast<std::size_t>(std::min(most, end_ - next_));
    std::vector<Digest> digests(count);
    std::size_t known = 0;
    if (whole_) {
        CODEX_CHECK(whole_->leaves(next_, digests));
        known = count;
    }
    while (part_ && known < count) {
        auto digest = part_->leaf(next_ + known);
        if (!digest && digest.error().code() == Errc::block_not_found)
            break;
        if (!digest)
            return fail(std::move(digest).error());
        digests[known++] = *digest;
    }
    buffer_.resize(known * block_size_);
    std::vector<BlockRead> blocks(known);
    for (std::size_t i = 0; i < known; ++i) {
        blocks[i].cid = Cid::block(digests[i]);
        blocks[i].buffer = MutableBytes(buffer_).subspan(i * block_size_, block_size_);
        blocks[i].leaf = {&tree_, next_ + i};
    }
    return blocks;
}

Result<void> Content::write(const BlockRead& block) {
    if (block.size == 0)
        std::ranges::fill(block.buffer, std::uint8_t{0}); // the empty block stands for zeros
    const std::uint64_t at = next_ * block_size_;
    const std::uint64_t begin = std::max(range_.begin, at);
    const std::uint64_t end = std::min(range_.end, at + block_size_);
    return sink_.write(BytesView(block.buffer).subspan(begin - at, end - begin));
}

Result<std::uint64_t> Content::write_some() {
    CODEX_TRY(blocks, look());
    CODEX_CHECK(repo_.read(blocks));
    std::uint64_t written = 0;
    for (const BlockRead& block : blocks) {
        if (block.state == BlockRead::State::missing || block.state == BlockRead::State::damaged)
            break; // it has come, perhaps, and is not committed; or it comes anew
        if (block.state != BlockRead::State::ok || (block.size != 0 && block.size != block_size_))
            return fail(Errc::dataset_damaged, "block {} of {} is damaged in the repo", next_,
                        tree_.text());
        CODEX_CHECK(write(block));
        ++next_;
        ++written;
    }
    if (next_ == end_)
        CODEX_CHECK(sink_.flush());
    return written;
}

} // namespace codex::exchange

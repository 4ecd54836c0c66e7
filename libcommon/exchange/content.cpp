#include "exchange/content.hpp"

#include <algorithm>

namespace codex::exchange {
namespace {

constexpr std::uint64_t kPieceBlocks = 32;
constexpr std::uint64_t kPieceBytes = std::uint64_t{4} << 20;

} // namespace

Result<std::shared_ptr<Content>> Content::open(const repo::Repo& repo, const Cid& manifest,
                                               const codec::Manifest& decoded,
                                               dataset::ByteRange range) {
    CODEX_TRY(bytes, dataset::clamp(range, decoded.content_size_bytes()));
    const IndexRange blocks = dataset::blocks_of(decoded, bytes);
    std::shared_ptr<Content> content(
        new Content(repo, decoded.tree, decoded.block_size_bytes, bytes, blocks));
    if (auto part = repo.partial_tree(manifest)) {
        content->part_ = std::move(*part);
        return content;
    }
    CODEX_SET(content->whole_, repo.tree(decoded.tree)); // it has become whole
    return content;
}

/// The next blocks whose digests are known.
Result<std::vector<BlockRead>> Content::look(RawBytes& into, std::uint64_t most_bytes) {
    const std::uint64_t most =
        std::clamp<std::uint64_t>(std::min(kPieceBytes, most_bytes) / block_size_, 1, kPieceBlocks);
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
    into.resize(known * block_size_);
    std::vector<BlockRead> blocks(known);
    for (std::size_t i = 0; i < known; ++i) {
        blocks[i].cid = Cid::block(digests[i]);
        blocks[i].buffer = MutableBytes(into).subspan(i * block_size_, block_size_);
        blocks[i].leaf = {&tree_, next_ + i};
    }
    return blocks;
}

Result<BytesView> Content::read_some(RawBytes& into, std::uint64_t most_bytes) {
    CODEX_TRY(blocks, look(into, most_bytes));
    CODEX_CHECK(repo_.read(blocks));
    std::uint64_t good = 0;
    for (const BlockRead& block : blocks) {
        if (block.state == BlockRead::State::missing || block.state == BlockRead::State::damaged)
            break; // it has come, perhaps, and is not committed; or it comes anew
        if (block.state != BlockRead::State::ok || (block.size != 0 && block.size != block_size_)) {
            if (good != 0)
                break; // those before it first
            return fail(Errc::dataset_damaged, "block {} of {} is damaged in the repo", next_,
                        tree_.text());
        }
        if (block.size == 0)
            std::ranges::fill(block.buffer, std::uint8_t{0}); // it stands for zeros
        ++good;
    }
    const std::uint64_t at = next_ * block_size_;
    const std::uint64_t begin = std::max(range_.begin, at);
    const std::uint64_t end = std::min(range_.end, at + good * block_size_);
    next_ += good;
    return good == 0 ? BytesView() : BytesView(into).subspan(begin - at, end - begin);
}

Result<std::uint64_t> Content::write_some(ByteSink& sink) {
    const std::uint64_t before = next_;
    CODEX_TRY(content, read_some(buffer_));
    std::uint64_t at = std::max(range_.begin, before * block_size_);
    while (!content.empty()) { // a block at a time, for a sink that has room for some
        const auto size = static_cast<std::size_t>(
            std::min<std::uint64_t>(content.size(), block_size_ - at % block_size_));
        CODEX_CHECK(sink.write(content.first(size)));
        content = content.subspan(size);
        at += size;
    }
    if (next_ == end_)
        CODEX_CHECK(sink.flush());
    return next_ - before;
}

} // namespace codex::exchange

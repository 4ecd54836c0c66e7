// The root of a stream: leaves are folded in chunks of a power of two, so that the hash sees whole
// layers and not single pairs; the chunks' roots ("peaks") join like the bits of a binary counter.
//
// Why this equals the layers of codex-tree(5), CONSTRUCTION: a chunk of 2^h leaves that starts at a
// multiple of 2^h has no odd node inside, and only the last node of a layer can be odd. So every
// complete subtree is hashed with keys 0 and 1 alone, and the odd keys appear only on the way from
// the last leaf to the root, which finish() walks.
#include "merkle/tree.hpp"

#include <algorithm>

namespace codex::merkle {

namespace {

constexpr std::size_t kChunkHeight = 10;
constexpr std::size_t kChunk = std::size_t{1} << kChunkHeight;

} // namespace

StreamingRoot::StreamingRoot(const TreeHash& hash) : hash_(&hash) {
    chunk_.reserve(kChunk);
}

void StreamingRoot::add(std::span<const Digest> leaves) {
    count_ += leaves.size();
    while (!leaves.empty()) {
        // A full chunk waits until another leaf proves that it is not the whole tree's last one.
        if (chunk_.size() == kChunk)
            fold_chunk();
        const std::size_t taken = std::min(kChunk - chunk_.size(), leaves.size());
        chunk_.insert(chunk_.end(), leaves.begin(), leaves.begin() + static_cast<long>(taken));
        leaves = leaves.subspan(taken);
    }
}

void StreamingRoot::fold_chunk() {
    for (std::size_t size = kChunk; size > 1; size /= 2)
        next_layer(*hash_, std::span(chunk_).first(size), size == kChunk,
                   std::span(chunk_).first(size / 2));
    Digest peak = chunk_.front();
    chunk_.clear();
    std::size_t height = 0;
    for (; height < peaks_.size() && peaks_[height]; ++height) {
        peak = hash_->pair(*peaks_[height], peak, kKeyInner);
        peaks_[height].reset();
    }
    if (height == peaks_.size())
        peaks_.emplace_back();
    peaks_[height] = peak;
}

Result<Digest> StreamingRoot::finish() {
    if (count_ == 0)
        return fail(Errc::merkle_empty, "a tree needs at least one leaf");
    // The last chunk (1 to kChunk leaves) becomes one node: the last of its layer. When the tree is
    // higher than the chunk, the node climbs alone (odd key) to the chunk's height; else it is the
    // root when one node is left, but at least one compression is done.
    const bool alone = std::none_of(peaks_.begin(), peaks_.end(),
                                    [](const auto& peak) { return peak.has_value(); });
    std::size_t size = chunk_.size();
    std::size_t height = 0;
    while (alone ? size > 1 || height == 0 : height < kChunkHeight) {
        const std::size_t next = (size + 1) / 2;
        next_layer(*hash_, std::span(chunk_).first(size), height == 0,
                   std::span(chunk_).first(next));
        size = next;
        ++height;
    }
    Digest node = chunk_.front();
    // Then up the counter: a peak of the same height is the left neighbour; without one the node is
    // odd, as long as there are higher peaks left.
    std::size_t remaining = static_cast<std::size_t>(std::count_if(
        peaks_.begin(), peaks_.end(), [](const auto& peak) { return peak.has_value(); }));
    for (std::size_t i = 0; remaining > 0; ++i) {
        if (peaks_[i]) {
            node = hash_->pair(*peaks_[i], node, kKeyInner);
            --remaining;
        } else {
            node = hash_->pair(node, Digest{}, kKeyInner | kKeyOdd);
        }
    }
    chunk_.clear();
    peaks_.clear();
    count_ = 0;
    return node;
}

} // namespace codex::merkle

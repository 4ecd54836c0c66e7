#include "dataset/detail/held_blocks.hpp"

#include "merkle/tree.hpp"

#include <algorithm>

namespace codex::dataset::detail {

namespace {

constexpr std::size_t kMaxBytes = std::size_t{32} << 20;
/// What a block costs beside its bytes, about.
constexpr std::size_t kOverheadBytes = 160;

bool is_root(const Digest& root, std::span<const Digest> leaves) {
    merkle::StreamingRoot tree;
    tree.add(leaves);
    const auto found = tree.finish();
    return found && *found == root;
}

} // namespace

bool HeldBlocks::add(const Digest& digest, BytesView data) {
    const bool known = blocks_.contains(digest);
    const std::size_t cost = kOverheadBytes + (known ? 0 : data.size());
    if (bytes_ + cost > kMaxBytes)
        return false;
    bytes_ += cost;
    arrivals_.push_back(digest);
    if (!known)
        blocks_.emplace(digest, Block{Bytes(data.begin(), data.end()), false});
    return true;
}

std::optional<LeafOrder> HeldBlocks::order_of(const codec::Manifest& manifest) const {
    const std::uint64_t count = manifest.blocks_count();
    const Digest root = manifest.tree.digest32();
    if (count <= arrivals_.size()) {
        LeafOrder order;
        order.count = count;
        order.listed.assign(arrivals_.end() - static_cast<std::ptrdiff_t>(count), arrivals_.end());
        if (is_root(root, order.listed))
            return order;
        std::reverse(order.listed.begin(), order.listed.end());
        if (is_root(root, order.listed))
            return order;
    }
    if (manifest.is_protected())
        return std::nullopt;
    std::vector<Candidate> candidates;
    for (const auto& [digest, block] : blocks_)
        candidates.push_back(candidate(digest, block.data));
    return find_leaf_order(manifest, candidates);
}

void HeldBlocks::mark_stored(const LeafOrder& order) {
    for (auto& [digest, block] : blocks_)
        block.stored = block.stored || digest == order.repeated || digest == order.last;
    for (const Digest& leaf : order.listed)
        blocks_.at(leaf).stored = true;
}

Result<void>
HeldBlocks::drain(const std::function<Result<void>(std::span<const repo::Restored>)>& use) {
    std::vector<repo::Restored> rest;
    for (const auto& [digest, block] : blocks_)
        if (!block.stored && !block.data.empty())
            rest.push_back({Cid::block(digest), block.data});
    CODEX_CHECK(use(rest));
    arrivals_.clear();
    blocks_.clear();
    bytes_ = 0;
    return {};
}

} // namespace codex::dataset::detail

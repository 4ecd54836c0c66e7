#include "dataset/detail/shared_blocks.hpp"

#include "base/checked.hpp"
#include "base/endian.hpp"

#include <algorithm>

namespace codex::dataset::detail {

namespace {

constexpr std::uint64_t kLeavesAtOnce = 16384;

/// Slices of equal size by the head of the digest, in its order.
std::uint64_t slice_of(const HalfDigest& block, std::uint64_t slices) {
    return (block.high >> 32) * slices >> 32;
}

} // namespace

HalfDigest half_of(const Digest& digest) {
    return {load_be<std::uint64_t>(digest.data()), load_be<std::uint64_t>(digest.data() + 8)};
}

Result<SharedBlocks> SharedBlocks::find(const erasure::Layout& layout, const LeafSource& leaves) {
    SharedBlocks shared;
    const std::uint64_t slices = div_up(layout.total_blocks(), kMostPlaces);
    for (std::uint64_t slice = 0; slice < slices; ++slice) {
        CODEX_CHECK(shared.collect(layout, leaves, slice, slices));
        shared.keep_shared();
    }
    shared.found_ = {};
    return shared;
}

Result<void> SharedBlocks::collect(const erasure::Layout& layout, const LeafSource& leaves,
                                   std::uint64_t slice, std::uint64_t slices) {
    found_.clear();
    std::vector<Digest> batch;
    for (std::uint64_t first = 0; first < layout.total_blocks(); first += batch.size()) {
        batch.resize(
            static_cast<std::size_t>(std::min(kLeavesAtOnce, layout.total_blocks() - first)));
        CODEX_CHECK(leaves(first, batch));
        for (std::size_t i = 0; i < batch.size(); ++i) {
            const HalfDigest block = half_of(batch[i]);
            if (slice_of(block, slices) == slice && !layout.is_padding(first + i))
                found_.push_back({block, layout.position(first + i), 1});
        }
        // More than its share: blocks that are repeated over and over.
        if (found_.size() > 2 * kMostPlaces)
            merge();
        if (found_.size() > 2 * kMostPlaces) {
            complete_ = false; // digests that somebody chose
            found_.resize(kMostPlaces);
        }
    }
    merge();
    return {};
}

/// One entry for each block and slot, in this order.
void SharedBlocks::merge() {
    const auto key = [](const Place& place) { return std::pair(place.block, place.slot); };
    std::ranges::sort(found_, {}, key);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < found_.size(); ++i) {
        if (kept > 0 && key(found_[kept - 1]) == key(found_[i]))
            found_[kept - 1].count += found_[i].count;
        else
            found_[kept++] = found_[i];
    }
    found_.resize(kept);
}

void SharedBlocks::keep_shared() {
    for (std::size_t begin = 0, end = 0; begin < found_.size(); begin = end) {
        std::uint64_t count = 0;
        for (; end < found_.size() && found_[end].block == found_[begin].block; ++end)
            count += found_[end].count;
        if (end - begin < 2)
            continue;
        places_ += count;
        std::vector<std::uint32_t> slots;
        for (std::size_t i = begin; i < end; ++i)
            slots.push_back(found_[i].slot);
        keep(found_[begin].block, std::move(slots));
    }
}

void SharedBlocks::keep(const HalfDigest& block, std::vector<std::uint32_t> slots) {
    const std::size_t more = slots.size();
    const auto number = static_cast<std::uint32_t>(sets_.size());
    const auto known = numbers_.find(slots);
    if (blocks_.size() == kMostBlocks || (known == numbers_.end() && slots_ + more > kMostSlots)) {
        complete_ = false;
        return;
    }
    if (known != numbers_.end()) {
        blocks_.push_back({block, known->second});
        return;
    }
    const auto [made, fresh] = numbers_.emplace(std::move(slots), number);
    sets_.push_back(&made->first);
    slots_ += more;
    blocks_.push_back({block, number});
}

std::optional<std::uint32_t> SharedBlocks::of_block(const Digest& digest) const {
    const HalfDigest block = half_of(digest);
    const auto found = std::ranges::lower_bound(blocks_, block, {}, &Block::block);
    if (found == blocks_.end() || found->block != block)
        return std::nullopt;
    return found->set;
}

} // namespace codex::dataset::detail

#include "dataset/detail/leaf_order.hpp"

#include "base/checked.hpp"
#include "merkle/tree.hpp"

#include <bit>

namespace codex::dataset::detail {

namespace {

constexpr std::uint64_t kMaxHashes = std::uint64_t{1} << 22;

/// The root over `count` leaves that are all `leaf` but the last: O(log count), since every layer
/// is again all one node but its last (codex-tree(5), CONSTRUCTION).
Digest root_of_run(const Digest& leaf, const Digest& last, std::uint64_t count) {
    const merkle::TreeHash& hash = merkle::sha256_tree();
    Digest node = leaf;
    Digest end = last;
    std::uint8_t key = merkle::kKeyBottom;
    do {
        end = count % 2 == 1
                  ? hash.pair(end, Digest{}, static_cast<std::uint8_t>(key | merkle::kKeyOdd))
                  : hash.pair(node, end, key);
        if (count > 2)
            node = hash.pair(node, node, key);
        key = merkle::kKeyInner;
        count = div_up(count, 2);
    } while (count > 1);
    return end;
}

class Search {
public:
    Search(const codec::Manifest& manifest, std::span<const Candidate> candidates)
        : root_(manifest.tree.digest32()), count_(manifest.blocks_count()) {
        // The last block ends in the padding, at least.
        const std::uint64_t tail = manifest.dataset_size_bytes % manifest.block_size_bytes;
        for (const Candidate& candidate : candidates) {
            if (candidate.size_bytes != manifest.block_size_bytes)
                continue;
            blocks_.push_back(candidate.digest);
            can_end_.push_back(tail == 0 || candidate.used_bytes <= tail);
        }
    }

    std::optional<LeafOrder> run() {
        if (count_ <= kMaxUnlistedLeaves) {
            if (auto found = one_block_all_along())
                return found;
            if (auto found = one_block_and_an_end())
                return found;
        }
        return any_order();
    }

private:
    std::optional<LeafOrder> one_block_all_along() const {
        for (std::size_t i = 0; i < blocks_.size(); ++i)
            if (can_end_[i] && root_of_run(blocks_[i], blocks_[i], count_) == root_)
                return run_of(blocks_[i], blocks_[i]);
        return std::nullopt;
    }

    std::optional<LeafOrder> one_block_and_an_end() const {
        std::uint64_t ends = 0;
        for (const bool can : can_end_)
            ends += can ? 1 : 0;
        const std::uint64_t hashes = 2 * static_cast<std::uint64_t>(std::bit_width(count_));
        const auto pairs = checked_mul(ends, blocks_.size());
        if (count_ < 2 || !pairs || *pairs > kMaxHashes / hashes)
            return std::nullopt;
        for (std::size_t end = 0; end < blocks_.size(); ++end)
            for (std::size_t i = 0; can_end_[end] && i < blocks_.size(); ++i)
                if (root_of_run(blocks_[i], blocks_[end], count_) == root_)
                    return run_of(blocks_[i], blocks_[end]);
        return std::nullopt;
    }

    LeafOrder run_of(const Digest& leaf, const Digest& last) const {
        return {.count = count_, .listed = {}, .repeated = leaf, .last = last};
    }

    /// Every block at most once, every order.
    std::optional<LeafOrder> any_order() {
        if (count_ > blocks_.size())
            return std::nullopt;
        std::uint64_t orders = 1;
        for (std::uint64_t i = 0; i < count_; ++i) {
            const auto more = checked_mul(orders, blocks_.size() - i);
            if (!more || *more > kMaxHashes / count_)
                return std::nullopt;
            orders = *more;
        }
        used_.assign(blocks_.size(), false);
        order_.resize(count_);
        scratch_.resize(count_);
        if (!place(0))
            return std::nullopt;
        return LeafOrder{.count = count_, .listed = order_};
    }

    bool place(std::size_t position) {
        if (position == count_)
            return root_of_order() == root_;
        for (std::size_t i = 0; i < blocks_.size(); ++i) {
            if (used_[i] || (position + 1 == count_ && !can_end_[i]))
                continue;
            used_[i] = true;
            order_[position] = blocks_[i];
            if (place(position + 1))
                return true;
            used_[i] = false;
        }
        return false;
    }

    Digest root_of_order() {
        scratch_ = order_;
        std::span<Digest> layer = scratch_;
        bool bottom = true;
        do {
            const std::span<Digest> parents = layer.first(div_up(layer.size(), 2));
            merkle::next_layer(merkle::sha256_tree(), layer, bottom, parents);
            layer = parents;
            bottom = false;
        } while (layer.size() > 1);
        return layer.front();
    }

    Digest root_;
    std::uint64_t count_;
    std::vector<Digest> blocks_;
    std::vector<bool> can_end_;
    std::vector<bool> used_;
    std::vector<Digest> order_;
    std::vector<Digest> scratch_;
};

} // namespace

Candidate candidate(const Digest& digest, BytesView data) {
    std::size_t used = data.size();
    while (used > 0 && data[used - 1] == 0)
        --used;
    return {digest, static_cast<std::uint32_t>(data.size()), static_cast<std::uint32_t>(used)};
}

std::optional<LeafOrder> find_leaf_order(const codec::Manifest& manifest,
                                         std::span<const Candidate> candidates) {
    return Search(manifest, candidates).run();
}

} // namespace codex::dataset::detail

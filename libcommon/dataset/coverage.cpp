#include "dataset/coverage.hpp"

#include "dataset/detail/damage.hpp"
#include "dataset/detail/shared_blocks.hpp"

#include <algorithm>
#include <set>

namespace codex::dataset {

using detail::SharedBlocks;
using erasure::Layout;

namespace {

/// A set of slots, and how many blocks of the column stand in all of them.
struct Shared {
    std::uint32_t set = 0;
    std::uint64_t blocks = 0;
    friend bool operator==(const Shared&, const Shared&) = default;
};

/// One column: how many slots have to be lost until more than m of its blocks are.
class ColumnBound {
public:
    ColumnBound(const Layout& layout, const SharedBlocks& shared)
        : shared_(shared), enough_(std::uint64_t{layout.m()} + 1), own_(layout.rows()) {}

    /// `own`: for each slot 1 where it has a block of this column that stands in no other slot.
    /// `groups`: the blocks that do. With fewer slots than this gives no column like it is lost.
    std::uint64_t at_least(std::span<const std::uint8_t> own, std::vector<Shared> groups) {
        if (least_ != 0 && std::ranges::equal(own, own_) && groups == groups_)
            return least_; // as the column before
        std::ranges::copy(own, own_.begin());
        groups_ = groups;
        std::ranges::sort(groups, std::greater{},
                          [this](const Shared& s) { return shared_.slots(s.set).size(); });
        // So many slots take, at most, all blocks of the most widespread groups and, of the rest,
        // what the best slots have. Whichever groups are counted in full, it is a bound.
        covered_.assign(own_.begin(), own_.end());
        std::uint64_t in_full = 0;
        for (const Shared& group : groups)
            in_full += group.blocks;
        least_ = slots_needed(in_full);
        for (std::size_t left = groups.size(); left-- > 0;) {
            in_full -= groups[left].blocks;
            cover(groups[left]);
            if ((left & (left - 1)) == 0)
                least_ = std::max(least_, slots_needed(in_full));
        }
        return least_;
    }

    /// Whether so many slots, chosen greedily, do lose the column of the last at_least().
    bool lost_with(std::uint64_t slots) {
        std::vector<Shared> left = groups_;
        std::vector<std::uint8_t> own = own_;
        std::uint64_t lost = 0;
        for (; slots > 0 && lost < enough_; --slots) {
            covered_.assign(own.begin(), own.end());
            for (const Shared& group : left)
                cover(group);
            const auto best = std::ranges::max_element(covered_);
            const auto slot = static_cast<std::uint32_t>(best - covered_.begin());
            lost += *best;
            own[slot] = 0;
            std::erase_if(left, [&](const Shared& group) {
                return std::ranges::binary_search(shared_.slots(group.set), slot);
            });
        }
        return lost >= enough_;
    }

private:
    void cover(const Shared& group) {
        for (const std::uint32_t slot : shared_.slots(group.set))
            covered_[slot] += group.blocks;
    }

    /// The fewest slots whose covered_ together with `in_full` are more than m.
    std::uint64_t slots_needed(std::uint64_t in_full) {
        sorted_ = covered_;
        std::ranges::sort(sorted_, std::greater{});
        std::uint64_t sum = in_full;
        for (std::size_t i = 0; i < sorted_.size(); ++i) {
            sum += sorted_[i];
            if (sum >= enough_)
                return i + 1;
        }
        return sorted_.size();
    }

    const SharedBlocks& shared_;
    std::uint64_t enough_;
    std::vector<std::uint8_t> own_;
    std::vector<Shared> groups_;
    std::vector<std::uint64_t> covered_, sorted_;
    std::uint64_t least_ = 0;
};

/// All columns, a few at a time.
class Search {
public:
    Search(const Layout& layout, const detail::LeafSource& leaves, const SharedBlocks& shared)
        : layout_(layout), leaves_(leaves), shared_(shared), bound_(layout, shared),
          least_(std::uint64_t{layout.m()} + 1) {}

    Result<Coverage> run() {
        const std::uint64_t rows = layout_.rows();
        const std::uint64_t width =
            std::clamp<std::uint64_t>(kLeavesAtOnce / rows, 1, layout_.steps);
        std::vector<Digest> strip(static_cast<std::size_t>(rows * width));
        for (std::uint64_t first = 0; first < layout_.steps; first += width) {
            const std::uint64_t columns = std::min(width, layout_.steps - first);
            for (std::uint32_t row = 0; row < rows; ++row)
                CODEX_CHECK(leaves_(layout_.index(first, row),
                                    std::span(strip).subspan(row * width, columns)));
            for (std::uint64_t i = 0; i < columns; ++i)
                look_at(first + i, std::span<const Digest>(strip).subspan(i), width);
        }
        return Coverage{shared_.places(), static_cast<std::uint32_t>(least_ - 1), exact_};
    }

private:
    static constexpr std::uint64_t kLeavesAtOnce = 65536;
    static constexpr unsigned kMostAttempts = 1000;

    /// The leaf of row r is blocks[r * stride].
    void look_at(std::uint64_t column, std::span<const Digest> blocks, std::uint64_t stride) {
        const std::size_t rows = layout_.rows();
        own_.assign(rows, 0);
        std::vector<std::pair<std::uint32_t, detail::HalfDigest>> found;
        for (std::uint32_t row = 0; row < rows; ++row) {
            if (layout_.is_padding(layout_.index(column, row)))
                continue;
            const Digest& digest = blocks[row * stride];
            if (const auto set = shared_.of_block(digest))
                found.emplace_back(*set, detail::half_of(digest));
            else
                own_[row] = 1;
        }
        if (found.empty())
            return; // m + 1 slots, as it should be
        // Blocks of one set of slots are lost together: they count as one group.
        std::ranges::sort(found);
        std::vector<Shared> groups;
        for (const auto& [set, block] : found) {
            if (groups.empty() || groups.back().set != set)
                groups.push_back({set, 0});
            ++groups.back().blocks;
        }
        take_note(bound_.at_least(own_, std::move(groups)));
    }

    void take_note(std::uint64_t slots) {
        if (slots < least_) {
            least_ = slots;
            exact_ = false;
        }
        if (slots == least_ && !exact_ && attempts_ < kMostAttempts) {
            ++attempts_;
            exact_ = bound_.lost_with(slots);
        }
    }

    const Layout& layout_;
    const detail::LeafSource& leaves_;
    const SharedBlocks& shared_;
    ColumnBound bound_;
    std::vector<std::uint8_t> own_;
    std::uint64_t least_; // slots that may lose a column, of all columns
    bool exact_ = true;   // any m + 1 slots do, where they have a block each
    unsigned attempts_ = 0;
};

} // namespace

Result<Coverage> coverage(const Job& job, const codec::Manifest& manifest) {
    CODEX_TRY(layout, Layout::of(manifest));
    CODEX_TRY(tree, job.repo.tree(manifest.tree));
    CODEX_CHECK(detail::check_leaf_count(tree, layout.total_blocks()));
    const detail::LeafSource leaves = [&](std::uint64_t first,
                                          std::span<Digest> out) -> Result<void> {
        CODEX_CHECK(job.go_on());
        return tree.leaves(first, out);
    };
    CODEX_TRY(shared, SharedBlocks::find(layout, leaves));
    if (!shared.complete())
        return Coverage{shared.places(), 0, false};
    if (shared.places() == 0)
        return Coverage{0, layout.m(), true};
    return Search(layout, leaves, shared).run();
}

Result<SharedLoss> lost_beside(const Job& job, const codec::Manifest& manifest,
                               std::span<const std::uint64_t> indices) {
    std::optional<Layout> layout;
    if (manifest.is_protected()) {
        CODEX_SET(layout, Layout::of(manifest));
    }
    CODEX_TRY(tree, job.repo.tree(manifest.tree));
    const Cid& empty = Cid::empty_block();
    std::vector<detail::HalfDigest> named;
    Digest leaf;
    for (const std::uint64_t index : indices) {
        CODEX_CHECK(tree.leaves(index, {&leaf, 1}));
        if (leaf != empty.digest32())
            named.push_back(detail::half_of(leaf));
    }
    std::ranges::sort(named);
    SharedLoss loss;
    std::set<std::uint64_t> slots;
    std::vector<Digest> batch;
    constexpr std::uint64_t kLeavesAtOnce = 16384;
    for (std::uint64_t first = 0; first < tree.leaf_count(); first += batch.size()) {
        CODEX_CHECK(job.go_on());
        batch.resize(static_cast<std::size_t>(std::min(kLeavesAtOnce, tree.leaf_count() - first)));
        CODEX_CHECK(tree.leaves(first, batch));
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (!std::ranges::binary_search(named, detail::half_of(batch[i])) ||
                std::ranges::binary_search(indices, first + i))
                continue;
            ++loss.blocks;
            slots.insert(layout ? layout->position(first + i) : 0);
        }
    }
    loss.slots.assign(slots.begin(), slots.end());
    return loss;
}

} // namespace codex::dataset

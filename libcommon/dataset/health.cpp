// What is there of a dataset, and taking some of it away for tests.
#include "base/counted.hpp"
#include "dataset/detail/damage.hpp"

#include <algorithm>

namespace codex::dataset {

bool Health::repairable() const {
    return whole() || (manifest.is_protected() && lost_columns.empty());
}

Result<Health> health(const Job& job, const Cid& manifest, bool data) {
    CODEX_TRY(info, job.repo.dataset(manifest));
    Health health;
    health.manifest = std::move(info.manifest);
    health.blocks = health.manifest.blocks_count();
    std::optional<erasure::Layout> layout;
    if (health.manifest.is_protected()) {
        CODEX_SET(layout, erasure::Layout::of(health.manifest));
    }
    CODEX_TRY(tree, job.repo.tree(health.manifest.tree));
    CODEX_TRY(leaves, detail::best_leaves(job, health.manifest, tree));
    health.tree_damaged = leaves.tree_damaged;
    job.expect(health.blocks * health.manifest.block_size_bytes);
    CODEX_TRY(damage, detail::find_damage(job, leaves.reader(tree), health.blocks,
                                          health.manifest.block_size_bytes, data));
    if (layout)
        health.lost_columns = detail::columns_beyond_parity(*layout, damage.all());
    health.missing = std::move(damage.missing);
    health.damaged = std::move(damage.damaged);
    return health;
}

Result<Error> way_back(const Job& job, const Health& health) {
    Error error(Errc::dataset_damaged);
    if (health.manifest.is_protected())
        return std::move(error).remedy(
            {Remedy::repair_dataset,
             health.repairable() ? "restore it" : "see what must come from somewhere else"});
    CODEX_TRY(others, detail::protectors(job.repo, health.manifest.tree));
    return detail::way_back_of_plain(std::move(error), !others.empty());
}

Beyond beyond_repair(const erasure::Layout& layout, std::span<const std::uint64_t> lost) {
    Beyond beyond;
    std::vector<std::uint64_t> order(lost.begin(), lost.end());
    std::ranges::sort(order, {},
                      [&](std::uint64_t index) { return std::pair(layout.column(index), index); });
    for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
        const std::uint64_t column = layout.column(order[begin]);
        while (end < order.size() && layout.column(order[end]) == column)
            ++end;
        const std::size_t count = end - begin;
        beyond.columns.push_back({column, count});
        const std::size_t needed = count > layout.m() ? count - layout.m() : count;
        const auto first = order.begin() + static_cast<std::ptrdiff_t>(begin);
        beyond.needed.insert(beyond.needed.end(), first,
                             first + static_cast<std::ptrdiff_t>(needed));
    }
    std::ranges::sort(beyond.needed);
    return beyond;
}

namespace {

/// "0 (3), 2 (4)", with how many blocks each lost, or "0, 2".
std::string list_of(const std::vector<Beyond::Column>& columns, bool with_counts) {
    std::string list;
    for (std::size_t i = 0; i < std::min(kMostNamed, columns.size()); ++i)
        list += fmt::format("{}{}{}", i == 0 ? "" : ", ", columns[i].column,
                            with_counts ? fmt::format(" ({})", columns[i].lost) : "");
    return columns.size() > kMostNamed ? list + ", ..." : list;
}

} // namespace

Error unrepairable(const erasure::Layout& layout, std::span<const std::uint64_t> lost) {
    CODEX_ASSERT(!lost.empty());
    const Beyond beyond = beyond_repair(layout, lost);
    // Enough blocks, all of them what the tree says, and still another result: whoever made the
    // dataset put in parity that its data does not give.
    std::vector<Beyond::Column> short_ones, wrong_ones;
    for (const Beyond::Column& column : beyond.columns)
        (column.lost > layout.m() ? short_ones : wrong_ones).push_back(column);
    std::string text;
    if (short_ones.size() == 1)
        text = fmt::format("column {} lost {}, parity covers {}", short_ones.front().column,
                           counted(short_ones.front().lost, "block"), layout.m());
    else if (!short_ones.empty())
        text = fmt::format("{} columns lost more blocks than the {} that parity covers: {}",
                           short_ones.size(), layout.m(), list_of(short_ones, true));
    if (!wrong_ones.empty())
        text +=
            fmt::format("{}the parity of {} {} does not fit the data", text.empty() ? "" : "; ",
                        wrong_ones.size() == 1 ? "column" : "columns", list_of(wrong_ones, false));
    return Error(Errc::erasure_unrepairable,
                 fmt::format("{}; {} from somewhere else", text,
                             counted(beyond.needed.size(), "block must come", "blocks must come")))
        .remedy({Remedy::repair_dataset, "which they are, and how to put them"});
}

namespace {

/// The blocks of these tree indices, each once, and no padding.
Result<std::vector<Cid>> blocks_of(const Job& job, const Cid& manifest,
                                   std::span<const std::uint64_t> indices) {
    CODEX_TRY(info, job.repo.dataset(manifest));
    CODEX_TRY(tree, job.repo.tree(info.manifest.tree));
    std::vector<Cid> cids;
    for (const std::uint64_t index : indices) {
        if (index >= tree.leaf_count())
            return fail(Errc::merkle_index, "block {}: the dataset has blocks 0 to {}", index,
                        tree.leaf_count() - 1);
        Digest leaf;
        CODEX_CHECK(tree.leaves(index, {&leaf, 1}));
        const Cid cid = Cid::block(leaf);
        if (!cid.is_empty_block())
            cids.push_back(cid);
    }
    std::ranges::sort(cids);
    cids.erase(std::unique(cids.begin(), cids.end()), cids.end());
    return cids;
}

} // namespace

Result<std::uint64_t> erase(const Job& job, const Cid& manifest,
                            std::span<const std::uint64_t> indices) {
    CODEX_TRY(cids, blocks_of(job, manifest, indices));
    return job.repo.drop_bytes(cids);
}

Result<std::uint64_t> erasable(const Job& job, const Cid& manifest,
                               std::span<const std::uint64_t> indices) {
    CODEX_TRY(cids, blocks_of(job, manifest, indices));
    std::uint64_t there = 0;
    for (const Cid& cid : cids) {
        CODEX_TRY(block, job.repo.stat(cid));
        there += block && block->present ? 1 : 0;
    }
    return there;
}

} // namespace codex::dataset

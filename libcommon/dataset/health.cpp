// What is there of a dataset, and taking some of it away for tests.
#include "dataset/detail/damage.hpp"

#include <algorithm>
#include <fmt/ranges.h>

namespace codex::dataset {

bool Health::repairable() const {
    return whole() || (manifest.is_protected() && lost_columns.empty());
}

Result<Health> health(const Job& job, const Cid& manifest, bool data) {
    CODEX_TRY(info, job.repo->dataset(manifest));
    Health health;
    health.manifest = std::move(info.manifest);
    health.blocks = health.manifest.blocks_count();
    std::optional<erasure::Layout> layout;
    if (health.manifest.is_protected()) {
        CODEX_TRY(of, erasure::Layout::of(health.manifest));
        layout = of;
    }
    CODEX_TRY(tree, job.repo->tree(health.manifest.tree));
    CODEX_TRY(leaves, detail::best_leaves(job, health.manifest, tree));
    health.tree_damaged = leaves.tree_damaged;
    if (job.progress)
        job.progress->total_bytes += health.blocks * health.manifest.block_size_bytes;
    CODEX_TRY(damage, detail::find_damage(job, leaves.reader(tree), health.blocks,
                                          health.manifest.block_size_bytes, data));
    if (layout)
        health.lost_columns = detail::columns_beyond_parity(*layout, damage.all());
    health.missing = std::move(damage.missing);
    health.damaged = std::move(damage.damaged);
    return health;
}

Error unrepairable(const erasure::Layout& layout, std::span<const std::uint64_t> lost) {
    CODEX_ASSERT(!lost.empty());
    const std::vector<std::uint64_t> beyond = detail::columns_beyond_parity(layout, lost);
    const std::uint64_t column = beyond.empty() ? layout.column(lost.front()) : beyond.front();
    std::vector<std::uint64_t> blocks;
    for (const std::uint64_t index : lost)
        if (layout.column(index) == column)
            blocks.push_back(index);
    constexpr std::size_t kShown = 16;
    const std::string list = fmt::format(
        "{}{}", fmt::join(std::span(blocks).first(std::min(kShown, blocks.size())), ", "),
        blocks.size() > kShown ? ", ..." : "");

    // Enough blocks, all of them what the tree says, and still another result: whoever made the
    // dataset put in parity that its data does not give.
    if (beyond.empty())
        return Error(Errc::erasure_unrepairable,
                     fmt::format("column {}: its parity does not fit its data", column))
            .hint(fmt::format("fetch {} {} from where they are whole",
                              blocks.size() == 1 ? "block" : "blocks", list));
    std::string text =
        fmt::format("column {} lost {} blocks, parity covers {}", column, blocks.size(), layout.m);
    if (beyond.size() > 1)
        text += fmt::format("; so did {} more {}", beyond.size() - 1,
                            beyond.size() == 2 ? "column" : "columns");
    return Error(Errc::erasure_unrepairable, std::move(text))
        .hint(fmt::format("fetch {} of blocks {} first", blocks.size() - layout.m, list));
}

Result<std::uint64_t> erase(const Job& job, const Cid& manifest,
                            std::span<const std::uint64_t> indices) {
    CODEX_TRY(info, job.repo->dataset(manifest));
    CODEX_TRY(tree, job.repo->tree(info.manifest.tree));
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
    return job.repo->drop_bytes(cids);
}

} // namespace codex::dataset

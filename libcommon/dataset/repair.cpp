// repair: every missing and damaged block that parity covers, then the tree (spec 01 section 5.5).
#include "dataset/detail/damage.hpp"

#include <algorithm>

namespace codex::dataset {

namespace {

/// There is nothing to compute a plain dataset's blocks from.
Result<RepairReport> repair_plain(const Job& job, const Cid& manifest) {
    CODEX_TRY(state, health(job, manifest, true));
    if (state.whole())
        return RepairReport{};
    const std::size_t lost = state.missing.size() + state.damaged.size();
    return fail(Error(Errc::erasure_unrepairable,
                      fmt::format("has no parity, and {}",
                                  lost ? fmt::format("lost {} of {} blocks", lost, state.blocks)
                                       : std::string("its tree record is damaged")))
                    .hint("repair a protected dataset made from it: the data blocks are shared"));
}

/// Leaves that cannot be relied on. When all leaves together give the root, all are right, whatever
/// the nodes above them say.
Result<std::vector<std::uint64_t>> untrusted_leaves(const repo::StoredTree& tree,
                                                    std::span<const Digest> leaves) {
    CODEX_TRY(given, detail::tree_cid(leaves));
    if (given == tree.cid())
        return std::vector<std::uint64_t>();
    return tree.check();
}

std::vector<std::uint64_t> columns_of(const erasure::Layout& layout,
                                      std::span<const std::uint64_t> indices) {
    std::vector<std::uint64_t> columns;
    for (const std::uint64_t index : indices)
        columns.push_back(layout.column(index));
    std::sort(columns.begin(), columns.end());
    columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
    return columns;
}

/// Rebuilds the records of the protected tree and, where it is kept here, of the plain one.
Result<bool> mend_trees(const Job& job, const codec::Manifest& manifest,
                        std::span<const Digest> leaves) {
    CODEX_TRY(mended, detail::mend_tree(job, manifest.tree, leaves));
    auto plain = detail::mend_tree(job, manifest.erasure->original_tree,
                                   leaves.first(manifest.original_blocks_count()));
    if (!plain && plain.error().code() != Errc::block_not_found)
        return plain;
    return mended || (plain && *plain);
}

} // namespace

Result<RepairReport> repair(const Job& job, const Cid& manifest) {
    CODEX_TRY(info, job.repo->dataset(manifest));
    if (!info.manifest.is_protected())
        return repair_plain(job, manifest);
    CODEX_TRY(columns, detail::Columns::open(job, info.manifest));
    const erasure::Layout& layout = columns.layout();
    CODEX_TRY(leaves, detail::all_leaves(columns.tree()));
    detail::set_padding(layout, leaves);
    CODEX_TRY(untrusted, untrusted_leaves(columns.tree(), leaves));

    // A leaf that cannot be trusted but names a block that is here is right: a damaged digest
    // names nothing. In any case the root decides at the end.
    if (job.progress)
        job.progress->total_bytes += layout.total_blocks() * columns.block_size_bytes();
    CODEX_TRY(damage, detail::find_damage(job, leaves, columns.block_size_bytes(), true));
    CODEX_TRY(restored, detail::restore_blocks(job, columns, damage.all(), untrusted));
    for (const auto& [index, digest] : restored.found_leaves)
        leaves[index] = digest;

    RepairReport report;
    report.restored_data = restored.data;
    report.restored_parity = restored.parity;
    report.lost_columns = columns_of(layout, restored.lost);
    report.lost_blocks = std::move(restored.lost);
    auto mended = mend_trees(job, info.manifest, leaves);
    if (mended)
        report.tree_restored = *mended;
    else if (report.lost_blocks.empty()) // else the tree lacks what the lost columns lack
        return fail(std::move(mended).error());
    return report;
}

} // namespace codex::dataset

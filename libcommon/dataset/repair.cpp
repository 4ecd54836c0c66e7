// repair: every missing and damaged block that parity covers, then the tree (codex-ec(1)).
#include "base/counted.hpp"
#include "dataset/detail/damage.hpp"

#include <algorithm>

namespace codex::dataset {

namespace {

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
                        const detail::LeafReader& leaves) {
    CODEX_TRY(mended, detail::mend_tree(job, manifest.tree, leaves, manifest.blocks_count()));
    auto plain = detail::mend_tree(job, manifest.erasure->original_tree, leaves,
                                   manifest.original_blocks_count());
    if (!plain && plain.error().code() != Errc::block_not_found)
        return plain;
    return mended || (plain && *plain);
}

/// The manifest is a block, too, and the dataset's entry has its bytes.
Result<void> mend_manifest(const Job& job, const repo::DatasetInfo& info) {
    const repo::Restored block{info.cid, info.manifest_bytes};
    return job.repo.restore({&block, 1});
}

Result<RepairReport> repair_protected(const Job& job, const repo::DatasetInfo& info) {
    CODEX_TRY(columns, detail::Columns::open(job, info.manifest));
    const erasure::Layout& layout = columns.layout();
    CODEX_TRY(best, detail::best_leaves(job, info.manifest, columns.tree()));
    if (best.spooled)
        columns.use_leaves(best.reader(columns.tree()));

    // A leaf that cannot be trusted but names a block that is here is right: a damaged digest
    // names nothing. In any case the root decides at the end.
    job.expect(layout.total_blocks() * columns.block_size_bytes());
    const detail::LeafReader reader = best.reader(columns.tree());
    const Job here(job.repo, job); // wherever the others are read, the repo is to have all
    CODEX_TRY(damage, detail::find_damage(here, reader, layout.total_blocks(),
                                          columns.block_size_bytes(), true));
    CODEX_TRY(restored, detail::restore_blocks(job, columns, damage.all(), best.untrusted));
    for (const auto& [index, digest] : restored.found_leaves)
        CODEX_CHECK(best.spooled->write(index, {&digest, 1}));

    RepairReport report;
    report.restored_data = restored.data;
    report.restored_parity = restored.parity;
    report.lost_columns = columns_of(layout, restored.lost);
    report.lost_blocks = std::move(restored.lost);
    if (best.spooled)
        CODEX_CHECK(detail::for_each_piece(
            job, reader, layout.total_blocks(), [&](std::uint64_t, std::span<const Digest> piece) {
                report.unknown_blocks +=
                    static_cast<std::uint64_t>(std::ranges::count(piece, Digest{}));
                return Result<void>();
            }));
    auto mended = mend_trees(job, info.manifest, reader);
    CODEX_CHECK(job.go_on()); // else its tree would be reported as lost
    if (mended)
        report.tree_restored = *mended;
    else if (report.lost_blocks.empty()) // else the tree lacks what the lost columns lack
        return fail(std::move(mended).error());
    CODEX_CHECK(mend_manifest(job, info));
    return report;
}

/// There is nothing to compute a plain dataset's blocks from, but the datasets that protect it.
Result<RepairReport> repair_plain(const Job& job, const repo::DatasetInfo& info) {
    CODEX_CHECK(mend_manifest(job, info));
    const Job here(job.repo, job);
    CODEX_TRY(before, health(here, info.cid, true));
    if (before.whole())
        return RepairReport{};
    CODEX_TRY(others, detail::protectors(job.repo, info.manifest.tree));
    RepairReport report;
    for (const repo::DatasetInfo& other : others) {
        CODEX_TRY(done, repair_protected(job, other));
        report.restored_data += done.restored_data;
        report.restored_parity += done.restored_parity;
        report.tree_restored = report.tree_restored || done.tree_restored;
        CODEX_TRY(after, health(here, info.cid, true));
        if (after.whole())
            return report;
        before = std::move(after);
    }
    const std::size_t lost = before.missing.size() + before.damaged.size();
    const std::string what =
        before.tree_damaged ? "its tree record is damaged"
                            : fmt::format("lost {} of {}", lost, counted(before.blocks, "block"));
    if (others.empty())
        return fail(Error(Errc::erasure_unrepairable, fmt::format("has no parity, and {}", what))
                        .remedy({Remedy::put_dataset, "put or import the same data again, which "
                                                      "mends blocks and tree"}));
    return fail(Error(Errc::erasure_unrepairable,
                      fmt::format("{}, more than {} gives back", what, others.front().cid.text()))
                    .remedy(Remedy(Remedy::repair_dataset, "see what must come from somewhere else")
                                .of(others.front().cid.text())));
}

} // namespace

Result<RepairReport> repair(const Job& job, const Cid& manifest) {
    CODEX_TRY(info, job.repo.dataset(manifest));
    return info.manifest.is_protected() ? repair_protected(job, info) : repair_plain(job, info);
}

Error unrepaired(const codec::Manifest& manifest, const erasure::Layout& layout,
                 const RepairReport& report) {
    if (report.unknown_blocks == 0)
        return unrepairable(layout, report.lost_blocks);
    return Error(Errc::erasure_unrepairable,
                 fmt::format("the record of its tree is damaged, so {} of {} not known by "
                             "their CIDs any more, and no other tree here tells them",
                             report.unknown_blocks,
                             counted(layout.total_blocks(), "block is", "blocks are")))
        .remedy({Remedy::put_dataset,
                 fmt::format("put the plain dataset (tree {}) or import it, then repair again",
                             manifest.erasure->original_tree.text())});
}

} // namespace codex::dataset

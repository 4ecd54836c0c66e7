// The leaves of a dataset, also where the record of its tree has lost them.
#include "dataset/detail/damage.hpp"

#include "base/temporary.hpp"

#include <algorithm>

namespace codex::dataset::detail {

namespace {

/// The stored tree, when its first `count` leaves give `wanted`.
Result<std::optional<repo::StoredTree>> tree_with(const Job& job, const Cid& stored,
                                                  std::uint64_t count, const Cid& wanted) {
    auto tree = job.repo.tree(stored);
    if (!tree && tree.error().code() == Errc::block_not_found)
        return std::nullopt;
    if (!tree)
        return fail(std::move(tree).error());
    if (tree->leaf_count() < count)
        return std::nullopt;
    CODEX_TRY(given, tree_cid(job, reader_of(*tree), count));
    return given == wanted ? std::optional(std::move(*tree)) : std::nullopt;
}

Result<void> copy(const Job& job, const repo::StoredTree& from, std::uint64_t count,
                  merkle::Spool& to) {
    return for_each_piece(
        job, reader_of(from), count,
        [&](std::uint64_t first, std::span<const Digest> piece) { return to.write(first, piece); });
}

/// Fills in what a damaged tree need not be asked for.
Result<void> fill_in(const Job& job, const codec::Manifest& manifest, Leaves& leaves) {
    CODEX_TRY(layout, erasure::Layout::of(manifest));
    std::uint64_t known_from = layout.original_blocks;
    CODEX_TRY(data, find_data_tree(job, manifest.erasure->original_tree, layout.original_blocks));
    if (data) {
        CODEX_CHECK(copy(job, *data, layout.original_blocks, *leaves.spooled));
        known_from = 0;
    }
    const Digest padding = Cid::empty_block().digest32();
    for (std::uint64_t index = layout.original_blocks; index < layout.rounded(); ++index)
        CODEX_CHECK(leaves.spooled->write(index, {&padding, 1}));
    std::erase_if(leaves.untrusted, [&](std::uint64_t index) {
        return index >= known_from && index < layout.rounded();
    });
    return {};
}

} // namespace

Result<std::vector<repo::DatasetInfo>> protectors(const repo::Repo& repo, const Cid& plain_tree) {
    std::vector<repo::DatasetInfo> found;
    CODEX_CHECK(repo.for_each_dataset([&](const repo::DatasetInfo& dataset) {
        const auto& erasure = dataset.manifest.erasure;
        if (erasure && erasure->original_tree == plain_tree)
            found.push_back(dataset);
        return true;
    }));
    return found;
}

Result<std::optional<repo::StoredTree>> find_data_tree(const Job& job, const Cid& plain_tree,
                                                       std::uint64_t count) {
    CODEX_TRY(own, tree_with(job, plain_tree, count, plain_tree));
    if (own)
        return own;
    CODEX_TRY(others, protectors(job.repo, plain_tree));
    for (const repo::DatasetInfo& other : others) {
        CODEX_CHECK(job.go_on());
        CODEX_TRY(tree, tree_with(job, other.manifest.tree, count, plain_tree));
        if (tree)
            return tree;
    }
    return std::nullopt;
}

Result<Leaves> best_leaves(const Job& job, const codec::Manifest& manifest,
                           const repo::StoredTree& tree) {
    CODEX_CHECK(check_leaf_count(tree, manifest.blocks_count()));
    Leaves leaves;
    CODEX_TRY(untrusted, tree.check(job));
    CODEX_TRY(header, tree.header_is_good());
    leaves.tree_damaged = !untrusted.empty() || !header;
    if (untrusted.empty())
        return leaves;
    // When all leaves together give the root, all are right, whatever the nodes above them say.
    CODEX_TRY(given, tree_cid(job, reader_of(tree), tree.leaf_count()));
    if (given == tree.cid())
        return leaves;
    leaves.spooled.emplace(temporary_folder());
    CODEX_CHECK(copy(job, tree, tree.leaf_count(), *leaves.spooled));
    leaves.untrusted = std::move(untrusted);
    if (manifest.is_protected()) {
        CODEX_CHECK(fill_in(job, manifest, leaves));
        return leaves;
    }
    CODEX_TRY(elsewhere, find_data_tree(job, tree.cid(), tree.leaf_count()));
    if (elsewhere) {
        CODEX_CHECK(copy(job, *elsewhere, tree.leaf_count(), *leaves.spooled));
        leaves.untrusted.clear();
    }
    return leaves;
}

} // namespace codex::dataset::detail

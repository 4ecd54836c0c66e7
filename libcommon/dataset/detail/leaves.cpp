// The leaves of a dataset, also where the record of its tree has lost them.
#include "dataset/detail/damage.hpp"

#include <algorithm>

namespace codex::dataset::detail {

namespace {

/// The first `count` leaves of a stored tree, when they give `wanted`.
Result<std::optional<std::vector<Digest>>> leaves_of(const Job& job, const Cid& stored,
                                                     std::uint64_t count, const Cid& wanted) {
    auto tree = job.repo->tree(stored);
    if (!tree && tree.error().code() == Errc::block_not_found)
        return std::nullopt;
    if (!tree)
        return fail(std::move(tree).error());
    if (tree->leaf_count() < count)
        return std::nullopt;
    CODEX_TRY(leaves, tree->salvaged_leaves());
    leaves.resize(static_cast<std::size_t>(count));
    CODEX_TRY(given, tree_cid(leaves));
    return given == wanted ? std::optional(std::move(leaves)) : std::nullopt;
}

/// Fills in what a damaged tree need not be asked for.
Result<void> fill_in(const Job& job, const codec::Manifest& manifest, Leaves& leaves) {
    CODEX_TRY(layout, erasure::Layout::of(manifest));
    std::vector<Digest>& digests = leaves.digests;
    std::uint64_t known_from = layout.original_blocks;
    CODEX_TRY(data, find_data_leaves(job, manifest.erasure->original_tree, layout.original_blocks));
    if (data) {
        std::ranges::copy(*data, digests.begin());
        known_from = 0;
    }
    for (std::uint64_t index = layout.original_blocks; index < layout.rounded(); ++index)
        digests[static_cast<std::size_t>(index)] = Cid::empty_block().digest32();
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

Result<std::optional<std::vector<Digest>>> find_data_leaves(const Job& job, const Cid& plain_tree,
                                                            std::uint64_t count) {
    CODEX_TRY(own, leaves_of(job, plain_tree, count, plain_tree));
    if (own)
        return own;
    CODEX_TRY(others, protectors(*job.repo, plain_tree));
    for (const repo::DatasetInfo& other : others) {
        CODEX_TRY(leaves, leaves_of(job, other.manifest.tree, count, plain_tree));
        if (leaves)
            return leaves;
    }
    return std::nullopt;
}

Result<Leaves> best_leaves(const Job& job, const codec::Manifest& manifest,
                           const repo::StoredTree& tree) {
    CODEX_CHECK(check_leaf_count(tree, manifest.blocks_count()));
    Leaves leaves;
    CODEX_TRY(untrusted, tree.check());
    CODEX_TRY(header, tree.header_is_good());
    leaves.tree_damaged = !untrusted.empty() || !header;
    if (untrusted.empty())
        return leaves;
    CODEX_TRY(digests, tree.salvaged_leaves());
    leaves.digests = std::move(digests);
    // When all leaves together give the root, all are right, whatever the nodes above them say.
    CODEX_TRY(given, tree_cid(leaves.digests));
    if (given == tree.cid())
        return leaves;
    leaves.untrusted = std::move(untrusted);
    if (manifest.is_protected()) {
        CODEX_CHECK(fill_in(job, manifest, leaves));
        return leaves;
    }
    CODEX_TRY(elsewhere, find_data_leaves(job, tree.cid(), tree.leaf_count()));
    if (elsewhere) {
        leaves.digests = std::move(*elsewhere);
        leaves.untrusted.clear();
    }
    return leaves;
}

} // namespace codex::dataset::detail

// complete: what a partial protected dataset lacks, from what is here of it. A block that is
// computed has a proof only when all leaves are known, so the columns are computed twice: for the
// digests, and, once these have given the tree's root, for the blocks.
#include "dataset/detail/column.hpp"
#include "dataset/detail/partial_columns.hpp"
#include "merkle/spool.hpp"
#include "repo/partial.hpp"

#include <algorithm>

namespace codex::dataset {

namespace {

using detail::Columns;
using detail::LostBlock;

class Completion {
public:
    Completion(const Job& job, repo::PartialDataset& dataset, Columns columns, IndexSet present)
        : job_(job), dataset_(dataset), columns_(std::move(columns)), present_(std::move(present)),
          computed_(job.repo.path()) {}

    Result<bool> run() {
        CODEX_CHECK(walk([this](std::span<const LostBlock> batch) -> Result<void> {
            for (const LostBlock& block : batch)
                CODEX_CHECK(computed_.write(block.index, {&block.digest, 1}));
            return {};
        }));
        CODEX_TRY(fits,
                  dataset_.learn_tree([this](std::uint64_t first,
                                             std::span<Digest> out) { return leaves(first, out); },
                                      job_));
        if (!fits)
            return false;
        CODEX_CHECK(walk([this](std::span<const LostBlock> batch) { return add(batch); }));
        CODEX_CHECK(add_padding());
        CODEX_CHECK(dataset_.commit());
        return true;
    }

private:
    using Use = std::function<Result<void>(std::span<const LostBlock>)>;

    /// Computes all that is missing, some columns at a time.
    Result<void> walk(const Use& use) const {
        const erasure::Layout& layout = columns_.layout();
        const std::size_t block_size = columns_.block_size_bytes();
        const std::size_t at_a_time = detail::columns_at_a_time(layout.rows(), block_size);
        detail::PageBuffer buffer(std::min<std::uint64_t>(at_a_time, layout.steps) * layout.rows() *
                                  block_size);
        std::vector<LostBlock> batch;
        for (std::uint64_t first = 0; first < layout.steps; first += at_a_time) {
            CODEX_CHECK(job_.go_on());
            batch.clear();
            for (std::uint32_t row = 0; row < layout.rows(); ++row)
                for (std::uint64_t column = first;
                     column < std::min(layout.steps, first + at_a_time); ++column)
                    if (const std::uint64_t index = layout.index(column, row); lacks(index))
                        batch.push_back({.index = index,
                                         .buffer = buffer.bytes().subspan(batch.size() * block_size,
                                                                          block_size),
                                         .digest_known = false});
            CODEX_CHECK(columns_.reconstruct(batch));
            CODEX_CHECK(detail::require_restored(layout, batch));
            CODEX_CHECK(use(batch));
        }
        return {};
    }

    [[nodiscard]] bool lacks(std::uint64_t index) const {
        return !present_.contains(index) && !columns_.layout().is_padding(index);
    }

    [[nodiscard]] Result<void> leaves(std::uint64_t first, std::span<Digest> out) const {
        CODEX_CHECK(computed_.read(first, out));
        for (std::size_t i = 0; i < out.size(); ++i) {
            if (columns_.layout().is_padding(first + i))
                out[i] = Cid::empty_block().digest32();
            else if (out[i] == Digest{})
                CODEX_SET(out[i], dataset_.tree()->leaf(first + i));
        }
        return {};
    }

    Result<void> add(std::span<const LostBlock> batch) {
        std::vector<merkle::Proof> proofs;
        for (const LostBlock& block : batch) {
            CODEX_TRY(proof, dataset_.tree()->proof(block.index));
            proofs.push_back(std::move(proof));
        }
        std::vector<repo::VerifiedLeaf> leaves;
        for (std::size_t i = 0; i < batch.size(); ++i)
            leaves.push_back({Cid::block(batch[i].digest), batch[i].buffer, &proofs[i]});
        CODEX_CHECK(dataset_.add(leaves));
        return {};
    }

    Result<void> add_padding() {
        const erasure::Layout& layout = columns_.layout();
        for (std::uint64_t index = layout.original_blocks; index < layout.rounded(); ++index) {
            if (present_.contains(index))
                continue;
            CODEX_TRY(proof, dataset_.tree()->proof(index));
            const repo::VerifiedLeaf leaf{Cid::empty_block(), {}, &proof};
            CODEX_CHECK(dataset_.add({&leaf, 1}));
        }
        return {};
    }

    const Job& job_;
    repo::PartialDataset& dataset_;
    Columns columns_;
    IndexSet present_;       ///< when it began
    merkle::Spool computed_; ///< digests, by index
};

} // namespace

Result<Columns> detail::columns_of(const Job& job, const repo::PartialDataset& dataset) {
    const repo::PartialTree& tree = *dataset.tree();
    return Columns::open(job, dataset.manifest(),
                         [&tree](std::uint64_t first, std::span<Digest> out) -> Result<void> {
                             for (std::size_t i = 0; i < out.size(); ++i) {
                                 auto leaf = tree.leaf(first + i);
                                 if (!leaf && leaf.error().code() != Errc::block_not_found)
                                     return fail(std::move(leaf).error());
                                 out[i] = leaf.value_or(Digest{});
                             }
                             return {};
                         });
}

Result<void> detail::require_restored(const erasure::Layout& layout,
                                      std::span<const LostBlock> batch) {
    std::vector<std::uint64_t> lost;
    for (const LostBlock& block : batch)
        if (!block.restored)
            lost.push_back(block.index);
    std::sort(lost.begin(), lost.end());
    return lost.empty() ? Result<void>() : fail(unrepairable(layout, lost));
}

Result<bool> complete(const Job& job, repo::PartialDataset& dataset) {
    if (dataset.complete())
        return true;
    CODEX_CHECK(dataset.commit()); // blocks are read in the repo
    if (dataset.complete())
        return true;
    CODEX_TRY(present, dataset.present());
    CODEX_TRY(columns, detail::columns_of(job, dataset));
    return Completion(job, dataset, std::move(columns), std::move(present)).run();
}

} // namespace codex::dataset

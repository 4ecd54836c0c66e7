// complete_part: some leaves of a partial protected dataset, from the others of their columns. The
// proof of a computed leaf is that of the nearest leaf that is here, from where their paths meet;
// below, all leaves are computed.
#include "dataset/detail/column.hpp"
#include "dataset/detail/partial_columns.hpp"
#include "merkle/tree.hpp"
#include "repo/partial.hpp"

#include <algorithm>
#include <map>

namespace codex::dataset {

namespace {

using detail::Columns;
using detail::LostBlock;

/// How the proof of a leaf is made.
struct Way {
    std::uint64_t witness = 0; ///< a leaf that is here
    std::size_t meets = 0;     ///< the layer where it is the sibling's, in the path of the leaf
};

class PartCompletion {
public:
    PartCompletion(const Job& job, repo::PartialDataset& dataset, Columns columns, IndexSet present)
        : job_(job), dataset_(dataset), columns_(std::move(columns)), present_(std::move(present)) {
    }

    Result<PartNeeds> run(const IndexSet& part, const IndexSet& lost) {
        PartNeeds needs;
        for (auto index = part.next(0); index; index = part.next(*index + 1))
            if (!present_.contains(*index) && !layout().is_padding(*index))
                find_way(*index, lost, needs);
        if (!needs.proving.empty() || !can_compute(needs.computed))
            return needs;
        CODEX_CHECK(walk(needs.computed, [this](std::span<const LostBlock> batch) -> Result<void> {
            for (const LostBlock& block : batch)
                digests_[block.index] = block.digest;
            return {};
        }));
        IndexSet wanted;
        for (const auto& [index, way] : ways_)
            wanted.insert(index);
        CODEX_CHECK(walk(wanted, [this](std::span<const LostBlock> batch) { return add(batch); }));
        CODEX_CHECK(dataset_.commit());
        return PartNeeds();
    }

private:
    using Use = std::function<Result<void>(std::span<const LostBlock>)>;

    [[nodiscard]] const erasure::Layout& layout() const { return columns_.layout(); }
    [[nodiscard]] std::uint64_t leaf_count() const { return layout().total_blocks(); }
    [[nodiscard]] bool unknown(std::uint64_t index, const IndexSet& lost) const {
        return !lost.contains(index) && !layout().is_padding(index);
    }

    /// Up the tree until beside the path there is a leaf that is here, or one that may be had.
    void find_way(std::uint64_t index, const IndexSet& lost, PartNeeds& needs) {
        needs.computed.insert(index);
        for (std::size_t layer = 0; (std::uint64_t{1} << layer) < 2 * leaf_count(); ++layer) {
            const std::uint64_t first = ((index >> layer) ^ 1) << layer;
            const std::uint64_t end = std::min(leaf_count(), first + (std::uint64_t{1} << layer));
            if (first >= end)
                continue; // there is no sibling
            const auto here = present_.next(first);
            if (here && *here < end) {
                ways_[index] = {*here, layer};
                return;
            }
            bool may_be_had = false;
            for (std::uint64_t other = first; other < end; ++other)
                if (unknown(other, lost)) {
                    needs.proving.insert(other);
                    may_be_had = true;
                }
            if (may_be_had)
                return;
            for (std::uint64_t other = first; other < end; ++other)
                if (!layout().is_padding(other))
                    needs.computed.insert(other);
        }
    }

    /// Of each of their columns k blocks are here.
    [[nodiscard]] bool can_compute(const IndexSet& leaves) const {
        for (auto index = leaves.next(0); index; index = leaves.next(*index + 1)) {
            std::uint32_t here = 0;
            for (std::uint32_t row = 0; row < layout().rows(); ++row) {
                const std::uint64_t other = layout().index(layout().column(*index), row);
                here += present_.contains(other) || layout().is_padding(other) ? 1 : 0;
            }
            if (here < layout().k())
                return false;
        }
        return true;
    }

    /// Computes these, some columns at a time.
    Result<void> walk(const IndexSet& leaves, const Use& use) const {
        std::map<std::uint64_t, std::vector<std::uint64_t>> of_column;
        for (auto index = leaves.next(0); index; index = leaves.next(*index + 1))
            of_column[layout().column(*index)].push_back(*index);
        const std::size_t size = columns_.block_size_bytes();
        const std::size_t at_a_time = detail::columns_at_a_time(layout().rows(), size);
        detail::PageBuffer buffer(std::min<std::size_t>(at_a_time, of_column.size()) *
                                  layout().rows() * size);
        std::vector<LostBlock> batch;
        for (auto column = of_column.begin(); column != of_column.end();) {
            CODEX_CHECK(job_.go_on());
            batch.clear();
            for (std::size_t n = 0; n < at_a_time && column != of_column.end(); ++n, ++column)
                for (const std::uint64_t index : column->second)
                    batch.push_back({.index = index,
                                     .buffer = buffer.bytes().subspan(batch.size() * size, size),
                                     .digest_known = false});
            CODEX_CHECK(columns_.reconstruct(batch));
            CODEX_CHECK(detail::require_restored(layout(), batch));
            CODEX_CHECK(use(batch));
        }
        return {};
    }

    /// A node all of whose leaves are computed, or padding.
    [[nodiscard]] Digest node(std::size_t layer, std::uint64_t at) {
        if (layer == 0) {
            const auto found = digests_.find(at);
            return found == digests_.end() ? Cid::empty_block().digest32() : found->second;
        }
        const auto known = nodes_.find({layer, at});
        if (known != nodes_.end())
            return known->second;
        const Digest left = node(layer - 1, 2 * at);
        const bool odd = ((2 * at + 1) << (layer - 1)) >= leaf_count();
        const Digest right = odd ? Digest{} : node(layer - 1, 2 * at + 1);
        const std::uint8_t key = static_cast<std::uint8_t>(
            (layer == 1 ? merkle::kKeyBottom : merkle::kKeyInner) | (odd ? merkle::kKeyOdd : 0));
        return nodes_[{layer, at}] = merkle::sha256_tree().pair(left, right, key);
    }

    Result<merkle::Proof> proof(std::uint64_t index, const Way& way) {
        const repo::PartialTree& tree = *dataset_.tree();
        CODEX_TRY(proof, tree.proof(way.witness));
        CODEX_TRY(leaf, tree.leaf(way.witness));
        CODEX_TRY(above, merkle::verified_ancestors(merkle::sha256_tree(), proof, leaf,
                                                    dataset_.manifest().tree.digest32()));
        proof.index = index;
        for (std::size_t layer = 0; layer < way.meets; ++layer) {
            const std::uint64_t sibling = (index >> layer) ^ 1;
            proof.path[layer] = sibling << layer >= leaf_count() ? Digest{} : node(layer, sibling);
        }
        proof.path[way.meets] = way.meets == 0 ? leaf : above[way.meets - 1];
        return proof;
    }

    Result<void> add(std::span<const LostBlock> batch) {
        std::vector<merkle::Proof> proofs;
        for (const LostBlock& block : batch) {
            CODEX_TRY(made, proof(block.index, ways_.at(block.index)));
            proofs.push_back(std::move(made));
        }
        std::vector<repo::VerifiedLeaf> leaves;
        for (std::size_t i = 0; i < batch.size(); ++i)
            leaves.push_back({Cid::block(batch[i].digest), batch[i].buffer, &proofs[i]});
        auto added = dataset_.add(leaves);
        if (!added && added.error().code() == Errc::proof_invalid)
            return fail(Errc::dataset_damaged,
                        "what its parity gives is not the dataset's: its parity is of other data");
        return added ? Result<void>() : fail(std::move(added).error());
    }

    const Job& job_;
    repo::PartialDataset& dataset_;
    Columns columns_;
    IndexSet present_;
    std::map<std::uint64_t, Way> ways_;
    std::map<std::uint64_t, Digest> digests_; ///< of what was computed
    std::map<std::pair<std::size_t, std::uint64_t>, Digest> nodes_;
};

} // namespace

Result<PartNeeds> complete_part(const Job& job, repo::PartialDataset& dataset, const IndexSet& part,
                                const IndexSet& lost) {
    if (dataset.complete())
        return PartNeeds();
    CODEX_CHECK(dataset.commit()); // blocks are read in the repo
    if (dataset.complete())
        return PartNeeds();
    CODEX_TRY(present, dataset.present());
    CODEX_TRY(columns, detail::columns_of(job, dataset));
    return PartCompletion(job, dataset, std::move(columns), std::move(present)).run(part, lost);
}

bool is_padding(const codec::Manifest& manifest, std::uint64_t index) {
    const auto layout = erasure::Layout::of(manifest);
    return layout && layout->is_padding(index);
}

} // namespace codex::dataset

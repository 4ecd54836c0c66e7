// From a challenge to the inputs of a proof (codex-slots(5), SAMPLING; codex-circuit(5), INPUTS).
#include "crypto/poseidon2/poseidon2.hpp"
#include "merkle/poseidon2_tree.hpp"
#include "proof/detail/block_digests.hpp"
#include "proof/sampler.hpp"

#include <bit>

namespace codex::proof {

namespace {

/// Paths in a slot tree, from the repo or, where it is not stored, from the slot's blocks.
class SlotPaths {
public:
    static Result<SlotPaths> open(const dataset::Job& job, const VerifiableDataset& dataset,
                                  const detail::BlockDigester& digester, std::uint32_t slot) {
        SlotPaths paths;
        const Digest root = dataset.slot_root(slot);
        auto stored = job.repo.tree(slot_root_cid(root));
        if (stored && stored->leaf_count() == dataset.shape.blocks) {
            paths.stored_.emplace(std::move(*stored));
            return paths;
        }
        if (!stored && stored.error().code() != Errc::block_not_found)
            return fail(std::move(stored).error());
        CODEX_TRY(digests, digester.slots(slot, 1));
        CODEX_TRY(tree, merkle::Tree::build(digests, merkle::poseidon2_tree()));
        if (tree.root() != root)
            return fail(Error(Errc::dataset_damaged,
                              fmt::format("slot {}: its blocks do not give the root that the "
                                          "manifest lists",
                                          slot))
                            .remedy({Remedy::recompute_slots,
                                     "do not rely on this manifest; make a right one of the "
                                     "protected dataset"}));
        paths.built_.emplace(std::move(tree));
        return paths;
    }
    /// The digest of a block and its path.
    [[nodiscard]] Result<std::pair<Digest, merkle::Proof>> of(std::uint64_t position) const {
        if (built_) {
            CODEX_TRY(proof, built_->proof(position));
            return std::pair(built_->leaves()[static_cast<std::size_t>(position)],
                             std::move(proof));
        }
        CODEX_TRY(proof, stored_->proof(position));
        CODEX_TRY(leaf, stored_->node(0, position));
        return std::pair(leaf, std::move(proof));
    }

private:
    std::optional<repo::StoredTree> stored_;
    std::optional<merkle::Tree> built_;
};

Result<void> require_fit(const SlotShape& shape, const CircuitParameters& p) {
    const std::uint64_t elements = shape.cell_size_bytes / 31 + 1;
    if (shape.block_cells != std::uint64_t{1} << p.block_depth || elements != p.cell_elements)
        return fail(Error(Errc::malformed,
                          fmt::format("the circuit is for 2^{} cells a block and {} elements a "
                                      "cell, the dataset has {} and {}",
                                      p.block_depth, p.cell_elements, shape.block_cells, elements))
                        .remedy(Remedy::name_circuit_cells));
    if (shape.cells() > std::uint64_t{1} << p.max_depth || shape.slots > std::uint64_t{1}
                                                                             << p.max_log2_slots)
        return fail(Error(Errc::malformed,
                          fmt::format("{} cells a slot and {} slots are more than the circuit's "
                                      "2^{} and 2^{}",
                                      shape.cells(), shape.slots, p.max_depth, p.max_log2_slots))
                        .remedy(Remedy::name_circuit_sizes));
    return {};
}

void append_path(std::vector<Fr>& path, const merkle::Proof& proof) {
    for (const Digest& node : proof.path)
        path.push_back(Fr::from_bytes_reduced(node));
}

} // namespace

Result<ProofInput> make_proof_input(const dataset::Job& job, const Cid& manifest,
                                    std::uint64_t slot, const Fr& entropy,
                                    const CircuitParameters& parameters) {
    CODEX_CHECK(validate(parameters));
    CODEX_TRY(dataset, open_verifiable(job.repo, manifest));
    const SlotShape& shape = dataset.shape;
    if (slot >= shape.slots)
        return fail(shape.no_slot(slot));
    CODEX_CHECK(require_fit(shape, parameters));
    const auto index = static_cast<std::uint32_t>(slot);
    CODEX_TRY(digester, detail::BlockDigester::open(job, dataset.info.manifest, shape));
    CODEX_TRY(paths, SlotPaths::open(job, dataset, digester, index));

    ProofInput input;
    input.entropy = entropy;
    input.dataset_root = Fr::from_bytes_reduced(dataset.dataset_tree.root());
    input.slot_index = slot;
    input.slot_root = Fr::from_bytes_reduced(dataset.slot_root(index));
    input.cells_per_slot = shape.cells();
    input.slots_per_dataset = shape.slots;
    CODEX_TRY(slot_proof, dataset.dataset_tree.proof(slot));
    append_path(input.slot_proof, slot_proof);
    CODEX_TRY(cells, sample_cells(entropy, input.slot_root, shape.cells(), parameters.samples));
    for (const std::uint64_t cell : cells) {
        CODEX_CHECK(job.go_on());
        const std::uint64_t position = cell / shape.block_cells;
        const auto in_block = static_cast<std::size_t>(cell % shape.block_cells);
        CODEX_TRY(block, digester.block(index, position));
        CODEX_TRY(tree, block_tree(block, shape.cell_size_bytes));
        CODEX_TRY(above, paths.of(position));
        if (tree.root() != above.first)
            return fail(Error(Errc::dataset_damaged,
                              fmt::format("slot {}: block {} is not what the slot tree says", slot,
                                          position))
                            .remedy({Remedy::check_slots, "compare the whole dataset"}));
        input.cell_data.push_back(crypto::poseidon2::bytes_to_elements(
            BytesView(block).subspan(in_block * shape.cell_size_bytes, shape.cell_size_bytes)));
        CODEX_TRY(below, tree.proof(in_block));
        std::vector<Fr> path;
        append_path(path, below);
        append_path(path, above.second);
        input.merkle_paths.push_back(std::move(path));
    }
    return input;
}

} // namespace codex::proof

// Whether what a proof input says is true, checked directly: what the constraints are compared
// with.
#pragma once

#include "crypto/poseidon2/poseidon2.hpp"
#include "merkle/poseidon2_tree.hpp"
#include "proof/circuit.hpp"
#include "proof/sampler.hpp"

#include <bit>

namespace codex::test {

inline merkle::Proof as_proof(std::uint64_t index, std::uint64_t leaf_count,
                              std::span<const crypto::Fr> path) {
    merkle::Proof proof;
    proof.hash = merkle::poseidon2_tree().codec();
    proof.index = index;
    proof.leaf_count = leaf_count;
    for (const crypto::Fr& node : path)
        proof.path.push_back(node.to_bytes());
    return proof;
}

/// The levels of a tree of `leaves`: at least one.
inline std::size_t depth_of(std::uint64_t leaves) {
    return leaves <= 1 ? 1 : static_cast<std::size_t>(std::bit_width(leaves - 1));
}

/// The root that a path leads to, for trees whose number of leaves is a power of two.
inline Digest root_of(Digest node, std::uint64_t index, std::uint64_t leaf_count,
                      std::span<const crypto::Fr> path) {
    const merkle::TreeHash& hash = merkle::poseidon2_tree();
    std::uint8_t bottom = merkle::kKeyBottom;
    for (const crypto::Fr& sibling : path) {
        const Digest beside = sibling.to_bytes();
        if (index & 1)
            node = hash.pair(beside, node, bottom);
        else
            node =
                hash.pair(node, beside, bottom | (index + 1 == leaf_count ? merkle::kKeyOdd : 0));
        bottom = merkle::kKeyInner;
        index /= 2;
        leaf_count = (leaf_count + 1) / 2;
    }
    return node;
}

inline Result<void> require_length(std::string_view name, std::size_t have, std::size_t need) {
    if (have < need)
        return fail(Errc::proof_invalid, "{} has {} nodes, the tree {} levels", name, have, need);
    return {};
}

/// Root paths, indices and sizes. Errors: proof_invalid with the reason.
inline Result<void> check_input(const proof::CircuitParameters& p, const proof::ProofInput& in) {
    if (in.cells_per_slot < 2 || !std::has_single_bit(in.cells_per_slot) ||
        in.cells_per_slot > std::uint64_t{1} << p.max_depth)
        return fail(Errc::proof_invalid, "{} cells a slot: not a power of two from 2 to 2^{}",
                    in.cells_per_slot, p.max_depth);
    if (in.slots_per_dataset == 0 || in.slots_per_dataset > std::uint64_t{1} << p.max_log2_slots)
        return fail(Errc::proof_invalid, "{} slots: not from 1 to 2^{}", in.slots_per_dataset,
                    p.max_log2_slots);
    if (in.slot_index >= in.slots_per_dataset)
        return fail(Errc::proof_invalid, "slot index {} is not below the {} slots", in.slot_index,
                    in.slots_per_dataset);
    const std::size_t levels = depth_of(in.slots_per_dataset);
    CODEX_CHECK(require_length("slotProof", in.slot_proof.size(), levels));
    if (!merkle::verify(
            merkle::poseidon2_tree(),
            as_proof(in.slot_index, in.slots_per_dataset, std::span(in.slot_proof).first(levels)),
            in.slot_root.to_bytes(), in.dataset_root.to_bytes()))
        return fail(Errc::proof_invalid, "slotProof does not lead from the slot root to the "
                                         "dataset root");
    if (in.cell_data.size() != p.samples || in.merkle_paths.size() != p.samples)
        return fail(Errc::proof_invalid, "{} cells and {} paths for {} samples",
                    in.cell_data.size(), in.merkle_paths.size(), p.samples);
    const std::uint64_t block_cells =
        std::min(std::uint64_t{1} << p.block_depth, in.cells_per_slot);
    const std::uint64_t blocks = in.cells_per_slot / block_cells;
    const std::size_t block_levels = depth_of(block_cells);
    const std::size_t slot_levels = depth_of(blocks);
    CODEX_TRY(indices, proof::sample_cells(in.entropy, in.slot_root, in.cells_per_slot, p.samples));
    for (std::size_t i = 0; i < indices.size(); ++i) {
        const std::span<const crypto::Fr> path = in.merkle_paths[i];
        CODEX_CHECK(require_length(fmt::format("merklePaths[{}]", i), path.size(),
                                   p.block_depth + slot_levels));
        const Digest cell = crypto::poseidon2::sponge(in.cell_data[i]).to_bytes();
        const Digest block =
            root_of(cell, indices[i] % block_cells, block_cells, path.first(block_levels));
        const Digest slot = root_of(block, indices[i] / block_cells, blocks,
                                    path.subspan(p.block_depth, slot_levels));
        if (slot != in.slot_root.to_bytes())
            return fail(Errc::proof_invalid,
                        "sample {}: cell {} and its path do not lead to the "
                        "slot root",
                        i + 1, indices[i]);
    }
    return {};
}

} // namespace codex::test

// Slots: from a protected dataset to a verifiable one, and from a challenge to what a proof needs
// (codex-slots(5)).
#pragma once

#include "dataset/dataset.hpp"
#include "proof/circuit.hpp"

#include <vector>

namespace codex::proof {

/// How a protected dataset is cut into slots, blocks and cells (codex-slots(5), SLOTS).
struct SlotShape {
    std::uint32_t slots = 0;       ///< k + m
    std::uint64_t data_blocks = 0; ///< blocks of the dataset in each slot
    std::uint64_t blocks = 0;      ///< with the pad blocks: leaves of a slot tree
    std::uint64_t block_cells = 0;
    std::uint32_t block_size_bytes = 0;
    std::uint32_t cell_size_bytes = 0;
    codec::Strategy strategy = codec::Strategy::linear;

    /// Errors: manifest_invalid (not protected, blocks not divisible by slots), unsupported (a
    /// block is not a power of two of cells, which circuit and manifest both demand).
    [[nodiscard]] static Result<SlotShape>
    of(const codec::Manifest& manifest, std::uint32_t cell_size_bytes, codec::Strategy strategy);
    /// The cells of a slot, padding included: what a proof calls nCellsPerSlot.
    [[nodiscard]] std::uint64_t cells() const { return blocks * block_cells; }
    /// Bytes of a slot with padding: what the marketplace calls slotSize.
    [[nodiscard]] std::uint64_t slot_bytes() const { return blocks * block_size_bytes; }
    /// Where block `position` (below data_blocks) of a slot is in the dataset's tree.
    [[nodiscard]] std::uint64_t tree_index(std::uint32_t slot, std::uint64_t position) const {
        return strategy == codec::Strategy::linear ? slot * data_blocks + position
                                                   : position * slots + slot;
    }
    /// merkle_index, for a slot that there is not; it says which there are.
    [[nodiscard]] Error no_slot(std::uint64_t slot) const;
};

/// The keyed tree over the hashes of a block's cells; the last cell may be short (codex-slots(5),
/// CELLS AND BLOCKS). Errors: merkle_empty.
[[nodiscard]] Result<merkle::Tree> block_tree(BytesView block, std::uint32_t cell_size_bytes);

[[nodiscard]] Cid slot_root_cid(const Digest& root);
[[nodiscard]] Cid proving_root_cid(const Digest& root);

struct SlotsOptions {
    std::optional<std::uint32_t> cell_size_bytes = std::nullopt; ///< default: its own, else 2048
    codec::Strategy strategy = codec::Strategy::linear;
    std::optional<std::uint64_t> expiry = std::nullopt; ///< default: the protected dataset's
};
struct SlotsReport {
    Cid manifest;
    codec::Manifest verifiable;
    std::uint32_t computed_slots = 0; ///< the others were stored already
};
/// Protected dataset to verifiable dataset: computes the slot trees (those stored already are
/// taken as they are, so a job that was killed goes on where it was), stores them and the
/// manifest; durable on return. A verifiable dataset counts as the protected one it is.
/// Errors: as SlotShape::of(); dataset_damaged naming the blocks that are not there.
[[nodiscard]] Result<SlotsReport> build_slots(const dataset::Job& job, const Cid& manifest,
                                              const SlotsOptions& options);

/// Computes every slot tree of a verifiable dataset again, from its blocks alone. Gives the slots
/// whose root is not the manifest's, ascending. Errors: as open_verifiable(), build_slots().
[[nodiscard]] Result<std::vector<std::uint32_t>> check_slots(const dataset::Job& job,
                                                             const Cid& manifest);

/// A dataset whose manifest lists slot roots, with the tree over them rebuilt and compared with
/// the manifest's verify root (codex-slots(5), DATASETS). Errors: dataset_not_found,
/// manifest_invalid.
struct VerifiableDataset {
    repo::DatasetInfo info;
    SlotShape shape;
    merkle::Tree dataset_tree; ///< over the slot roots
    [[nodiscard]] Digest slot_root(std::uint32_t slot) const;
};
/// A partial dataset is one, too: slots whose blocks are all here can be proved.
[[nodiscard]] Result<VerifiableDataset> open_verifiable(const repo::Repo& repo,
                                                        const Cid& manifest);

/// What a proof of slot `slot` for a challenge needs: draws the cells, reads their blocks, makes
/// all paths. A slot tree that is not stored is computed from the slot's blocks, compared with the
/// manifest, and not stored. Errors: merkle_index (no such slot), malformed (the circuit is for
/// other shapes), dataset_damaged naming the block that is not there, or when blocks do not give
/// the slot root; open_verifiable()'s.
[[nodiscard]] Result<ProofInput> make_proof_input(const dataset::Job& job, const Cid& manifest,
                                                  std::uint64_t slot, const Fr& entropy,
                                                  const CircuitParameters& parameters);

} // namespace codex::proof

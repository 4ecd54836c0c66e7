// The reference's fake datasets (tests/vectors/README.md) and proof inputs over them.
#pragma once

#include "crypto/poseidon2/poseidon2.hpp"
#include "merkle/poseidon2_tree.hpp"
#include "must.hpp"
#include "proof/circuit.hpp"
#include "proof/sampler.hpp"

#include <array>
#include <bit>
#include <map>
#include <vector>

namespace codex::test {

/// A circuit small enough to build in a blink: cells of 127 bytes, four a block.
constexpr proof::CircuitParameters kSmall = {8, 3, 2, 5, 2};
/// As small, for datasets in a repo: cells of 128 bytes, four a block.
constexpr proof::CircuitParameters kSmallOfRepo = {10, 3, 2, 5, 3};

/// A dataset of slots of cells, of which one slot is to be proven.
struct FakeDataset {
    std::uint64_t seed = 12345;
    std::uint64_t slots = 11;
    std::uint64_t slot_index = 3;
    std::uint64_t cells = 512;
    std::uint64_t cell_bytes = 2048;
    std::uint64_t entropy = 1234567;
};

inline Bytes fake_cell(const FakeDataset& data, std::uint64_t slot, std::uint64_t cell) {
    const std::uint64_t s1 = data.seed + 72 + 1001 * slot + 0xdeadcafe;
    const std::uint64_t s2 = cell + 0x98765432;
    std::uint64_t state = 1;
    Bytes bytes(data.cell_bytes);
    for (std::uint8_t& byte : bytes) {
        state = state * (state + s1) * (state + s2) + state * (state ^ 0x5a5a5a5a) + s1 * state +
                (s2 + 17);
        state %= 1698428844001831;
        byte = static_cast<std::uint8_t>(state);
    }
    return bytes;
}

/// Cell hashes to block trees to the slot tree.
struct FakeSlot {
    std::vector<merkle::Tree> blocks;
    merkle::Tree tree;
};

inline FakeSlot make_slot(const FakeDataset& data, std::uint64_t slot,
                          std::uint64_t cells_a_block) {
    std::vector<Bytes> cells;
    std::vector<const std::uint8_t*> pointers;
    for (std::uint64_t i = 0; i < data.cells; ++i)
        cells.push_back(fake_cell(data, slot, i));
    for (const Bytes& cell : cells)
        pointers.push_back(cell.data());
    std::vector<Digest> hashes(data.cells);
    crypto::poseidon2::hash_many(pointers, data.cell_bytes, hashes);
    std::vector<merkle::Tree> blocks;
    std::vector<Digest> roots;
    for (std::uint64_t at = 0; at < data.cells; at += cells_a_block) {
        blocks.push_back(must(merkle::Tree::build(std::span(hashes).subspan(at, cells_a_block),
                                                  merkle::poseidon2_tree())));
        roots.push_back(blocks.back().root());
    }
    merkle::Tree tree = must(merkle::Tree::build(roots, merkle::poseidon2_tree()));
    return {std::move(blocks), std::move(tree)};
}

/// As make_slot(), which many tests want of the same datasets, once.
inline const FakeSlot& build_slot(const FakeDataset& data, std::uint64_t slot,
                                  std::uint64_t cells_a_block) {
    static std::map<std::array<std::uint64_t, 5>, FakeSlot> made;
    const std::array key = {data.seed, data.cells, data.cell_bytes, slot, cells_a_block};
    auto found = made.find(key);
    if (found == made.end())
        found = made.emplace(key, make_slot(data, slot, cells_a_block)).first;
    return found->second;
}

inline std::vector<crypto::Fr> elements(const std::vector<Digest>& digests) {
    std::vector<crypto::Fr> result;
    for (const Digest& digest : digests)
        result.push_back(*crypto::Fr::from_bytes(digest));
    return result;
}

/// The whole input of a proof over `data`.
inline proof::ProofInput fake_input(const proof::CircuitParameters& parameters,
                                    const FakeDataset& data) {
    const std::uint64_t cells_a_block = std::uint64_t{1} << parameters.block_depth;
    std::vector<Digest> slot_roots;
    for (std::uint64_t slot = 0; slot < data.slots; ++slot)
        slot_roots.push_back(build_slot(data, slot, cells_a_block).tree.root());
    const FakeSlot& proven = build_slot(data, data.slot_index, cells_a_block);
    const merkle::Tree dataset = must(merkle::Tree::build(slot_roots, merkle::poseidon2_tree()));
    proof::ProofInput input;
    input.entropy = crypto::Fr::from_u64(data.entropy);
    input.dataset_root = *crypto::Fr::from_bytes(dataset.root());
    input.slot_index = data.slot_index;
    input.slot_root = *crypto::Fr::from_bytes(proven.tree.root());
    input.cells_per_slot = data.cells;
    input.slots_per_dataset = data.slots;
    input.slot_proof = elements(must(dataset.proof(data.slot_index)).path);
    for (const std::uint64_t index : must(
             proof::sample_cells(input.entropy, input.slot_root, data.cells, parameters.samples))) {
        input.cell_data.push_back(
            crypto::poseidon2::bytes_to_elements(fake_cell(data, data.slot_index, index)));
        std::vector<Digest> path =
            must(proven.blocks[index / cells_a_block].proof(index % cells_a_block)).path;
        for (const Digest& node : must(proven.tree.proof(index / cells_a_block)).path)
            path.push_back(node);
        input.merkle_paths.push_back(elements(path));
    }
    return input;
}

} // namespace codex::test

// Where each signal of the circuit has its wire (codex-circuit(5), WIRES): index arithmetic, shared
// by the constraints and the witness, so that the two cannot disagree.
#pragma once

#include "proof/circuit.hpp"

namespace codex::proof::detail {

using Wire = std::uint32_t;

/// The permutation block P of one Poseidon2 permutation. A_0 is the state after the first linear
/// layer, A_1..A_4 after external rounds 0..3, A_5..A_60 after the internal rounds, A_61..A_64
/// after external rounds 4..7; A_64, the output, has its wires elsewhere.
struct PermutationWires {
    static constexpr Wire kLength = 237;
    Wire base = 0;

    /// Word `word` of A_`round`, round 1..4 or 61..63.
    [[nodiscard]] Wire full_state(Wire round, Wire word) const {
        return base + (round <= 4 ? 3 * (round - 1) : 12 + 56 + 3 * (round - 61)) + word;
    }
    /// Word 0 of A_`round`, round 5..60.
    [[nodiscard]] Wire first_word(Wire round) const { return base + 12 + (round - 5); }
    /// The square (power 0) or fourth power (1) of an S-box input of external round 0..7.
    [[nodiscard]] Wire external_power(Wire round, Wire word, Wire power) const {
        return base + 77 + 6 * round + 2 * word + power;
    }
    /// The same for internal round 0..55.
    [[nodiscard]] Wire internal_power(Wire round, Wire power) const {
        return base + 125 + 2 * round + power;
    }
};

/// The path segment: a root from a leaf through `depth` levels.
struct PathWires {
    Wire base = 0;
    Wire depth = 0;

    [[nodiscard]] static Wire length(Wire depth) { return 246 * depth - 2; }
    /// h_level, level 1..depth.
    [[nodiscard]] Wire hash(Wire level) const { return base + level - 1; }
    [[nodiscard]] Wire is_last(Wire level) const { return base + depth + level; }
    [[nodiscard]] Wire swap(Wire level) const { return base + 2 * depth + level; }
    /// level 0..depth-2.
    [[nodiscard]] Wire selector(Wire level) const { return base + 3 * depth + level; }
    [[nodiscard]] Wire key(Wire level) const { return level_block(level); }
    /// Word 1 or 2 of the level's permutation output.
    [[nodiscard]] Wire word(Wire level, Wire which) const { return level_block(level) + which; }
    [[nodiscard]] PermutationWires permutation(Wire level) const {
        return {level_block(level) + 3};
    }
    /// level 0..depth-2; the top level's flag is is_last(depth - 1).
    [[nodiscard]] Wire equal(Wire level) const {
        return level == depth - 1 ? is_last(level) : hints() + 2 * level;
    }
    [[nodiscard]] Wire inverse(Wire level) const {
        return level == depth - 1 ? hints() + 2 * level : hints() + 2 * level + 1;
    }

private:
    [[nodiscard]] Wire level_block(Wire level) const { return base + 4 * depth - 1 + 240 * level; }
    [[nodiscard]] Wire hints() const { return level_block(depth); }
};

/// The segment that turns a sample's hash into an index.
struct IndexWires {
    static constexpr Wire kHashBits = 254;
    Wire base = 0;
    Wire depth = 0; ///< D

    [[nodiscard]] static Wire length(Wire depth) { return depth + 1492; }
    /// m_i * bit_i, i < D.
    [[nodiscard]] Wire index_bit(Wire i) const { return base + i; }
    [[nodiscard]] Wire hash() const { return base + depth; }
    /// bit_i of the hash, 1 <= i <= 252; bit 0 is index_bit(0), bit 253 has no wire.
    [[nodiscard]] Wire hash_bit(Wire i) const { return hash() + i; }
    [[nodiscard]] Wire equal(Wire i) const { return hash() + 253 + i; }      ///< e_i, i <= 253
    [[nodiscard]] Wire difference(Wire i) const { return equal(254) + i; }   ///< a_i, i <= 252
    [[nodiscard]] Wire prefix(Wire i) const { return equal(254) + 253 + i; } ///< j_i, i <= 252
    /// State after the first permutation.
    [[nodiscard]] Wire state(Wire word) const { return prefix(253) + word; }
    /// Word 1 or 2 after the second.
    [[nodiscard]] Wire last_word(Wire which) const { return state(3) + which - 1; }
    [[nodiscard]] PermutationWires permutation(Wire which) const {
        return {state(5) + which * PermutationWires::kLength};
    }
};

/// The segment of one sampled cell.
struct CellWires {
    Wire base = 0;
    Wire permutations = 0; ///< m of the sponge
    Wire block_depth = 0;  ///< B
    Wire depth = 0;        ///< D

    [[nodiscard]] static Wire length(Wire permutations, Wire depth) {
        return 240 * permutations + 246 * depth - 3;
    }
    [[nodiscard]] Wire hash() const { return base; }
    /// Word `word` of the state after permutation 1 <= after < permutations.
    [[nodiscard]] Wire state(Wire after, Wire word) const {
        return base + 1 + 3 * (after - 1) + word;
    }
    /// Word 1 or 2 after the last permutation.
    [[nodiscard]] Wire last_word(Wire which) const { return state(permutations, 0) + which - 1; }
    [[nodiscard]] PermutationWires permutation(Wire which) const {
        return {state(permutations, 2) + which * PermutationWires::kLength};
    }
    [[nodiscard]] Wire block_root() const { return permutation(permutations).base; }
    [[nodiscard]] PathWires block_path() const { return {block_root() + 1, block_depth}; }
    [[nodiscard]] PathWires slot_path() const {
        return {block_root() + 1 + PathWires::length(block_depth), depth - block_depth};
    }
};

/// All of it.
class Layout {
public:
    explicit Layout(const CircuitParameters& p) : p_(p) {}

    static constexpr Wire kOne = 0;
    static constexpr Wire kEntropy = 1;
    static constexpr Wire kDatasetRoot = 2;
    static constexpr Wire kSlotIndex = 3;
    static constexpr Wire kSlotRoot = 4;
    static constexpr Wire kCells = 5;
    static constexpr Wire kSlots = 6;

    /// Permutations of the cell sponge: floor((n + 2) / 2).
    [[nodiscard]] Wire permutations() const { return (p_.cell_elements + 2) / 2; }
    [[nodiscard]] Wire slot_proof(Wire i) const { return 7 + i; }
    [[nodiscard]] Wire cell_element(Wire sample, Wire i) const {
        return 7 + p_.max_log2_slots + sample * p_.cell_elements + i;
    }
    [[nodiscard]] Wire merkle_path(Wire sample, Wire i) const {
        return cell_element(p_.samples, 0) + sample * p_.max_depth + i;
    }
    /// m_i, 1 <= i <= D-2.
    [[nodiscard]] Wire slot_mask(Wire i) const { return merkle_path(p_.samples, 0) + i - 1; }
    [[nodiscard]] IndexWires index(Wire sample) const {
        return {slot_mask(p_.max_depth - 1) + sample * IndexWires::length(p_.max_depth),
                p_.max_depth};
    }
    [[nodiscard]] Wire ceil_log2() const { return index(p_.samples).base; }
    /// Bit i of nSlots - 1, i <= L-2.
    [[nodiscard]] Wire last_slot_bit(Wire i) const { return ceil_log2() + 1 + i; }
    /// i <= L-3.
    [[nodiscard]] Wire dataset_mask(Wire i) const {
        return last_slot_bit(p_.max_log2_slots - 1) + i;
    }
    [[nodiscard]] Wire log2_cells() const { return dataset_mask(p_.max_log2_slots - 2); }
    /// Bit i of slotIndex, i <= L-2.
    [[nodiscard]] Wire slot_index_bit(Wire i) const { return log2_cells() + 1 + i; }
    [[nodiscard]] PathWires dataset_path() const {
        return {slot_index_bit(p_.max_log2_slots - 1), p_.max_log2_slots};
    }
    [[nodiscard]] CellWires cell(Wire sample) const {
        return {dataset_path().base + PathWires::length(p_.max_log2_slots) +
                    sample * CellWires::length(permutations(), p_.max_depth),
                permutations(), p_.block_depth, p_.max_depth};
    }
    [[nodiscard]] Wire wires() const { return cell(p_.samples).base; }

private:
    CircuitParameters p_;
};

} // namespace codex::proof::detail

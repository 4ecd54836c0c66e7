// The storage-proof circuit (codex-circuit(5)): constraints and witness, natively.
#pragma once

#include "snark/r1cs.hpp"

#include <optional>
#include <string>
#include <vector>

namespace codex::proof {

using crypto::Fr;

/// The parameters a circuit is compiled for; the defaults are the deployed ones.
struct CircuitParameters {
    std::uint32_t max_depth = 32;     ///< D: of a slot tree, in cells
    std::uint32_t max_log2_slots = 8; ///< L
    std::uint32_t block_depth = 5;    ///< B: cells a block, log2
    std::uint32_t cell_elements = 67; ///< n
    std::uint32_t samples = 5;        ///< S
    friend bool operator==(const CircuitParameters&, const CircuitParameters&) = default;
};

/// Wires 1 to 3: entropy, dataset root, slot index.
constexpr std::uint32_t kPublicInputs = 3;

/// Errors: limit_exceeded for parameters the circuit is not sound or not defined for
/// (D <= 32 or up to 63, 3 <= L, 2 <= B < D, n >= 1, S >= 1, size bounds).
[[nodiscard]] Result<void> validate(const CircuitParameters& parameters);
/// The closed forms of codex-circuit(5), COUNTS.
[[nodiscard]] std::uint64_t constraint_count(const CircuitParameters& parameters);
[[nodiscard]] std::uint64_t wire_count(const CircuitParameters& parameters);

/// The circuits that a key with these counts may be of, with cells of a power of two of bytes, 32
/// to 64 Ki: few, mostly one; those first that share most with the deployed one. No count depends
/// on block_depth, which is 0 here.
[[nodiscard]] std::vector<CircuitParameters> circuits_with(std::uint64_t wires,
                                                           std::uint32_t domain_log2);

/// What a proof is about (codex-circuit(5), INPUTS), arrays at their real lengths; padding is the
/// writer's.
struct ProofInput {
    Fr entropy;
    Fr dataset_root;
    std::uint64_t slot_index = 0;
    Fr slot_root;
    std::uint64_t cells_per_slot = 0;
    std::uint64_t slots_per_dataset = 0;
    std::vector<Fr> slot_proof;                ///< padded with zeros to L
    std::vector<std::vector<Fr>> cell_data;    ///< S of n
    std::vector<std::vector<Fr>> merkle_paths; ///< S, padded with zeros to D
    friend bool operator==(const ProofInput&, const ProofInput&) = default;
};

/// Our circuit over the official wire layout: the same constraint multiset as circom --O2
/// (codex-circuit(5), WIRES and CONSTRAINTS).
[[nodiscard]] Result<snark::R1cs> build_circuit(const CircuitParameters& parameters);

/// How large build_circuit()'s system is, counted constraint by constraint in constant memory.
struct CircuitCounts {
    std::uint64_t constraints = 0;
    std::uint64_t wires = 0; ///< each has a label
    std::uint64_t terms = 0;
    std::uint32_t public_inputs = 0;
    std::uint32_t private_inputs = 0;
};
[[nodiscard]] Result<CircuitCounts> count_circuit(const CircuitParameters& parameters);

/// Every wire, by the layout of codex-circuit(5), WIRES. Computes hints for false statements, too:
/// whether the statement holds is first_broken()'s matter. Errors: malformed (array lengths,
/// ranges).
[[nodiscard]] Result<std::vector<Fr>> compute_witness(const CircuitParameters& parameters,
                                                      const ProofInput& input);

/// What the constraint `index` of build_circuit() is there for, for error messages: "sample 2: the
/// cell's path does not lead to the slot root".
[[nodiscard]] std::string describe_constraint(const CircuitParameters& parameters,
                                              std::size_t index);

/// input.json, byte-equal to the reference writer (codex-circuit(5), INPUT.JSON).
[[nodiscard]] std::string write_input_json(const CircuitParameters& parameters,
                                           const ProofInput& input);
/// Errors: json_invalid, malformed naming the key. At most 64 MiB.
[[nodiscard]] Result<ProofInput> read_input_json(const CircuitParameters& parameters,
                                                 std::string_view text);
/// The circuit that an input of at most 1 MiB was written for, by the lengths of its lists; the
/// block depth, which they do not show, is that of `like`. Nothing: it was written for none.
[[nodiscard]] std::optional<CircuitParameters> circuit_of_input_json(const CircuitParameters& like,
                                                                     std::string_view text);

} // namespace codex::proof

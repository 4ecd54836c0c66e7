#include "proof/circuit.hpp"

#include "proof/detail/layout.hpp"

namespace codex::proof {

Result<void> validate(const CircuitParameters& p) {
    const auto require = [](bool holds, std::string_view rule) -> Result<void> {
        if (!holds)
            return fail(Errc::limit_exceeded, "circuit parameters: {}", rule);
        return {};
    };
    // The index comes from the low bits of a 253-bit decomposition, and counts are 64-bit.
    CODEX_CHECK(require(p.max_depth >= 3 && p.max_depth <= 62, "max depth must be 3 to 62"));
    CODEX_CHECK(require(p.max_log2_slots >= 3 && p.max_log2_slots <= 32,
                        "max log2 of slots must be 3 to 32"));
    CODEX_CHECK(require(p.block_depth >= 2 && p.block_depth < p.max_depth,
                        "block depth must be at least 2 and below the max depth"));
    CODEX_CHECK(require(p.cell_elements >= 1 && p.cell_elements <= 4096,
                        "elements a cell must be 1 to 4096"));
    CODEX_CHECK(require(p.samples >= 1 && p.samples <= 1000, "samples must be 1 to 1000"));
    // Groth16's domain is bounded by the field's two-adicity; the wire numbers by 32 bits.
    CODEX_CHECK(
        require(constraint_count(p) + 4 < (std::uint64_t{1} << 27), "more than 2^27 constraints"));
    return {};
}

std::uint64_t constraint_count(const CircuitParameters& p) {
    const std::uint64_t permutations = (std::uint64_t{p.cell_elements} + 2) / 2;
    return 249 * std::uint64_t{p.max_log2_slots} - 2 + p.max_depth +
           p.samples *
               (240 * (permutations + 2 + p.max_depth) + 7 * std::uint64_t{p.max_depth} + 1012);
}

std::uint64_t wire_count(const CircuitParameters& p) {
    const std::uint64_t permutations = (std::uint64_t{p.cell_elements} + 2) / 2;
    return 250 * std::uint64_t{p.max_log2_slots} + p.max_depth + 1 +
           p.samples *
               (p.cell_elements + 248 * std::uint64_t{p.max_depth} + 240 * permutations + 1489);
}

} // namespace codex::proof

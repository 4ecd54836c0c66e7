#include "proof/circuit.hpp"

#include "proof/detail/layout.hpp"

#include <algorithm>
#include <bit>

namespace codex::proof {

namespace {

constexpr std::uint32_t kLeastDepth = 3, kMostDepth = 62;
constexpr std::uint32_t kLeastLog2Slots = 3, kMostLog2Slots = 32;
constexpr std::uint32_t kMostSamples = 1000;
constexpr std::uint32_t kElementBytes = 31;

/// In how many of its parameters a circuit differs from the deployed one.
int strangeness(const CircuitParameters& p) {
    const CircuitParameters deployed;
    return (p.max_depth != deployed.max_depth) + (p.max_log2_slots != deployed.max_log2_slots) +
           (p.cell_elements != deployed.cell_elements) + (p.samples != deployed.samples);
}

} // namespace

Result<void> validate(const CircuitParameters& p) {
    const auto require = [](bool holds, std::string_view rule) -> Result<void> {
        if (!holds)
            return fail(Errc::limit_exceeded, "circuit parameters: {}", rule);
        return {};
    };
    // The index comes from the low bits of a 253-bit decomposition, and counts are 64-bit.
    CODEX_CHECK(require(p.max_depth >= kLeastDepth && p.max_depth <= kMostDepth,
                        "max depth must be 3 to 62"));
    CODEX_CHECK(require(p.max_log2_slots >= kLeastLog2Slots && p.max_log2_slots <= kMostLog2Slots,
                        "max log2 of slots must be 3 to 32"));
    CODEX_CHECK(require(p.block_depth >= 2 && p.block_depth < p.max_depth,
                        "block depth must be at least 2 and below the max depth"));
    CODEX_CHECK(require(p.cell_elements >= 1 && p.cell_elements <= 4096,
                        "elements a cell must be 1 to 4096"));
    CODEX_CHECK(require(p.samples >= 1 && p.samples <= kMostSamples, "samples must be 1 to 1000"));
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

std::vector<CircuitParameters> circuits_with(std::uint64_t wires, std::uint32_t domain_log2) {
    std::vector<CircuitParameters> found;
    CircuitParameters p;
    for (std::uint32_t cell_log2 = 5; cell_log2 <= 16; ++cell_log2) {
        p.cell_elements = (1U << cell_log2) / kElementBytes + 1;
        for (p.max_depth = kLeastDepth; p.max_depth <= kMostDepth; ++p.max_depth)
            for (p.max_log2_slots = kLeastLog2Slots; p.max_log2_slots <= kMostLog2Slots;
                 ++p.max_log2_slots) {
                p.samples = 0;
                const std::uint64_t fixed = wire_count(p);
                p.samples = 1;
                const std::uint64_t each = wire_count(p) - fixed;
                if (wires <= fixed || (wires - fixed) % each != 0 ||
                    (wires - fixed) / each > kMostSamples)
                    continue;
                p.samples = static_cast<std::uint32_t>((wires - fixed) / each);
                p.block_depth = 0;
                // With the three rows that a key adds.
                if (static_cast<std::uint32_t>(std::bit_width(constraint_count(p) + 3)) ==
                    domain_log2)
                    found.push_back(p);
            }
    }
    std::ranges::stable_sort(found, {}, strangeness);
    return found;
}

} // namespace codex::proof

#include "coverage_text.hpp"

#include "base/counted.hpp"

namespace codex::ec {

std::string shortfall(const codec::Manifest& manifest, const dataset::Coverage& coverage) {
    const std::uint32_t slots = coverage.any_slots;
    return fmt::format(
        "{} of {} in several slots and are stored once: in this repo {}{} of {} slots may be "
        "lost, not any {}",
        coverage.shared_blocks, counted(manifest.blocks_count(), "block stand", "blocks stand"),
        coverage.exact ? "" : "at least ", slots == 0 ? "none" : fmt::format("any {}", slots),
        std::uint64_t{manifest.erasure->k} + manifest.erasure->m, manifest.erasure->m);
}

cli::Record& with_coverage(cli::Record& record, const dataset::Coverage& coverage) {
    return record.json("sharedBlocks", coverage.shared_blocks)
        .json("anySlots", std::uint64_t{coverage.any_slots})
        .json("anySlotsExact", coverage.exact);
}

} // namespace codex::ec

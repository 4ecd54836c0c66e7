// How what parity covers in this repo is told: records and warnings.
#pragma once

#include "cli/record.hpp"
#include "dataset/coverage.hpp"

namespace codex::ec {

/// "12 of 40 blocks stand in several slots, stored once: any 0 slots may be lost, not 2".
[[nodiscard]] std::string shortfall(const codec::Manifest& manifest,
                                    const dataset::Coverage& coverage);

/// Adds the members of a record in JSON.
cli::Record& with_coverage(cli::Record& record, const dataset::Coverage& coverage);

} // namespace codex::ec

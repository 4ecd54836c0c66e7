// What a progress line says (codex-pipes(7), OPTIONS), apart from who draws it when.
#pragma once

#include "cli/record.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace codex::cli::detail {

struct ProgressSample {
    std::string_view label;
    std::uint64_t done_bytes = 0;
    std::uint64_t total_bytes = 0; ///< 0: not known
    double bytes_per_second = 0;
    std::uint64_t done_items{}; ///< inputs a loop is through with
    Record more{"progress"};    ///< what else there is to be said
};

/// "put a.tar  [####------]  41%  1.2 GiB of 2.9 GiB  850 MiB/s  0:02 left", or where no bytes are
/// counted "block has  1234 done". Shorter than `columns` (0: as long as it
/// is): without the bar where there is no room for it, then with less of the label and fewer
/// numbers.
[[nodiscard]] std::string progress_line(const ProgressSample& sample, unsigned columns);

/// {"type":"progress","label":...,"doneBytes":...,"totalBytes":...|null,"doneItems":...,
/// "bytesPerSecond":...,"secondsLeft":...|null}
[[nodiscard]] std::string progress_json(const ProgressSample& sample);

} // namespace codex::cli::detail

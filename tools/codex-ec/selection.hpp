// Which blocks `erase` takes: lists of numbers and ranges, whole slots, random ones.
#pragma once

#include "erasure/layout.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace codex::ec {

struct Selection {
    std::vector<std::string> slots;  ///< "1,3", "0-2"; each time the option is given adds one
    std::vector<std::string> blocks; ///< "5,9-12"
    std::uint64_t random = 0;        ///< that many of the others
    std::uint64_t seed = 0;          ///< of the random ones; the same seed takes the same blocks
};

/// Whether the lists are lists, whatever dataset they are for. Errors: usage.
[[nodiscard]] Result<void> check(const Selection& selection);

/// The numbers of "5,9-12", each below `limit`, ascending, each once. `what` is for the error.
/// Errors: usage; merkle_index for a number that is not below.
[[nodiscard]] Result<std::vector<std::uint64_t>>
parse_list(std::string_view text, std::uint64_t limit, std::string_view what);

/// Tree indices, ascending; never padding. Errors: usage; merkle_index for what is not there.
[[nodiscard]] Result<std::vector<std::uint64_t>> select(const Selection& selection,
                                                        const erasure::Layout& layout);

} // namespace codex::ec

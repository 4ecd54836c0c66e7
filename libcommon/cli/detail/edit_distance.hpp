// How far two words are apart.
#pragma once

#include <cstddef>
#include <string_view>

namespace codex::cli::detail {

/// Levenshtein distance: octets to put in, take out or replace. O(a * b).
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

} // namespace codex::cli::detail

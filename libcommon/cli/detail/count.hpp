// Whole numbers as the command line and the environment have them.
#pragma once

#include "base/error.hpp"

#include <string>

namespace codex::cli::detail {

/// A whole number in decimal digits. Errors: usage.
[[nodiscard]] Result<std::uint64_t> parse_count(const std::string& text);

} // namespace codex::cli::detail

// Values as the command line and the environment have them.
#pragma once

#include "base/error.hpp"

#include <string>

namespace codex::cli::detail {

/// A whole number in decimal digits. Errors: usage.
[[nodiscard]] Result<std::uint64_t> parse_count(const std::string& text);

/// The error of a setting with what can be done about it, where it does not say: of `variable`, or,
/// where that is empty, of the configuration file.
[[nodiscard]] Error with_way_out(Error error, const std::string& variable);

} // namespace codex::cli::detail

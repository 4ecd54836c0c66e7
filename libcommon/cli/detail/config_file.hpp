// The configuration file: a flat list of settings in TOML. The only file that knows the TOML
// library is config_file.cpp.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace codex::cli::detail {

/// A file larger than this is refused.
constexpr std::uint64_t kMaxConfigBytes = std::uint64_t{64} << 10;

/// `key = value` as it stands in the file.
struct ConfigEntry {
    std::string key;
    std::string value;    ///< of a string its text; a number in decimal; true or false
    bool is_list = false; ///< of such: one on each line of the value, which has none of no list
    std::uint64_t line = 0;
};

/// The entries of a configuration file, in the order of its lines. Values are strings, whole
/// numbers, true or false, and lists of these on one line; tables and other kinds of values are
/// refused. `name` is what errors call the file. Errors: config_invalid naming the line;
/// limit_exceeded.
[[nodiscard]] Result<std::vector<ConfigEntry>> parse_config(BytesView text, std::string_view name);

} // namespace codex::cli::detail

// The number of the last record that a node has signed, in a file of its own.
#pragma once

#include "base/log.hpp"

#include <cstdint>
#include <string>

namespace codex::serve_tool {

/// 0, when none is known: what is no time, as seconds since 1970, is said in the log, and is none.
[[nodiscard]] std::uint64_t last_record(const std::string& path, const log::Logger& log);
/// Keeps it for the next time.
void keep_record(const std::string& path, std::uint64_t number, const log::Logger& log);

} // namespace codex::serve_tool

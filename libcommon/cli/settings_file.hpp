// A file of settings, which may be a pipe: for which nobody waits for ever.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"

#include <optional>
#include <string>

namespace codex::cli {

/// How long the end of a pipe is waited for where nobody says anything else.
constexpr Clock::Duration kSettingsPatience = std::chrono::seconds(30);

/// All that is in a file of at most `max_bytes`. What is no regular file, as a FIFO or a device, is
/// read to its end, which is waited for until `until`; without one nothing is waited for, and a
/// FIFO is refused: who serves others must not stand still until somebody writes. Errors:
/// config_invalid for what is refused so; timeout; limit_exceeded; those of opening and reading.
/// Threads: any.
[[nodiscard]] Result<Bytes> read_settings_file(const std::string& path, std::uint64_t max_bytes,
                                               const std::optional<Deadline>& until);

} // namespace codex::cli

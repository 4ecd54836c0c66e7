// The two line formats of codex-pipes(7), LOGS, apart from clocks and descriptors.
#pragma once

#include "base/log.hpp"

#include <span>
#include <string>

namespace codex::log::detail {

struct RenderedField {
    std::string_view name;
    Rendered value;
};

struct Record {
    Level level = Level::info;
    std::int64_t unix_ms = 0;
    int zone_minutes = 0; ///< local time minus UTC
    long thread = 0;
    std::string_view topics; ///< separated by blanks; empty: none
    std::string_view message;
    std::span<const RenderedField> fields;
};

/// "INF 2026-11-21 04:44:40.123+01:00 message   topics=... tid=1 name=value", without line end.
[[nodiscard]] std::string format_text(const Record& record, bool color = false);
/// What of that says what happened: "message name=value".
[[nodiscard]] std::string format_words(const Record& record);
/// One JSON object, without line end.
[[nodiscard]] std::string format_json(const Record& record);

/// The three letters: TRC DBG INF NTC WRN ERR FAT.
[[nodiscard]] std::string_view level_letters(Level level);

/// A value in text: bare, quoted when it holds a blank or '=', quoted and escaped when it holds
/// '"', '\', control characters or octets from 0x7f.
[[nodiscard]] std::string quote_text_value(std::string_view value);

} // namespace codex::log::detail

// The lines of multistream-select 1.0.0 (codex-libp2p(7), MULTISTREAM-SELECT).
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

#include <optional>

namespace codex::net::select {

/// The first line of each side.
constexpr std::string_view kHeader = "/multistream/1.0.0";
/// The answer to a proposal that is not taken.
constexpr std::string_view kNotAvailable = "na";
/// Asks for all protocols that are served.
constexpr std::string_view kList = "ls";
/// Most bytes of a line, its newline included; the length in front is not counted.
constexpr std::size_t kMaxLineBytes = 1024;

/// Appends the line: length, `text`, newline. `text` has no newline and fewer than kMaxLineBytes
/// bytes.
void append_line(Bytes& to, std::string_view text);

struct Line {
    std::string_view text; ///< without the newline; a view into the input
    std::size_t size = 0;  ///< bytes taken from the front
};

/// The line at the front of `input`; nothing when it is not whole yet. Errors: select_invalid (too
/// long, without newline at its end, or its length is malformed).
[[nodiscard]] Result<std::optional<Line>> read_line(BytesView input);

} // namespace codex::net::select

// Hexadecimal text (RFC 4648 section 8).
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace codex {

/// Lower case, no prefix, two digits a byte.
[[nodiscard]] std::string to_hex(BytesView bytes);

/// Both cases; an optional "0x" is skipped. Errors: hex_invalid (odd length, or a foreign
/// character, whose offset is named).
[[nodiscard]] Result<Bytes> from_hex(std::string_view text);

} // namespace codex

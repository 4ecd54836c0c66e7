// What a manifest may carry as file name and media type, as the REST upload checks it
// (codex-manifest(5), NAMES).
#pragma once

#include "base/error.hpp"

namespace codex::codec {

/// "type/subtype" with a registered top-level type (or x-...) and a well-formed subtype
/// (RFC 6838 section 4.2), without parameters. More than the reference's fixed table takes, but
/// nothing that only looks like a media type. Errors: argument_invalid.
[[nodiscard]] Result<void> check_media_type(std::string_view type);

/// A portable file name: no folders, at most 259 octets, none of / \ : * ? " < > | ^ and controls,
/// no blank at either end, no dot at the end, no name that Windows reserves, and UTF-8, as a string
/// of Protocol Buffers is. Stricter than the reference in two points: there a folder part passes,
/// and so does any encoding. Errors: argument_invalid.
[[nodiscard]] Result<void> check_filename(std::string_view name);

} // namespace codex::codec

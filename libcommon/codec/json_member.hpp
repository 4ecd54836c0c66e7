// One text out of a JSON value: for formats that are a JSON shell around a text of our own.
#pragma once

#include "base/error.hpp"

#include <string>
#include <string_view>

namespace codex::codec {

/// The string that `json` is, or the string member `name` of the object that it is.
/// Errors: json_invalid (no JSON, another kind of value, no such member).
[[nodiscard]] Result<std::string> json_member(std::string_view json, std::string_view name);

} // namespace codex::codec

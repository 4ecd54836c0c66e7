// Where files go that have no name and belong to no folder.
#pragma once

#include <string>

namespace codex {

/// $TMPDIR, else /tmp.
[[nodiscard]] std::string temporary_folder();

} // namespace codex

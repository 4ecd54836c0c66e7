// Whether a folder can be where somebody says that one is.
#pragma once

#include <string>

namespace codex {

/// Why no folder is at `path`, and none can be made there: "that is no folder". Empty: one is
/// there, or nothing that is known stands in its way.
[[nodiscard]] std::string obstacle_to_folder(const std::string& path);

} // namespace codex

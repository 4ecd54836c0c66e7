// The commands that the library's remedies are.
#pragma once

#include "base/error.hpp"

#include <string>
#include <string_view>

namespace codex::cli::detail {

/// How a tool says an action.
struct Way {
    std::string_view words;   ///< what for, where the error has no words of its own
    std::string_view command; ///< to be typed; CID is the dataset, PATH a file or folder, SIZE and
                              ///< INDEX a number; empty: words say it
};
[[nodiscard]] Way way_of(Remedy::Action action);

/// "words: command; words: command", behind the hint that the error has in words; empty: it has
/// neither hint nor remedy.
[[nodiscard]] std::string hint_of(const Error& error);

} // namespace codex::cli::detail

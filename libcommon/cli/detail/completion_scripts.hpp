// The files of scripts/completion, which scripts/cmake/CodexEmbed.cmake makes strings of.
#pragma once

#include <string_view>

namespace codex::cli::detail {

extern const std::string_view kCompletionWords; ///< words.sh
extern const std::string_view kCompletionBash;  ///< completion.bash
extern const std::string_view kCompletionZsh;   ///< completion.zsh
extern const std::string_view kCompletionFish;  ///< completion.fish

} // namespace codex::cli::detail

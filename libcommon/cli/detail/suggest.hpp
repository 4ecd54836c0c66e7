// What to say about a word of the command line that is not understood.
#pragma once

#include "cli/detail/edit_distance.hpp"
#include "cli/detail/globals.hpp"

#include <string>
#include <vector>

namespace codex::cli::detail {

/// The error for `word`, which stands where the command at the end of `path` has no place for it,
/// with what was probably meant as its hint: the command that users of other tools call so, one of
/// another codex tool, the nearest name. `arguments` is the whole command line. Code usage.
[[nodiscard]] Error unknown_word(const std::string& word, const CommandPath& path,
                                 const std::vector<OptionSpec>& global_specs,
                                 const std::vector<std::string>& arguments);

/// The error for a `word` that is no option, where the command at the end of `path` takes no
/// further arguments; the hint says which option takes such a file, or folder. Code usage.
[[nodiscard]] Error unexpected_argument(const std::string& word, const CommandPath& path);

} // namespace codex::cli::detail

// The command line once more, as a hint offers it.
#pragma once

#include "cli/detail/state.hpp"

namespace codex::cli::detail {

/// What is neither an option nor its value, behind the command.
[[nodiscard]] std::vector<std::string> positional_words(const Context::State& state);

/// The command that runs, with the options that it was given but -r and --json, and without its
/// arguments.
[[nodiscard]] std::string command_with_options(const Context::State& state);

/// The command once more, with `first` in the place of its first argument, which was a mistake.
[[nodiscard]] std::string command_about(const Context::State& state, std::string_view first);

} // namespace codex::cli::detail

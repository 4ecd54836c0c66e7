// The command line once more, as a hint offers it.
#pragma once

#include "cli/detail/state.hpp"

namespace codex::cli::detail {

/// What is neither an option nor its value, behind the command.
[[nodiscard]] std::vector<std::string> positional_words(const Context::State& state);

/// The files and folders that the command line, the environment and the configuration name, as they
/// name them, in no order.
[[nodiscard]] std::vector<std::string> named_places(const Context::State& state);

/// The command that runs, with the options that it was given but -r, --ledger and --json, and
/// without its arguments.
[[nodiscard]] std::string command_with_options(const Context::State& state);

/// The command that runs, with its own options but --ledger, and its arguments: what it does,
/// without how it does it and where.
[[nodiscard]] std::string command_alone(const Context::State& state);

/// The command once more, with `first` in the place of its first argument, which was a mistake.
[[nodiscard]] std::string command_about(const Context::State& state, std::string_view first);

/// 32 bytes in hexadecimal digits: a secret, where the name of its file is wanted.
[[nodiscard]] bool looks_like_key(std::string_view text);

/// The command line with those options behind the command at the end of `path` that are its own and
/// stand before it, each with its value; nothing: there are none. No key is repeated that stands in
/// the place of its file.
[[nodiscard]] std::optional<std::string>
with_options_behind(const CommandPath& path, const std::vector<OptionSpec>& global_specs,
                    const std::vector<std::string>& arguments);

} // namespace codex::cli::detail

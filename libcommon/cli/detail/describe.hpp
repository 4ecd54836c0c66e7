// What a tool says about itself, all from the one tree.
#pragma once

#include "cli/detail/globals.hpp"

namespace codex::cli::detail {

/// --help of the command at the end of `path`: usage, options, examples; one screen.
[[nodiscard]] std::string help_text(const CommandPath& path);

/// Prints it; with --json as an object with the command's name and the text.
[[nodiscard]] Result<void> print_help(Context& context, const CommandPath& path);

/// Adds the command `help [COMMAND...]` to the root of `tree`.
void declare_help(Command& root, std::weak_ptr<Command::Node> tree);

/// --version: prints version, git revision, compiler, CPU features in use; with --json an object of
/// them.
[[nodiscard]] Result<void> print_version(Context& context, const std::string& tool);

/// --dump-commands: every command as one JSON document.
[[nodiscard]] std::string dump_text(const Command::Node& root);

/// A completion script. `shell` is bash, zsh or fish.
[[nodiscard]] std::string completion_text(const Command::Node& root, const std::string& shell);

} // namespace codex::cli::detail

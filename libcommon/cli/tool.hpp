// The command line that all tools share (codex-pipes(7)): a tool declares a tree
// of commands (command.hpp) and calls run_tool().
#pragma once

#include "cli/command.hpp"

#include <functional>
#include <string>

namespace codex::cli {

/// A tool's own description.
struct ToolSpec {
    std::string name;    ///< "codex-chunk"
    std::string summary; ///< one line
    std::function<void(Command& root)> declare;
    /// What `config` has beside the settings, where there is more: gives its command options, and
    /// what prints the rest, of which `origins` says whether also where each value comes from.
    using PrintsMore = std::function<Result<void>(Context& context, bool origins)>;
    std::function<PrintsMore(Command& config)> declare_config{};
};

/// What the tools of this build are: "0.1.0", and what git calls it.
[[nodiscard]] std::string_view version();
[[nodiscard]] std::string_view revision();

/// Parses, runs, prints the error if there is one, and gives the process exit code. Adds the flags
/// every tool has (codex-pipes(7), OPTIONS), --help, --version, and the `completion bash|zsh|fish`
/// subcommand made from the same tree. `--dump-commands` (hidden) prints the tree as JSON for the
/// tests that hold man pages and completions against it.
int run_tool(int argc, char** argv, const ToolSpec& spec);

} // namespace codex::cli

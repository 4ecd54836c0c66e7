// From a command line to the command that runs. The only file that knows CLI11 is parse.cpp.
#pragma once

#include "cli/detail/globals.hpp"
#include "cli/detail/tool_settings.hpp"

namespace codex::cli::detail {

struct Parsed {
    enum class Request { run, help, version, dump_commands };
    Request request = Request::run;
    CommandPath path; ///< root to the command named; for help perhaps a group
    Configuration configuration{};
};

/// A command line that does not fit: what to print, and whose --help to point at.
struct Misuse {
    Error error;
    CommandPath path;
};

/// Matches `arguments` (without the program's name) against the tree under `root`, stores the
/// values of options and of `globals` in their targets, after those of the configuration file and
/// the environment. Errors have code usage, but for those of apply_configuration().
[[nodiscard]] Expected<Parsed, Misuse> parse(const Command::Node& root, Globals& globals,
                                             const std::vector<std::string>& arguments);

} // namespace codex::cli::detail

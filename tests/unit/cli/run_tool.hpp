// Runs a tool that a test declares, as a process would: in a child, with its own streams.
#pragma once

#include "cli/command.hpp"

#include <map>

namespace codex::cli::test {

struct Outcome {
    int exit_code = -1; ///< 128 + n when signal n ended it
    std::string out;
    std::string err;
};

struct Call {
    std::vector<std::string> arguments;
    std::string input;
    /// Set in the child beside an environment without any CODEX_ variable.
    std::map<std::string, std::string> environment;
};

[[nodiscard]] Outcome run(const std::function<void(Command&)>& declare, const Call& call);

} // namespace codex::cli::test

// The tree of commands that a tool declares: options, arguments, and what each command does.
//
// This is a thin face over CLI11, so that only parse.cpp pays for its headers, and so that man
// pages, completions and --help can be checked against one tree.
#pragma once

#include "base/error.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace codex::cli {

class Context;

/// A duration, size, expiry or CID is taken as text by the option and parsed with base/units.hpp;
/// these types say which, so that --help names the unit and bad values exit with 64.
struct SizeValue {
    std::uint64_t bytes = 0;
    bool given = false;
};
struct DurationValue {
    std::uint64_t seconds = 0;
    bool given = false;
};
struct ExpiryValue {
    std::uint64_t unix_seconds = 0;
    bool given = false;
};

/// An error about the value of an option is a mistake in the command line, whatever made it: usage,
/// with the option before the text, and the same way out.
[[nodiscard]] Error bad_value(std::string_view option, const Error& error);

/// One tool or subcommand. Targets of options must outlive run_tool() (static storage or owned by
/// the run function's closure through a shared_ptr).
/// Threads: one at a time, and none when run_tool() runs.
class Command {
public:
    /// Adds a subcommand. `summary` is one line, lower case, no full stop.
    Command& command(std::string name, std::string summary);
    /// A line for the EXAMPLES part of --help; every leaf command has at least one.
    Command& example(std::string line);

    /// `names` as in CLI11: "-k", "--name", "-o,--output"; for --help the name of the value may
    /// follow a blank: "--until WHEN". An option is given at most once, but for vectors, where each
    /// time adds one.
    Command& flag(const std::string& names, bool& target, const std::string& help);
    Command& option(const std::string& names, std::string& target, const std::string& help);
    Command& option(const std::string& names, std::optional<std::string>& target,
                    const std::string& help);
    Command& option(const std::string& names, std::vector<std::string>& target,
                    const std::string& help);
    Command& option(const std::string& names, std::uint64_t& target, const std::string& help);
    Command& option(const std::string& names, std::optional<std::uint64_t>& target,
                    const std::string& help);
    Command& option(const std::string& names, SizeValue& target, const std::string& help);
    Command& option(const std::string& names, DurationValue& target, const std::string& help);
    Command& option(const std::string& names, ExpiryValue& target, const std::string& help);
    /// One of `choices`.
    Command& choice(const std::string& names, std::string& target,
                    const std::vector<std::string>& choices, const std::string& help);
    /// What completion offers for the value of the last option; others may be given, too.
    Command& offers(std::vector<std::string> values);
    /// The last option is a setting, too (codex-pipes(7), CONFIGURATION): where it is not given,
    /// `variable` of the environment says it, or the configuration file under the option's name.
    /// Where nobody does, what its target was declared with is shown.
    /// A second variable may say it where the first does not.
    Command& setting(std::string variable, std::string other_variable = {});
    /// Where nobody says the last setting, the command takes what is called `name` in the repo;
    /// `config` shows that.
    Command& in_repo(std::string name);
    /// It is about the settings of all commands.
    Command& shows_settings();
    /// Of the settings, its own and those of every tool, it goes by these alone: a mistake in any
    /// other, or in a part of the file that does not say these, is a warning and stops it not.
    Command& only_needs(std::vector<std::string> settings);
    /// Looks at the values of its settings together, as it does when it runs: for the command that
    /// shows them. Errors of `check`: what run() would give, options named as "--peer: ...".
    Command& checks_settings(std::function<Result<void>(Context&)> check);
    /// Positional arguments, upper-case `name` ("CID", "FILE").
    Command& argument(const std::string& name, std::string& target, const std::string& help,
                      bool required = true);
    Command& arguments(const std::string& name, std::vector<std::string>& target,
                       const std::string& help, bool required = false);

    /// The command makes one stream (bytes, a picture, a document): it takes -o FILE, which is
    /// opened before the command runs, and appears only when it has succeeded. Other commands
    /// refuse -o.
    Command& takes_output();
    /// The command deletes: it takes -n/--dry-run. Other commands refuse -n.
    Command& takes_dry_run();
    /// The command goes through its inputs with for_each(), and it pays to have several of them in
    /// flight: it takes --unordered. Other commands refuse it.
    Command& takes_unordered();
    /// The command looks things up: it takes --batch and --buffer. Other commands refuse them.
    Command& takes_batch();

    /// The command stays, and its log is its result: it goes to stdout, from info on.
    Command& takes_log();

    /// What the command does. Returns the exit code (0 or 1) or an error, which is printed.
    Command& run(std::function<Result<int>(Context&)> body);

    struct Node;
    explicit Command(std::shared_ptr<Node> node);

private:
    std::shared_ptr<Node> node_;
};

} // namespace codex::cli

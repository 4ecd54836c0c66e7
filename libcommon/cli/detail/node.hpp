// The command tree as it is declared, before a command line is parsed against it. Help, completion,
// --dump-commands and the parser all read this one tree.
#pragma once

#include "cli/command.hpp"
#include "cli/detail/count.hpp"

#include <deque>

namespace codex::cli {

namespace detail {

struct OptionSpec {
    std::vector<std::string> names; ///< "-k", "--name"
    std::string value;              ///< what --help calls the value; empty: a flag
    std::string help;
    std::vector<std::string> choices;
    std::vector<std::string> offered; ///< by completion, where there are no choices
    std::string variable{};           ///< of the environment, of a setting; empty: it is none
    std::string other_variable{};     ///< the same by another name; empty: there is none
    std::string built_in{};           ///< its value where nobody says any; empty: none, or many
    std::string in_repo{};            ///< what it is called there, which is its value then
    bool many = false;                ///< may be given several times
    /// Takes the values given (of a flag: as many empty ones as it was given). Errors: any code;
    /// the caller makes it a usage error that names the option.
    std::function<Result<void>(const std::vector<std::string>&)> apply;

    [[nodiscard]] bool is_flag() const { return value.empty(); }
    /// The value is kept as it is, as a label is; any other has at least one letter.
    [[nodiscard]] bool may_be_empty() const { return is_flag() || value == "TEXT"; }
    /// The last name, without dashes: "output" of -o,--output.
    [[nodiscard]] std::string long_name() const;
};

struct ArgumentSpec {
    std::string name;
    std::string help;
    bool required = false;
    bool many = false;
    std::function<void(const std::vector<std::string>&)> apply;

    /// Of a text that is kept as it is; names and CIDs have at least one letter.
    [[nodiscard]] bool may_be_empty() const { return name == "TEXT"; }
};

/// Of a value or an argument that is called `what` (FILE, DIR, ADDRESS) and must not be empty. Code
/// usage.
[[nodiscard]] Error empty_name(std::string_view what);

/// Splits "-o,--output FILE" into names and value name.
[[nodiscard]] OptionSpec option_spec(const std::string& names, std::string_view default_value,
                                     const std::string& help);

} // namespace detail

struct Command::Node {
    std::string name;
    std::string summary;
    std::vector<std::string> examples;
    std::vector<detail::OptionSpec> options;
    std::vector<detail::ArgumentSpec> arguments;
    std::vector<std::shared_ptr<Node>> children;
    std::deque<Command> handles; ///< what command() gave out: addresses stay
    std::function<Result<int>(Context&)> body;
    bool takes_output = false;
    bool takes_dry_run = false;
    bool takes_unordered = false;
    bool takes_batch = false;
    bool takes_log = false;
    bool shows_settings = false; ///< its own are those of all commands
    /// The settings that it goes by; nothing: all that there are.
    std::optional<std::vector<std::string>> needs{};
    std::function<Result<void>(Context&)> check{}; ///< of its settings together
};

namespace detail {

/// Whether `option`, one of global_options(), means something to the command.
[[nodiscard]] bool applies(const OptionSpec& option, const Command::Node& node);

/// The way from the root to a command; never empty.
using CommandPath = std::vector<const Command::Node*>;

/// "codex-chunk block get"
[[nodiscard]] std::string full_name(const CommandPath& path);

} // namespace detail

} // namespace codex::cli

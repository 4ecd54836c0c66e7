// Where the value of a setting comes from: flag > environment > configuration file > default
// (codex-pipes(7), CONFIGURATION).
#pragma once

#include "cli/detail/globals.hpp"

#include <string>
#include <vector>

namespace codex::cli::detail {

/// What decides a setting, the weakest first.
enum class Origin : std::uint8_t { built_in, file, environment, flag };

struct Setting {
    std::string name; ///< of the option, without dashes; the key in the file
    std::string value;
    Origin origin = Origin::built_in;
    std::string from{}; ///< "--repo", "CODEX_REPO", "/home/x/.config/codex/config.toml:3"
};

/// "flag", "environment", "file", "default".
[[nodiscard]] std::string_view name_of(Origin origin);

/// The settings before anything was said about them. Without a home (HOME and the XDG variables are
/// unset or no absolute paths) there is no repo and no configuration file: they are empty.
[[nodiscard]] std::vector<Setting> default_settings();

/// Fills `globals` and `settings` from the configuration file and the environment. A value given by
/// `config_flag` is the path of the file. Errors: config_invalid, naming the file and line or the
/// variable, also one that no option stands for; those of reading a file that was named.
[[nodiscard]] Result<void> apply_configuration(const std::string& config_flag, Globals& globals,
                                               std::vector<Setting>& settings);

/// A warning for each variable that looks like a slip of one of ours.
[[nodiscard]] std::vector<std::string> doubtful_variables();

/// Takes note that `option`, one of global_options(), was given on the command line.
void note_flag(const OptionSpec& option, const std::vector<std::string>& given,
               std::vector<Setting>& settings);

} // namespace codex::cli::detail

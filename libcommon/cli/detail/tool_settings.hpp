// The settings of tools: which of the flags every tool has may stand in the configuration file and
// the environment.
#pragma once

#include "cli/detail/globals.hpp"
#include "cli/settings.hpp"

#include <span>
#include <string>
#include <vector>

namespace codex::cli::detail {

/// A rule for each; `globals` must outlive them.
[[nodiscard]] std::vector<SettingRule> setting_rules(Globals& globals);

/// Of the options of a command that are settings, too.
[[nodiscard]] std::vector<SettingRule> setting_rules(const std::vector<OptionSpec>& options);

/// What is made of the configuration file and the environment.
struct Configuration {
    std::vector<Setting> settings;
    std::vector<Error> passed_over; ///< mistakes in what the command does not go by
};

/// Fills `globals` from the configuration file and the environment, NO_COLOR included; and applies
/// `more` rules, of the command. Where there are `needs`, settings of other names may have
/// mistakes. Errors: read_settings()'s.
[[nodiscard]] Result<Configuration>
apply_configuration(const std::string& config_flag, Globals& globals,
                    std::span<const SettingRule> more,
                    const std::optional<std::vector<std::string>>& needs);

/// An error of an option's value ("--peer: ..."), as one of where the value stands: it names the
/// variable, or the file and line, when it was not given on the command line, and is config_invalid
/// where it was usage.
[[nodiscard]] Error blame_setting(const std::vector<Setting>& settings, const Error& error);

/// Takes note that `option` was given on the command line.
void note_flag(const OptionSpec& option, const std::vector<std::string>& given,
               std::vector<Setting>& settings);

} // namespace codex::cli::detail

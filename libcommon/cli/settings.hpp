// Where the value of a setting comes from: flag > environment > configuration file > default
// (codex-pipes(7), CONFIGURATION). For every process of ours, with a command line or without.
#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "cli/settings_file.hpp"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace codex::cli {

/// What decides a setting, the weakest first.
enum class Origin : std::uint8_t { built_in, file, environment, flag };

/// "flag", "environment", "file", "default".
[[nodiscard]] std::string_view name_of(Origin origin);

/// One that a process has.
struct SettingRule {
    std::string name;       ///< its key in the configuration file
    std::string variable{}; ///< of the environment; empty: none speaks for it
    std::string value{};    ///< where nobody says anything
    bool many = false;      ///< the file may have a list of values, which come one on each line
    /// Takes a value of the file or the environment. Errors: any code; they become config_invalid.
    std::function<Result<void>(const std::string& value)> apply;
    std::string other_variable{}; ///< the same by another name; empty: there is none
    bool needed = true;           ///< a mistake in it is to be refused, whatever becomes of others
};

/// One as it came out.
struct Setting {
    std::string name;
    std::string value;
    Origin origin = Origin::built_in;
    std::string from{}; ///< "--repo", "CODEX_REPO", "/home/x/.config/codex/config.toml:3"
};

/// The name of the setting that says which file the others may stand in.
constexpr std::string_view kConfigFileSetting = "config-file";

/// The configuration file where none is named, and the repo. Without a home (HOME and the XDG
/// variables are unset or no absolute paths) there is none: empty.
[[nodiscard]] std::string default_config_file();
/// The file that `config_flag`, else the environment names, else the one by default.
[[nodiscard]] std::string config_file_named(const std::string& config_flag);
[[nodiscard]] std::string default_repo();

/// Applies the configuration file and the environment to `rules`, and gives all settings: the
/// configuration file first, then those of the rules, in their order. A value given by
/// `config_flag` is the path of the file, which is waited for as long as `patience` lets it, where
/// it is a pipe; nothing: it is refused then. Where there is `passed_over`, mistakes that no needed
/// rule depends on are put there, as the errors that they would be, and what they are in is as if
/// it said nothing. Errors: config_invalid, naming the file and line or the variable, also one that
/// no rule stands for; those of read_settings_file().
[[nodiscard]] Result<std::vector<Setting>>
read_settings(std::span<const SettingRule> rules, const std::string& config_flag,
              std::optional<Clock::Duration> patience = kSettingsPatience,
              std::vector<Error>* passed_over = nullptr);

/// Lets no kernels run above what CODEX_CPU names; a process does so when it begins. A
/// wrong value is read_settings()'s to refuse.
void apply_cpu_variable();

/// Puts temporary files where TMPDIR says; a process does so when it begins.
void apply_temporary_folder();

/// The clock of a process: the system's, but where CODEX_NOW is set the wall clock stands there. A
/// wrong value is read_settings()'s to refuse.
[[nodiscard]] const Clock& process_clock();

/// A warning for each variable of the environment that looks like a slip of one of ours.
[[nodiscard]] std::vector<std::string> doubtful_variables(std::span<const SettingRule> rules);

} // namespace codex::cli

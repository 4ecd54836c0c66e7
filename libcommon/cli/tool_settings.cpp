#include "cli/detail/tool_settings.hpp"

#include "base/copy_error.hpp"
#include "cli/detail/count.hpp"

#include <algorithm>
#include <cstdlib>

namespace codex::cli::detail {

namespace {

struct Source {
    std::string_view name; ///< of the option
    const char* variable;
};
/// In the order in which `config` shows them.
constexpr Source kSources[] = {{"repo", "CODEX_REPO"},         {"threads", "CODEX_THREADS"},
                               {"progress", "CODEX_PROGRESS"}, {"color", ""},
                               {"log-level", "CODEX_LOG"},     {"log-format", "CODEX_LOG_FORMAT"},
                               {"lock-timeout", ""},           {"no-sync", ""}};

/// As the option would take it. A flag is true or false.
Result<void> apply(const OptionSpec& option, const std::string& value) {
    if (value.empty() && !option.may_be_empty())
        return fail(empty_name(option.value));
    if (!option.is_flag())
        return option.apply({value});
    if (value != "true" && value != "false")
        return fail(Errc::config_invalid, "'{}' is neither true nor false", value);
    return value == "true" ? option.apply({""}) : Result<void>();
}

std::string built_in(std::string_view name) {
    const Globals globals;
    if (name == "repo")
        return default_repo();
    if (name == "threads")
        return fmt::format("{}", globals.threads);
    if (name == "progress")
        return globals.progress;
    if (name == "color")
        return globals.color;
    if (name == "log-level")
        return "warn";
    if (name == "log-format")
        return globals.log_format;
    if (name == "lock-timeout")
        return fmt::format("{}s", globals.lock_timeout_seconds);
    return "false";
}

Setting* find(std::vector<Setting>& settings, std::string_view name) {
    const auto found = std::ranges::find(settings, name, &Setting::name);
    return found == settings.end() ? nullptr : &*found;
}

} // namespace

std::vector<SettingRule> setting_rules(Globals& globals) {
    const std::vector<OptionSpec> options = global_options(globals);
    std::vector<SettingRule> rules;
    for (const Source& source : kSources) {
        const auto option = std::ranges::find_if(
            options, [&](const OptionSpec& each) { return each.long_name() == source.name; });
        CODEX_ASSERT(option != options.end());
        rules.push_back(
            {std::string(source.name), source.variable, built_in(source.name), false,
             [option = *option](const std::string& value) { return apply(option, value); }});
    }
    return rules;
}

std::vector<SettingRule> setting_rules(const std::vector<OptionSpec>& options) {
    std::vector<SettingRule> rules;
    for (const OptionSpec& option : options)
        if (!option.variable.empty())
            rules.push_back({option.long_name(), option.variable, option.built_in, option.many,
                             [option](const std::string& value) { return apply(option, value); },
                             option.other_variable});
    return rules;
}

Result<Configuration> apply_configuration(const std::string& config_flag, Globals& globals,
                                          std::span<const SettingRule> more,
                                          const std::optional<std::vector<std::string>>& needs) {
    globals.repo = default_repo();
    globals.config_file = config_flag; // which is what a mistake in it is about
    std::vector<SettingRule> rules = setting_rules(globals);
    rules.insert(rules.end(), more.begin(), more.end());
    if (needs)
        for (SettingRule& rule : rules)
            rule.needed = std::ranges::find(*needs, rule.name) != needs->end();
    Configuration made;
    CODEX_SET(made.settings, read_settings(rules, config_flag, globals.config_patience,
                                           needs ? &made.passed_over : nullptr));
    // no-color.org: set to anything, it wins over what is not said on the command line.
    if (const char* no_color = std::getenv("NO_COLOR"); no_color != nullptr && *no_color != 0) {
        globals.color = "never";
        Setting& color = *find(made.settings, "color");
        color = {color.name, "never", Origin::environment, "NO_COLOR"};
    }
    return made;
}

void note_flag(const OptionSpec& option, const std::vector<std::string>& given,
               std::vector<Setting>& settings) {
    if (Setting* setting = find(settings, option.long_name()))
        *setting = {setting->name, option.is_flag() ? "true" : given.front(), Origin::flag,
                    option.names.back()};
}

Error blame_setting(const std::vector<Setting>& settings, const Error& error) {
    const std::string text = error.text();
    const std::size_t colon = text.find(": ");
    if (!text.starts_with("--") || colon == std::string::npos)
        return copy_of(error);
    const auto found =
        std::ranges::find(settings, std::string_view(text).substr(2, colon - 2), &Setting::name);
    if (found == settings.end() || found->origin == Origin::flag ||
        found->origin == Origin::built_in)
        return copy_of(error);
    const std::string where = found->origin == Origin::environment
                                  ? "$" + found->from
                                  : fmt::format("{}: {}", found->from, found->name);
    if (error.code() != Errc::usage) // it has its own way out
        return Error(error.code(), where + text.substr(colon)).way_out_of(error);
    return with_way_out(Error(Errc::config_invalid, where + text.substr(colon)).way_out_of(error),
                        found->origin == Origin::environment ? found->from : std::string());
}

} // namespace codex::cli::detail

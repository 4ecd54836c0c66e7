#include "cli/detail/settings.hpp"

#include "base/cpu.hpp"
#include "base/fd.hpp"
#include "cli/detail/config_file.hpp"
#include "cli/detail/suggest.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::cli::detail {

namespace {

struct Source {
    std::string_view name;
    const char* variable;
};
/// Every setting, and the variable that speaks for it. The first is where the others may stand.
constexpr std::string_view kConfigFile = "config-file";
constexpr Source kSources[] = {
    {kConfigFile, "CODEX_CONFIG"},      {"repo", "CODEX_REPO"},    {"threads", "CODEX_THREADS"},
    {"progress", "CODEX_PROGRESS"},     {"color", nullptr},        {"log-level", "CODEX_LOG"},
    {"log-format", "CODEX_LOG_FORMAT"}, {"lock-timeout", nullptr}, {"no-sync", nullptr}};

constexpr const char* kOtherVariables[] = {"CODEX_CPU", "CODEX_NOW"};
constexpr std::string_view kPrefix = "CODEX_";

std::vector<const char*> our_variables() {
    std::vector<const char*> names(std::begin(kOtherVariables), std::end(kOtherVariables));
    for (const Source& source : kSources)
        if (source.variable != nullptr)
            names.push_back(source.variable);
    return names;
}

bool known_variable(std::string_view name) {
    return std::ranges::any_of(our_variables(), [&](const char* ours) { return name == ours; });
}

/// The variable of ours that `name` may be a slip of. Others use the prefix, too, and are left
/// alone: half of what follows it has to be right.
const char* similar_variable(std::string_view name) {
    const std::string_view word = name.substr(kPrefix.size());
    for (const char* ours : our_variables()) {
        const std::string_view meant = std::string_view(ours).substr(kPrefix.size());
        if (2 * edit_distance(word, meant) <= meant.size() && edit_distance(word, meant) <= 2)
            return ours;
    }
    return nullptr;
}

std::string environment(const char* name) {
    const char* value = name == nullptr ? nullptr : std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

/// $VARIABLE/codex, else ~/FALLBACK/codex (the XDG base directories); nothing where neither is an
/// absolute path, for it would be another folder wherever one stands.
std::string home_of(const char* variable, std::string_view fallback) {
    if (const std::string base = environment(variable); base.starts_with('/'))
        return base + "/codex";
    const std::string home = environment("HOME");
    return home.starts_with('/') ? fmt::format("{}/{}/codex", home, fallback) : std::string();
}

Setting* find(std::vector<Setting>& settings, std::string_view name) {
    const auto found = std::ranges::find(settings, name,
                                         [](const Setting& s) { return std::string_view(s.name); });
    return found == settings.end() ? nullptr : &*found;
}

void set(Setting& setting, const std::string& value, Origin origin, std::string from) {
    setting.value = value;
    setting.origin = origin;
    setting.from = std::move(from);
}

/// As the option would take it. A flag is true or false.
Result<void> apply(const OptionSpec& option, const std::string& value) {
    if (!option.is_flag())
        return option.apply({value});
    if (value != "true" && value != "false")
        return fail(Errc::config_invalid, "'{}' is neither true nor false", value);
    return value == "true" ? option.apply({""}) : Result<void>();
}

Error wrong(std::string_view where, const Error& error) {
    return Error(Errc::config_invalid, fmt::format("{}: {}", where, error.text()));
}

Result<void> apply_entry(const ConfigEntry& entry, const std::string& where, Globals& globals,
                         std::vector<Setting>& settings) {
    Setting* setting = find(settings, entry.key);
    if (setting == nullptr || entry.key == kConfigFile) {
        std::vector<std::string_view> names;
        for (const Source& source : kSources)
            if (source.name != kConfigFile)
                names.push_back(source.name);
        return fail(Error(Errc::config_invalid,
                          fmt::format("{}: there is no setting '{}'", where, entry.key))
                        .hint(fmt::format("there are {}", fmt::join(names, ", "))));
    }
    for (const OptionSpec& option : global_options(globals)) {
        if (option.long_name() != entry.key)
            continue;
        if (auto done = apply(option, entry.value); !done)
            return fail(wrong(where + ": " + entry.key, done.error()));
        set(*setting, entry.value, Origin::file, where);
    }
    return {};
}

/// Whether there is something under the name of a file that nobody has to have. A folder on the way
/// that is no folder, or not ours to look into, is somebody else's home.
Result<bool> is_there(const std::string& path) {
    struct stat info{};
    if (path.empty())
        return false;
    if (::stat(path.c_str(), &info) != 0) {
        for (const int absent : {ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG})
            if (errno == absent)
                return false;
        return fail(system_error(errno, fmt::format("configuration file: open {}", path)));
    }
    if (!S_ISREG(info.st_mode) && !S_ISCHR(info.st_mode))
        return fail(Errc::config_invalid, "configuration file: {}: is no file", path);
    return true;
}

Result<void> apply_file(const Setting& file, Globals& globals, std::vector<Setting>& settings) {
    const std::string path = file.value;
    if (file.origin == Origin::built_in) {
        CODEX_TRY(there, is_there(path));
        if (!there)
            return {};
    }
    auto text = read_file(path, kMaxConfigBytes);
    if (!text)
        return fail(std::move(text).error().context("configuration file"));
    CODEX_TRY(entries, parse_config(*text, path));
    for (const ConfigEntry& entry : entries)
        CODEX_CHECK(apply_entry(entry, fmt::format("{}:{}", path, entry.line), globals, settings));
    return {};
}

/// Variables that no option stands for, and what they may say.
Result<void> check_variables() {
    if (const std::string cpu = environment("CODEX_CPU"); !cpu.empty() && !cpu::is_level(cpu))
        return fail(Error(Errc::config_invalid, fmt::format("$CODEX_CPU: '{}' is no level", cpu))
                        .hint("portable, avx2 or avx512"));
    if (const std::string now = environment("CODEX_NOW"); !now.empty())
        if (auto seconds = parse_count(now); !seconds)
            return fail(wrong("$CODEX_NOW", seconds.error()).hint("it takes Unix seconds"));
    return {};
}

} // namespace

std::string_view name_of(Origin origin) {
    switch (origin) {
    case Origin::flag:
        return "flag";
    case Origin::environment:
        return "environment";
    case Origin::file:
        return "file";
    default:
        return "default";
    }
}

std::vector<Setting> default_settings() {
    const Globals globals;
    const std::string config_home = home_of("XDG_CONFIG_HOME", ".config");
    return {{std::string(kConfigFile), config_home.empty() ? "" : config_home + "/config.toml"},
            {"repo", home_of("XDG_DATA_HOME", ".local/share")},
            {"threads", "0"},
            {"progress", globals.progress},
            {"color", globals.color},
            {"log-level", "warn"},
            {"log-format", globals.log_format},
            {"lock-timeout", fmt::format("{}s", globals.lock_timeout_seconds)},
            {"no-sync", "false"}};
}

Result<void> apply_configuration(const std::string& config_flag, Globals& globals,
                                 std::vector<Setting>& settings) {
    CODEX_CHECK(check_variables());
    globals.repo = find(settings, "repo")->value;
    Setting& file = *find(settings, kConfigFile);
    if (const std::string named = environment("CODEX_CONFIG"); !named.empty())
        set(file, named, Origin::environment, "CODEX_CONFIG");
    if (!config_flag.empty())
        set(file, config_flag, Origin::flag, "--config-file");
    CODEX_CHECK(apply_file(file, globals, settings));
    for (const OptionSpec& option : global_options(globals)) {
        const auto source = std::ranges::find(kSources, option.long_name(), &Source::name);
        const std::string value =
            source == std::end(kSources) ? std::string() : environment(source->variable);
        if (value.empty() || source->name == kConfigFile)
            continue;
        if (auto done = option.apply({value}); !done)
            return fail(wrong(fmt::format("${}", source->variable), done.error()));
        set(*find(settings, source->name), value, Origin::environment, source->variable);
    }
    // no-color.org: set to anything, it wins over what is not said on the command line.
    if (!environment("NO_COLOR").empty()) {
        globals.color = "never";
        set(*find(settings, "color"), "never", Origin::environment, "NO_COLOR");
    }
    return {};
}

std::vector<std::string> doubtful_variables() {
    std::vector<std::string> warnings;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::string_view name = text.substr(0, text.find('='));
        if (!name.starts_with(kPrefix) || known_variable(name))
            continue;
        if (const char* meant = similar_variable(name))
            warnings.push_back(fmt::format("${} means nothing here: is ${} meant?", name, meant));
    }
    return warnings;
}

void note_flag(const OptionSpec& option, const std::vector<std::string>& given,
               std::vector<Setting>& settings) {
    if (Setting* setting = find(settings, option.long_name()))
        set(*setting, option.is_flag() ? "true" : given.front(), Origin::flag, option.names.back());
}

} // namespace codex::cli::detail

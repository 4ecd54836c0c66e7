#include "cli/settings.hpp"

#include "base/cpu.hpp"
#include "base/temporary.hpp"
#include "cli/detail/config_file.hpp"
#include "cli/detail/count.hpp"
#include "cli/detail/edit_distance.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::cli {

namespace {

using detail::ConfigEntry;

/// Variables that no rule stands for.
constexpr const char* kOtherVariables[] = {"CODEX_CONFIG", "CODEX_CPU", "CODEX_NOW"};
constexpr std::string_view kPrefix = "CODEX_";
/// Half of what is a number in JSON, so that whatever is later yet is one, too; its milliseconds
/// have room in 64 bits.
constexpr std::uint64_t kLatestNow = (std::uint64_t{1} << 52) - 1;
/// Settings of one command or another, which all others pass over in a file.
constexpr std::string_view kOfCommands[] = {"agent-string",
                                            "api-allowed-hosts",
                                            "api-bindaddr",
                                            "api-cors-origin",
                                            "api-port",
                                            "api-token-file",
                                            "bootstrap-node",
                                            "data-dir",
                                            "disc-ip",
                                            "disc-port",
                                            "eth-private-key",
                                            "ledger",
                                            "limit",
                                            "listen-addrs",
                                            "max-peers",
                                            "metrics",
                                            "metrics-address",
                                            "metrics-port",
                                            "nat",
                                            "net-privkey",
                                            "peer"};

std::vector<std::string> our_variables(std::span<const SettingRule> rules) {
    std::vector<std::string> names(std::begin(kOtherVariables), std::end(kOtherVariables));
    for (const SettingRule& rule : rules)
        for (const std::string& variable : {rule.variable, rule.other_variable})
            if (!variable.empty())
                names.push_back(variable);
    return names;
}

/// The variable of ours that `name` may be a slip of; empty: none. Others use the prefix, too, and
/// are left alone: half of what follows it has to be right.
std::string similar_variable(std::string_view name, std::span<const std::string> ours) {
    const std::string_view word = name.substr(kPrefix.size());
    for (const std::string& our : ours) {
        const std::string_view meant = std::string_view(our).substr(kPrefix.size());
        const std::size_t distance = detail::edit_distance(word, meant);
        if (2 * distance <= meant.size() && distance <= 2)
            return our;
    }
    return {};
}

/// "; did you mean: NAME", of the nearest one; empty: none is near.
std::string similar_setting(std::string_view name, std::span<const std::string_view> names) {
    constexpr std::size_t kFar = 3;
    std::size_t nearest = kFar;
    std::string_view meant;
    for (const std::string_view other : names)
        if (const std::size_t distance = detail::edit_distance(name, other);
            distance < nearest && 2 * distance <= other.size()) {
            nearest = distance;
            meant = other;
        }
    return meant.empty() ? std::string() : fmt::format("; did you mean: {}", meant);
}

/// The variable of a setting that `name` is called after, as most programs do: CODEX_LOG_LEVEL;
/// empty: of none.
std::string variable_of_setting(std::string_view name, std::span<const SettingRule> rules) {
    std::string setting(name.substr(kPrefix.size()));
    for (char& c : setting)
        c = c == '_' ? '-' : static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    const auto rule = std::ranges::find(rules, setting, &SettingRule::name);
    return rule == rules.end() ? std::string() : rule->variable;
}

std::string environment(const std::string& name) {
    const char* value = name.empty() ? nullptr : std::getenv(name.c_str());
    return value == nullptr ? std::string() : std::string(value);
}

/// $VARIABLE/codex, else ~/FALLBACK/codex (the XDG base directories); nothing where neither is an
/// absolute path, for it would be another folder wherever one stands.
std::string home_of(const std::string& variable, std::string_view fallback) {
    if (const std::string base = environment(variable); base.starts_with('/'))
        return base + "/codex";
    const std::string home = environment("HOME");
    return home.starts_with('/') ? fmt::format("{}/{}/codex", home, fallback) : std::string();
}

void set(Setting& setting, const std::string& value, Origin origin, std::string from) {
    setting.value = value;
    setting.origin = origin;
    setting.from = std::move(from);
}

Error wrong(std::string_view where, const Error& error) {
    return Error(Errc::config_invalid, fmt::format("{}: {}", where, error.text()))
        .way_out_of(error);
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

/// A file of settings that was named and cannot be read.
Error not_read(Error error) {
    const bool plain = !error.has_way_out();
    Error told = std::move(error).context("configuration file");
    if (plain && told.code() == Errc::not_found)
        return std::move(told).remedy(
            {Remedy::name_file, "name a file that there is, or none, since nobody needs one"});
    if (plain && told.code() == Errc::limit_exceeded)
        return std::move(told).hint("codex-pipes(7) describes the file");
    return told;
}

/// The settings while they are found out: that of the file first, then one for each rule.
class Reading {
public:
    Reading(std::span<const SettingRule> rules, std::vector<Setting>& settings,
            std::vector<Error>* passed_over)
        : rules_(rules), settings_(settings), passed_over_(passed_over) {
        settings_.push_back({std::string(kConfigFileSetting), default_config_file()});
        for (const SettingRule& rule : rules_)
            settings_.push_back({rule.name, rule.value});
    }

    Result<void> read_file_named(const std::string& flag, std::optional<Clock::Duration> patience) {
        Setting& file = settings_.front();
        if (const std::string named = environment("CODEX_CONFIG"); !named.empty())
            set(file, named, Origin::environment, "CODEX_CONFIG");
        if (!flag.empty())
            set(file, flag, Origin::flag, "--config-file");
        auto entries = entries_of(file, patience);
        if (!entries) // a slip on the command line is one whatever would be in the file
            return refuse(std::move(entries).error(), !flag.empty() || file_says_needed());
        for (const ConfigEntry& entry : *entries) {
            const auto rule = std::ranges::find(rules_, entry.key, &SettingRule::name);
            const bool needed =
                rule != rules_.end() ? is_decided_by_file(*rule) : may_mean_needed(entry.key);
            if (auto done = apply_entry(entry, fmt::format("{}:{}", file.value, entry.line)); !done)
                CODEX_CHECK(refuse(std::move(done).error(), needed));
        }
        return {};
    }

    Result<void> read_environment() {
        for (std::size_t i = 0; i < rules_.size(); ++i) {
            // The first of the two wins.
            for (const std::string& variable : {rules_[i].variable, rules_[i].other_variable}) {
                const std::string value = environment(variable);
                if (value.empty())
                    continue;
                if (auto done = rules_[i].apply(value); !done) {
                    CODEX_CHECK(
                        refuse(detail::with_way_out(wrong("$" + variable, done.error()), variable),
                               rules_[i].needed));
                    continue;
                }
                set(settings_[1 + i], value, Origin::environment, variable);
                break;
            }
        }
        return {};
    }

    /// An error that stops all, or is passed over.
    Result<void> refuse(Error error, bool needed) {
        if (needed || passed_over_ == nullptr)
            return fail(std::move(error));
        passed_over_->push_back(std::move(error));
        return {};
    }

private:
    static Result<std::vector<ConfigEntry>> entries_of(const Setting& file,
                                                       std::optional<Clock::Duration> patience) {
        if (file.origin == Origin::built_in) {
            CODEX_TRY(there, is_there(file.value));
            if (!there)
                return std::vector<ConfigEntry>();
        }
        std::optional<Deadline> until;
        if (patience)
            until = Deadline::after(process_clock(), *patience);
        auto text = read_settings_file(file.value, detail::kMaxConfigBytes, until);
        if (!text)
            return fail(not_read(std::move(text).error()));
        return detail::parse_config(*text, file.value);
    }

    /// It is needed, and the environment, which is stronger, says nothing of it.
    static bool is_decided_by_file(const SettingRule& rule) {
        return rule.needed && environment(rule.variable).empty() &&
               environment(rule.other_variable).empty();
    }
    [[nodiscard]] bool file_says_needed() const {
        return std::ranges::any_of(rules_, is_decided_by_file);
    }
    /// A name that is none may be a slip of one that is needed.
    [[nodiscard]] bool may_mean_needed(std::string_view name) const {
        std::vector<std::string_view> needed;
        for (const SettingRule& rule : rules_)
            if (is_decided_by_file(rule))
                needed.push_back(rule.name);
        return !similar_setting(name, needed).empty();
    }

    Result<void> apply_entry(const ConfigEntry& entry, const std::string& where) {
        const auto rule = std::ranges::find(rules_, entry.key, &SettingRule::name);
        if (rule == rules_.end() &&
            std::ranges::find(kOfCommands, entry.key) != std::end(kOfCommands))
            return {};
        if (rule == rules_.end()) {
            std::vector<std::string_view> names;
            for (const SettingRule& known : rules_)
                names.push_back(known.name);
            for (const std::string_view other : kOfCommands)
                if (std::ranges::find(names, other) == names.end())
                    names.push_back(other);
            const std::string meant = similar_setting(entry.key, names);
            return fail(Error(Errc::config_invalid,
                              fmt::format("{}: there is no setting '{}'", where, entry.key))
                            .hint(fmt::format("there are {}{}", fmt::join(names, ", "), meant)));
        }
        if (entry.is_list && !rule->many)
            return fail(detail::with_way_out(
                Error(Errc::config_invalid,
                      fmt::format("{}: {}: a list, where there is one value", where, entry.key)),
                {}));
        const bool has_none = entry.is_list && entry.value.empty();
        if (auto done = has_none ? Result<void>() : rule->apply(entry.value); !done)
            return fail(detail::with_way_out(wrong(where + ": " + entry.key, done.error()), {}));
        set(settings_[1 + static_cast<std::size_t>(rule - rules_.begin())], entry.value,
            Origin::file, where);
        return {};
    }

    std::span<const SettingRule> rules_;
    std::vector<Setting>& settings_;
    std::vector<Error>* passed_over_; ///< nothing: every mistake stops all
};

/// CODEX_NOW. Errors: usage.
Result<std::uint64_t> parse_now(const std::string& text) {
    CODEX_TRY(seconds, detail::parse_count(text));
    if (seconds > kLatestNow)
        return fail(Errc::usage, "'{}' is too large", text);
    return seconds;
}

/// What the variables that no rule stands for may say.
Result<void> check_variables() {
    if (const std::string cpu = environment("CODEX_CPU"); !cpu.empty() && !cpu::limit_named(cpu))
        return fail(
            Error(Errc::config_invalid, fmt::format("$CODEX_CPU: '{}' names no kernels", cpu))
                .hint("portable, ssse3, avx2, gfni256 or avx512; and behind the last three "
                      "-nosha"));
    if (const std::string now = environment("CODEX_NOW"); !now.empty())
        if (auto seconds = parse_now(now); !seconds)
            return fail(wrong("$CODEX_NOW", seconds.error()).hint("it takes Unix seconds"));
    return {};
}

} // namespace

Error detail::with_way_out(Error error, const std::string& variable) {
    if (error.has_way_out())
        return error;
    if (variable.empty())
        return std::move(error).hint("codex-pipes(7) describes the file");
    return std::move(error).hint(fmt::format("give it another value, or none: unset {}", variable));
}

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

std::string default_config_file() {
    const std::string home = home_of("XDG_CONFIG_HOME", ".config");
    return home.empty() ? home : home + "/config.toml";
}

std::string default_repo() {
    return home_of("XDG_DATA_HOME", ".local/share");
}

std::string config_file_named(const std::string& config_flag) {
    if (!config_flag.empty())
        return config_flag;
    std::string named = environment("CODEX_CONFIG");
    return named.empty() ? default_config_file() : named;
}

Result<std::vector<Setting>> read_settings(std::span<const SettingRule> rules,
                                           const std::string& config_flag,
                                           std::optional<Clock::Duration> patience,
                                           std::vector<Error>* passed_over) {
    std::vector<Setting> settings;
    Reading reading(rules, settings, passed_over);
    if (auto checked = check_variables(); !checked)
        CODEX_CHECK(reading.refuse(std::move(checked).error(), false));
    CODEX_CHECK(reading.read_file_named(config_flag, patience));
    CODEX_CHECK(reading.read_environment());
    return settings;
}

void apply_cpu_variable() {
    // A wrong one is refused with the other variables, when there is a command to refuse.
    if (const auto limit = cpu::limit_named(environment("CODEX_CPU")))
        cpu::limit(*limit);
}

void apply_temporary_folder() {
    if (std::string folder = environment("TMPDIR"); !folder.empty())
        use_temporary_folder(std::move(folder));
}

const Clock& process_clock() {
    static const auto stopped = []() -> std::unique_ptr<StoppedWallClock> {
        const auto now = parse_now(environment("CODEX_NOW"));
        return now ? std::make_unique<StoppedWallClock>(Clock::system(), *now) : nullptr;
    }();
    return stopped ? *stopped : Clock::system();
}

std::vector<std::string> doubtful_variables(std::span<const SettingRule> rules) {
    const std::vector<std::string> ours = our_variables(rules);
    std::vector<std::string> warnings;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::string_view name = text.substr(0, text.find('='));
        if (!name.starts_with(kPrefix) || std::ranges::find(ours, name) != ours.end())
            continue;
        std::string meant = variable_of_setting(name, rules);
        if (meant.empty())
            meant = similar_variable(name, ours);
        if (!meant.empty())
            warnings.push_back(fmt::format("${} means nothing here: is ${} meant?", name, meant));
    }
    return warnings;
}

} // namespace codex::cli

#include "cli/detail/globals.hpp"

#include "base/units.hpp"

#include <algorithm>

namespace codex::cli::detail {

namespace {

constexpr std::uint64_t kMaxThreads = 1024;

OptionSpec flag_spec(const std::string& names, bool& target, const std::string& help) {
    OptionSpec spec = option_spec(names, "", help);
    spec.apply = [&target](const std::vector<std::string>&) -> Result<void> {
        target = true;
        return {};
    };
    return spec;
}

OptionSpec text_spec(const std::string& names, std::string& target, const std::string& help) {
    OptionSpec spec = option_spec(names, "", help);
    spec.apply = [&target](const std::vector<std::string>& given) -> Result<void> {
        target = given.front();
        return {};
    };
    return spec;
}

OptionSpec choice_spec(const std::string& names, std::string& target,
                       std::vector<std::string> choices, const std::string& help) {
    OptionSpec spec = option_spec(names, fmt::format("{}", fmt::join(choices, "|")), help);
    spec.choices = std::move(choices);
    spec.apply = [&target, spec](const std::vector<std::string>& given) -> Result<void> {
        if (std::find(spec.choices.begin(), spec.choices.end(), given.front()) ==
            spec.choices.end())
            return fail(Errc::usage, "'{}' is none of {}", given.front(), spec.value);
        target = given.front();
        return {};
    };
    return spec;
}

OptionSpec verbose_spec(Globals& globals) {
    OptionSpec spec = option_spec("-v,--verbose", "", "say more; -vv also logs");
    spec.many = true;
    spec.apply = [&globals](const std::vector<std::string>& given) -> Result<void> {
        globals.verbose = static_cast<unsigned>(given.size());
        return {};
    };
    return spec;
}

OptionSpec threads_spec(Globals& globals) {
    OptionSpec spec =
        option_spec("-j,--threads N", "", "threads for hashing and coding; 0: all cores");
    spec.apply = [&globals](const std::vector<std::string>& given) -> Result<void> {
        CODEX_TRY(count, parse_count(given.front()));
        if (count > kMaxThreads)
            return fail(Errc::usage, "{} is more than {}", count, kMaxThreads);
        globals.threads = count;
        return {};
    };
    return spec;
}

OptionSpec output_spec(Globals& globals) {
    OptionSpec spec =
        option_spec("-o,--output FILE", "", "write there when all has gone well; -: stdout");
    spec.apply = [&globals](const std::vector<std::string>& given) -> Result<void> {
        if (given.front().empty())
            return fail(Errc::usage, "the file name is empty");
        globals.output = given.front();
        globals.output_given = true;
        return {};
    };
    return spec;
}

OptionSpec repo_spec(Globals& globals) {
    OptionSpec spec =
        option_spec("-r,--repo DIR", "", "the repo; default: $CODEX_REPO, or in the data home");
    spec.apply = [&globals](const std::vector<std::string>& given) -> Result<void> {
        if (given.front().empty())
            return fail(Errc::usage, "the folder name is empty");
        globals.repo = given.front();
        return {};
    };
    return spec;
}

OptionSpec config_file_spec(Globals& globals) {
    OptionSpec spec = option_spec("--config-file FILE", "",
                                  "settings; default: $CODEX_CONFIG or codex/config.toml");
    spec.apply = [&globals](const std::vector<std::string>& given) -> Result<void> {
        if (given.front().empty())
            return fail(Errc::usage, "the file name is empty");
        globals.config_file = given.front();
        return {};
    };
    return spec;
}

OptionSpec lock_timeout_spec(Globals& globals) {
    OptionSpec spec =
        option_spec("--lock-timeout DURATION", "", "wait that long for a busy repo; default 10s");
    spec.apply = [&globals](const std::vector<std::string>& given) -> Result<void> {
        CODEX_SET(globals.lock_timeout_seconds, parse_duration(given.front()));
        return {};
    };
    return spec;
}

} // namespace

std::vector<OptionSpec> global_options(Globals& g) {
    return {
        repo_spec(g),
        flag_spec("--json", g.json, "one JSON object per line"),
        flag_spec("-q,--quiet", g.quiet, "errors only"),
        verbose_spec(g),
        output_spec(g),
        threads_spec(g),
        choice_spec("--progress", g.progress, {"auto", "always", "never", "json"},
                    "progress on stderr"),
        choice_spec("--color", g.color, {"auto", "always", "never"}, "colours"),
        text_spec("--log-level LEVELS", g.log_level,
                  "LEVEL[;LEVEL:TOPIC,...]; default warn, of a node info"),
        choice_spec("--log-format", g.log_format, {"text", "json"}, "form of log lines"),
        flag_spec("-n,--dry-run", g.dry_run, "do nothing, and say what would be done"),
        flag_spec("--no-sync", g.no_sync, "faster: a power loss may take what was acknowledged"),
        flag_spec("--fail-fast", g.fail_fast, "stop at the first input that fails"),
        lock_timeout_spec(g),
        flag_spec("--unordered", g.unordered, "several inputs at once, printed as they finish"),
        flag_spec("--batch", g.batch, "answer whatever comes, exit 0"),
        flag_spec("--buffer", g.buffer, "with --batch: do not write each answer at once"),
        config_file_spec(g),
    };
}

} // namespace codex::cli::detail

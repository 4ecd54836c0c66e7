#include "chunk.hpp"

#include "base/units.hpp"

#include <algorithm>

namespace codex::chunk {

namespace {

struct Init {
    cli::SizeValue quota;
    std::optional<std::uint64_t> compress;
    std::optional<std::string> ttl;
    bool set = false;
};

/// Seconds; 0 for "never". Errors: usage.
Result<std::uint64_t> parse_ttl(const std::string& text) {
    if (text == "never")
        return 0;
    auto seconds = parse_duration(text);
    if (!seconds)
        return fail(Error(Errc::usage, fmt::format("--ttl: {}", seconds.error().text()))
                        .hint("write a number and a unit of s, m, h, d, w, or never: 30d, 1d12h"));
    if (*seconds == 0)
        return fail(Error(Errc::usage, "--ttl: every new dataset would expire at once")
                        .hint("for ever is: --ttl never"));
    return std::min(*seconds, kLatestTime);
}

/// `config` with what was given on the command line.
Result<repo::Config> changed(repo::Config config, const Init& init) {
    if (init.quota.given)
        config.quota_bytes = init.quota.bytes;
    if (init.compress) {
        CODEX_SET(config.zstd_level, parse_compression(*init.compress));
    }
    if (init.ttl) {
        CODEX_TRY(ttl, parse_ttl(*init.ttl));
        config.ttl_seconds = ttl;
    }
    return config;
}

Result<repo::Repo> make_or_change(cli::Context& context, const Init& init) {
    if (init.set) {
        auto opened = open_repo(context, Access::write);
        if (!opened && opened.error().code() == Errc::repo_config) {
            CODEX_TRY(path, context.repo_path());
            CODEX_CHECK(repo::Repo::replace_config(path, {}));
            context.warn("the settings were missing or wrong; what is not given now has its "
                         "default");
            opened = open_repo(context, Access::write);
        }
        if (!opened)
            return opened;
        repo::Repo repo = std::move(*opened);
        CODEX_TRY(config, changed(repo.config(), init));
        CODEX_CHECK(repo.set_config(config));
        return repo;
    }
    CODEX_TRY(config, changed({}, init));
    CODEX_TRY(path, context.repo_path());
    return repo::Repo::init(path, config, toolkit::open_options(context));
}

Result<int> run_init(cli::Context& context, const Init& init) {
    auto repo = make_or_change(context, init);
    if (!repo)
        return fail(std::move(repo).error());
    const repo::Config& config = repo->config();
    cli::Record record("repo");
    CODEX_TRY(path, context.repo_path());
    record.field("path", path)
        .text(format_size(config.quota_bytes))
        .json("quotaMaxBytes", config.quota_bytes)
        .field("compress", static_cast<std::uint64_t>(config.zstd_level))
        .text(config.ttl_seconds == 0 ? "never" : format_duration(config.ttl_seconds))
        .json("ttl", config.ttl_seconds);
    CODEX_CHECK(context.print(record));
    return 0;
}

} // namespace

void declare_init(cli::Command& root) {
    const auto init = std::make_shared<Init>();
    root.command("init", "make a repo, or change its settings")
        .option("--quota", init->quota, "what the blocks may take in all; default 20GiB")
        .option("--compress LEVEL", init->compress, "zstd level 1 to 19 at rest; default 0: none")
        .option("--ttl DURATION", init->ttl, "how long new datasets live; default: never expire")
        .flag("--set", init->set, "change an existing repo; what is not given stays")
        .example("codex-chunk init --quota 100GiB --compress 3")
        .example("codex-chunk -r /srv/codex init --set --quota 1TiB")
        .run([init](cli::Context& context) { return run_init(context, *init); });
}

} // namespace codex::chunk

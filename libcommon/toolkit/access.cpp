#include "toolkit/access.hpp"

#include "cli/inputs.hpp"

#include <unistd.h>

namespace codex::toolkit {

repo::OpenOptions open_options(cli::Context& context) {
    repo::OpenOptions options;
    options.sync = context.sync();
    options.lock_timeout_seconds = context.lock_timeout_seconds();
    options.pool = context.pool();
    options.clock = context.clock();
    options.limits = repo_limits();
    options.log = context.log();
    return options;
}

Result<repo::Repo> open_repo(cli::Context& context, Access access, std::optional<int> zstd_level) {
    repo::OpenOptions options = open_options(context);
    options.create = access == Access::create;
    options.read_only = access == Access::read;
    options.zstd_level = zstd_level;
    CODEX_TRY(path, context.repo_path());
    return repo::Repo::open(path, options);
}

Result<Opened> open_with(cli::Context& context, const std::vector<std::string>& arguments,
                         repo::Named what) {
    CODEX_TRY(text, cli::Inputs(arguments, STDIN_FILENO).only_cid());
    CODEX_TRY(repo, open_repo(context, Access::read));
    context.about(text);
    auto cid = repo.named(text, what);
    if (!cid)
        return fail(repo.explain(text, std::move(cid).error()));
    return Opened{std::move(repo), *cid};
}

} // namespace codex::toolkit

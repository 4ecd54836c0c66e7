#include "session.hpp"
#include "cli/for_each.hpp"

#include <unistd.h>

namespace codex::ec {

Result<int> for_each_dataset(cli::Context& context, const std::vector<std::string>& arguments,
                             bool writes, const std::string& label, const Turn& turn) {
    const auto open = [&]() -> Result<repo::Repo> {
        CODEX_TRY(path, context.repo_path());
        return repo::Repo::open(path, {.read_only = !writes,
                                       .sync = context.sync(),
                                       .lock_timeout_seconds = context.lock_timeout_seconds(),
                                       .pool = &context.pool()});
    };
    return cli::for_each_in(
        context, cli::Inputs(arguments, STDIN_FILENO), label, open,
        [&](repo::Repo& repo, const std::string& item, Progress& progress) -> Result<void> {
            CODEX_TRY(cid, repo.named(item, repo::Named::dataset));
            return turn({&repo, &context.pool(), &progress}, cid);
        });
}

} // namespace codex::ec

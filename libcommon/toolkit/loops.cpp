#include "toolkit/loops.hpp"

#include <unistd.h>

namespace codex::toolkit {

Result<int> for_each_input(cli::Context& context, Access access, const std::string& label,
                           cli::Inputs inputs, const Turn& turn, const Settle& settle) {
    return cli::for_each_in(
        context, std::move(inputs), label, [&] { return open_repo(context, access); }, turn,
        [&](repo::Repo& repo) {
            if (settle)
                settle(repo);
        });
}

Result<int> for_each_dataset(cli::Context& context, Access access, const std::string& label,
                             const std::vector<std::string>& arguments, const DatasetTurn& turn) {
    return for_each_input(
        context, access, label, cli::Inputs(arguments, STDIN_FILENO),
        [&](repo::Repo& repo, const std::string& item, Progress& progress) -> Result<void> {
            CODEX_TRY(cid, repo.named(item, repo::Named::dataset));
            return turn({repo, {context.pool(), progress}}, cid);
        });
}

} // namespace codex::toolkit

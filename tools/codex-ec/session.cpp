#include "session.hpp"

#include <algorithm>
#include <unistd.h>

namespace codex::ec {

namespace {

Result<Cid> manifest_cid(std::string_view text) {
    CODEX_TRY(cid, Cid::from_text(text));
    if (cid.codec() != codec::Multicodec::codex_manifest)
        return fail(Error(Errc::cid_wrong_codec, "is not the CID of a manifest")
                        .hint("a dataset is named by its manifest's CID, zDv...; codex-chunk ls "
                              "lists them"));
    return cid;
}

Result<int> take_turn(cli::Context& context, repo::Repo& repo, const std::string& item,
                      const std::string& label, const Turn& turn) {
    CODEX_TRY(cid, manifest_cid(item));
    Progress progress;
    const auto view = context.show(progress, label);
    return turn({&repo, &context.pool(), &progress}, cid);
}

} // namespace

Result<int> for_each_dataset(cli::Context& context, const std::vector<std::string>& arguments,
                             bool writes, const std::string& label, const Turn& turn) {
    cli::Inputs inputs(arguments, STDIN_FILENO);
    CODEX_TRY(item, inputs.next());
    if (!item)
        return 0;
    // Only now: the tool before this one in a pipe may be about to make the repo.
    CODEX_TRY(repo, repo::Repo::open(context.repo_path(),
                                     {.read_only = !writes,
                                      .sync = context.sync(),
                                      .lock_timeout_seconds = context.lock_timeout_seconds(),
                                      .pool = &context.pool()}));
    int code = 0;
    while (item) {
        auto result = take_turn(context, repo, *item, label, turn);
        if (result)
            code = std::max(code, *result);
        else if (!context.report(*item, std::move(result).error()))
            break;
        CODEX_TRY(following, inputs.next());
        item = std::move(following);
    }
    return std::max(code, context.exit_code());
}

} // namespace codex::ec

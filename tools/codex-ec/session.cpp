#include "session.hpp"

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

} // namespace

Result<int> for_each_dataset(cli::Context& context, const std::vector<std::string>& arguments,
                             bool writes, const std::string& label, const Turn& turn) {
    std::optional<repo::Repo> repo;
    const auto begin = [&]() -> Result<void> {
        CODEX_TRY(opened, repo::Repo::open(context.repo_path(),
                                           {.read_only = !writes,
                                            .sync = context.sync(),
                                            .lock_timeout_seconds = context.lock_timeout_seconds(),
                                            .pool = &context.pool()}));
        repo.emplace(std::move(opened));
        return {};
    };
    return cli::for_each(
        context, cli::Inputs(arguments, STDIN_FILENO),
        {label, begin, [&](const std::string& item, Progress& progress) -> Result<void> {
             CODEX_TRY(cid, manifest_cid(item));
             return turn({&*repo, &context.pool(), &progress}, cid);
         }});
}

} // namespace codex::ec

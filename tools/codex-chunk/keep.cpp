#include "chunk.hpp"

#include "base/units.hpp"

namespace codex::chunk {

namespace {

struct Keep {
    std::vector<std::string> cids;
    cli::ExpiryValue until;
};

Result<int> run_keep(cli::Context& context, const Keep& keep) {
    if (!keep.until.given)
        return fail(Error(Errc::usage, "--until is missing")
                        .hint("say until when: --until 30d, --until 2027-01-31, --until never"));
    const auto keep_one = [&](repo::Repo& repo, const std::string& item,
                              Progress&) -> Result<void> {
        CODEX_TRY(cid, repo.named(item, repo::Named::dataset));
        CODEX_CHECK(repo.set_expiry(cid, keep.until.unix_seconds));
        cli::Record record("kept");
        record.field("cid", cid)
            .text(format_time(keep.until.unix_seconds))
            .json("expiry", keep.until.unix_seconds);
        return context.print(record);
    };
    return for_each_input(context, Access::write, "keep", listed(keep.cids), keep_one);
}

} // namespace

void declare_keep(cli::Command& root) {
    const auto keep = std::make_shared<Keep>();
    root.command("keep", "set until when datasets are kept")
        .arguments("CID", keep->cids, "datasets; - or nothing: from stdin")
        .option("--until", keep->until, "30d from now, 2027-01-31, @1800000000, never")
        .example("codex-chunk keep zDvZ... --until 90d")
        .example("codex-chunk ls | codex-chunk keep --until never")
        .run([keep](cli::Context& context) { return run_keep(context, *keep); });
}

} // namespace codex::chunk

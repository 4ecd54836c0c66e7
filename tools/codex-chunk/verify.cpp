#include "chunk.hpp"

namespace codex::chunk {

namespace {

struct Verify {
    bool index_only = false;
    bool repair_counters = false;
    bool rebuild_index = false;
    bool drop_damaged = false;
};

Result<void> rebuild(cli::Context& context) {
    Progress progress;
    auto view = context.show(progress, "rebuild index");
    CODEX_TRY(report, repo::Repo::rebuild_index(context.repo_path(), context.lock_timeout_seconds(),
                                                &progress));
    view.reset();
    if (context.json())
        return context.print(cli::Record("rebuilt")
                                 .json("segments", report.segments)
                                 .json("blocks", report.blocks)
                                 .json("bytes", report.bytes)
                                 .json("trees", report.trees)
                                 .json("datasets", report.datasets)
                                 .json("keptBlocks", report.kept_blocks)
                                 .json("missingBlocks", report.missing_blocks)
                                 .json("damagedRecords", report.damaged_records));
    context.warn(fmt::format("index made anew from {} segments: {} datasets, {} blocks, {} of them "
                             "in no dataset; every expiry is now 'never'",
                             report.segments, report.datasets, report.blocks, report.kept_blocks));
    if (report.damaged_records > 0)
        context.warn(fmt::format("{} records in the segments were damaged and are left out",
                                 report.damaged_records));
    return {};
}

Result<int> run(cli::Context& context, const Verify& verify) {
    if (verify.rebuild_index)
        CODEX_CHECK(rebuild(context));
    const bool writes = verify.repair_counters || verify.drop_damaged;
    CODEX_TRY(repo, open_repo(context, writes ? Access::write : Access::read));
    repo::VerifyOptions options;
    options.data = !verify.index_only;
    options.repair_counters = verify.repair_counters;
    Progress progress;
    options.progress = &progress;
    auto view = context.show(progress, "verify");
    Result<void> printed;
    std::vector<Cid> damaged;
    const auto print = [&](const repo::VerifyProblem& problem) {
        if (problem.kind == "block-damaged")
            damaged.push_back(problem.cid);
        cli::Record record("problem");
        if (problem.cid.is_null())
            record.text("-").json("cid", nullptr);
        else
            record.field("cid", problem.cid);
        record.field("kind", problem.kind).field("text", problem.text);
        if (printed)
            printed = context.print(record);
    };
    CODEX_TRY(report, repo.verify(options, print));
    view.reset();
    CODEX_CHECK(std::move(printed));
    if (verify.drop_damaged) {
        CODEX_TRY(dropped, repo.drop_bytes(damaged));
        context.inform(fmt::format("{} damaged blocks are missing now", dropped));
    }
    for (const auto& [name, count] :
         {std::pair("blocks", report.blocks), std::pair("bytes", report.bytes),
          std::pair("trees", report.trees), std::pair("datasets", report.datasets),
          std::pair("problems", report.problems)})
        context.add_total(name, count);
    context.note_total("countersRepaired", report.counters_repaired);
    context.inform(fmt::format("{} datasets, {} trees, {} blocks with {} bytes: {} problems",
                               report.datasets, report.trees, report.blocks, report.bytes,
                               report.problems));
    if (report.counters_repaired)
        context.warn("the counters were wrong and are repaired");
    return report.problems == 0 ? 0 : 1;
}

} // namespace

void declare_verify(cli::Command& root) {
    const auto verify = std::make_shared<Verify>();
    root.command("verify", "check every block, tree and counter of the repo")
        .flag("--index-only", verify->index_only, "do not read the blocks")
        .flag("--repair-counters", verify->repair_counters, "write the counted numbers back")
        .flag("--drop-damaged", verify->drop_damaged,
              "forget damaged bytes, so that put, import or codex-ec repair replaces them")
        .flag("--rebuild-index", verify->rebuild_index, "first make a lost index anew")
        .example("codex-chunk verify && echo whole")
        .example("codex-chunk verify | cut -f1,2")
        .run([verify](cli::Context& context) { return run(context, *verify); });
}

} // namespace codex::chunk

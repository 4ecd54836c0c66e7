#include "chunk.hpp"

namespace codex::chunk {

namespace {

Result<int> run_gc(cli::Context& context) {
    CODEX_TRY(repo, open_repo(context, context.dry_run() ? Access::read : Access::write));
    Progress progress;
    auto view = context.show(progress, "gc");
    repo::GcOptions options;
    options.now = context.clock().unix_seconds();
    options.dry_run = context.dry_run();
    CODEX_TRY(report, repo.gc(options, {context.pool(), progress}));
    view.reset();
    for (const std::string& segment : report.unaccounted)
        context.warn(segment, "has records that the index does not know; left alone; find out "
                              "what they are: codex-chunk verify --rebuild-index");
    const NamedValue rows[] = {{"expiredDatasets", report.expired_datasets},
                               {"removedBlocks", report.removed_blocks},
                               {"abandonedWriters", report.abandoned_writers},
                               {"freedBytes", report.freed_bytes}};
    cli::Record record("gc");
    record.json("dryRun", context.dry_run());
    CODEX_CHECK(print_values(context, std::move(record), rows));
    return 0;
}

} // namespace

void declare_gc(cli::Command& root) {
    root.command("gc", "remove what has expired or was left behind, and give the space back")
        .takes_dry_run()
        .example("codex-chunk gc")
        .example("codex-chunk gc -n | grep expired")
        .run(run_gc);
}

} // namespace codex::chunk

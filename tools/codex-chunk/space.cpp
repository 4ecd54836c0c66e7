#include "chunk.hpp"

namespace codex::chunk {

namespace {

Result<int> run_space(cli::Context& context) {
    CODEX_TRY(repo, open_repo(context, Access::read));
    CODEX_TRY(space, repo.space());
    // The first four are the REST interface's (codex-chunk(1), OUTPUT).
    const NamedValue rows[] = {{"totalBlocks", space.counters.blocks},
                               {"quotaMaxBytes", space.quota_bytes},
                               {"quotaUsedBytes", space.counters.used_bytes},
                               {"quotaReservedBytes", space.counters.reserved_bytes},
                               {"datasets", space.counters.datasets},
                               {"treeBytes", space.counters.tree_bytes},
                               {"storedBytes", space.stored_bytes},
                               {"deadBytes", space.dead_bytes},
                               {"diskBytes", space.disk_bytes}};
    CODEX_CHECK(print_values(context, cli::Record("space"), rows));
    return 0;
}

} // namespace

void declare_space(cli::Command& root) {
    root.command("space", "show what the repo holds and what it takes on the disk")
        .example("codex-chunk space")
        .example("codex-chunk space --json | jq 'select(.type == \"space\").quotaUsedBytes'")
        .run(run_space);
}

} // namespace codex::chunk

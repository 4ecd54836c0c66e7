// codex-serve: a node that serves the repo to others, and what goes with it.
#include "cli/tool.hpp"
#include "serve.hpp"

#include <malloc.h>

namespace {

/// Blocks come and go by megabytes. Left to itself malloc gives their pages back to the system each
/// time, and takes them anew, zeroed: a fifth of what a fetch takes. So it keeps some.
void keep_pages() {
    ::mallopt(M_MMAP_THRESHOLD, 4 << 20);
    ::mallopt(M_TRIM_THRESHOLD, 16 << 20);
}

} // namespace

int main(int argc, char** argv) {
    keep_pages();
    const codex::cli::ToolSpec spec{
        .name = "codex-serve",
        .summary = "serve the repo to other nodes of the network",
        .declare =
            [](codex::cli::Command& root) {
                root.example("codex-serve run --listen-addrs /ip4/0.0.0.0/tcp/8070")
                    .example("codex-serve ping /ip4/192.0.2.1/tcp/8070/p2p/16Uiu2HA...");
                codex::serve_tool::declare_run(root);
                codex::serve_tool::declare_id(root);
                codex::serve_tool::declare_key(root);
                codex::serve_tool::declare_ping(root);
                codex::serve_tool::declare_fetch(root);
                codex::serve_tool::declare_stdio(root);
                codex::serve_tool::declare_find(root);
                codex::serve_tool::declare_router(root);
                codex::serve_tool::declare_control(root);
            },
    };
    return codex::cli::run_tool(argc, argv, spec);
}

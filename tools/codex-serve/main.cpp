// codex-serve: a node that serves the repo to others, and what goes with it.
#include "cli/tool.hpp"
#include "serve.hpp"

int main(int argc, char** argv) {
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
                codex::serve_tool::declare_control(root);
            },
    };
    return codex::cli::run_tool(argc, argv, spec);
}

// codex-market: storage is bought, sold, proven and paid with single commands.
#include "market.hpp"

int main(int argc, char** argv) {
    const codex::cli::ToolSpec spec{
        .name = "codex-market",
        .summary = "buy storage, sell it, prove it and be paid",
        .declare =
            [](codex::cli::Command& root) {
                root.example("codex-market key new && codex-market key show")
                    .example("codex-market id <request.json");
                codex::market_tool::declare_key(root);
                codex::market_tool::declare_id(root);
            },
    };
    return codex::cli::run_tool(argc, argv, spec);
}

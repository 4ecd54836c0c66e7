// codex-ec: erasure coding of datasets in the repo.
#include "cli/tool.hpp"
#include "commands.hpp"

int main(int argc, char** argv) {
    const codex::cli::ToolSpec spec{
        .name = "codex-ec",
        .summary = "protect datasets with parity, find out what is lost, and restore it",
        .declare =
            [](codex::cli::Command& root) {
                root.example("codex-ec encode -k 4 -m 2 zDvZRwzm...")
                    .example("codex-ec status --map zDvZRwzm... || codex-ec repair zDvZRwzm...");
                codex::ec::declare_encode(root);
                codex::ec::declare_decode(root);
                codex::ec::declare_status(root);
                codex::ec::declare_repair(root);
                codex::ec::declare_verify(root);
                codex::ec::declare_erase(root);
            },
    };
    return codex::cli::run_tool(argc, argv, spec);
}

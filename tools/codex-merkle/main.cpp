// codex-merkle: roots, trees and proofs of datasets, digests and raw files.
#include "cli/tool.hpp"
#include "commands.hpp"

int main(int argc, char** argv) {
    const codex::cli::ToolSpec spec{
        .name = "codex-merkle",
        .summary = "roots, trees and proofs of datasets and files",
        .declare =
            [](codex::cli::Command& root) {
                root.example("codex-merkle root --raw photos.tar")
                    .example(
                        "codex-merkle proof zDv... --index 7 | codex-merkle verify --root zDz...");
                codex::merkle_tool::declare_root(root);
                codex::merkle_tool::declare_tree(root);
                codex::merkle_tool::declare_proof(root);
                codex::merkle_tool::declare_verify(root);
                codex::merkle_tool::declare_leaves(root);
            },
    };
    return codex::cli::run_tool(argc, argv, spec);
}

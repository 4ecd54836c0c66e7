// codex-merkle: roots, trees and proofs of datasets, digests and raw files.
#include "commands.hpp"

int main(int argc, char** argv) {
    return codex::cli::run_tool(argc, argv,
                                {"codex-merkle", "roots, trees and proofs of datasets and files",
                                 [](codex::cli::Command& root) {
                                     codex::merkle_tool::declare_root(root);
                                     codex::merkle_tool::declare_tree(root);
                                     codex::merkle_tool::declare_proof(root);
                                     codex::merkle_tool::declare_verify(root);
                                     codex::merkle_tool::declare_leaves(root);
                                 }});
}

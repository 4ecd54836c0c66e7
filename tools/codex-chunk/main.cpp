// codex-chunk: files into the repo and out again, and everything about what is in it.
#include "chunk.hpp"
#include "cli/tool.hpp"

int main(int argc, char** argv) {
    using namespace codex::chunk;
    codex::cli::ToolSpec spec;
    spec.name = "codex-chunk";
    spec.summary = "store files as content-addressed datasets, and get them back";
    spec.declare = [](codex::cli::Command& root) {
        root.example("codex-chunk put report.pdf");
        root.example("tar c photos | codex-chunk put - | tee photos.cid");
        declare_init(root);
        declare_put(root);
        declare_get(root);
        declare_ls(root);
        declare_stat(root);
        declare_rm(root);
        declare_verify(root);
        declare_gc(root);
        declare_keep(root);
        declare_label(root);
        declare_space(root);
        declare_export(root);
        declare_import(root);
        declare_block(root);
    };
    return codex::cli::run_tool(argc, argv, spec);
}

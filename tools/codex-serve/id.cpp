#include "serve.hpp"

namespace codex::serve_tool {

void declare_id(cli::Command& root) {
    const auto file = std::make_shared<std::string>();
    root.command("id", "print what this node is called: its peer id")
        .option("--net-privkey FILE", *file, "its key file; default: node/key in the repo")
        .example("codex-serve id")
        .example("codex-serve id --net-privkey /etc/codex/key --json")
        .run([file](cli::Context& context) -> Result<int> {
            CODEX_TRY(key, read_node_key(context, *file, "codex-serve id --net-privkey"));
            CODEX_CHECK(
                context.print(cli::Record("id").field("id", net::PeerId(key.public_key()).text())));
            return 0;
        });
}

} // namespace codex::serve_tool

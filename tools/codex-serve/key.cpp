#include "base/printable.hpp"
#include "net/identity/key_file.hpp"
#include "serve.hpp"

namespace codex::serve_tool {

namespace {

Result<int> print_key(cli::Context& context, const net::SecretKey& key, const std::string& path) {
    const net::PublicKey& known = key.public_key();
    CODEX_CHECK(context.print(cli::Record("key")
                                  .field("id", net::PeerId(known).text())
                                  .hex("public_key", known.encoded())
                                  .field("file", path)));
    return 0;
}

} // namespace

void declare_key(cli::Command& root) {
    const auto file = std::make_shared<std::string>();
    cli::Command& key = root.command("key", "make and look at the key a node is known by");
    key.example("codex-serve key new").example("codex-serve key check && codex-serve id");
    key.command("new", "make a key file, and print what the node is called")
        .argument("FILE", *file, "where; default: node/key in the repo", false)
        .example("codex-serve key new")
        .example("codex-serve key new /etc/codex/key")
        .run([file](cli::Context& context) -> Result<int> {
            CODEX_TRY(path, new_key_path(context, *file));
            context.about(path);
            auto made = net::make_key_file(path, Random::system());
            if (!made)
                return fail(key_not_made(std::move(made.error()), path));
            return print_key(context, *made, path);
        });
    key.command("show", "print the public half of a key file")
        .argument("FILE", *file, "default: node/key in the repo", false)
        .example("codex-serve key show")
        .example("codex-serve key show /etc/codex/key --json")
        .run([file](cli::Context& context) -> Result<int> {
            CODEX_TRY(path, key_path(context, *file));
            CODEX_TRY(read, read_node_key(context, *file, "codex-serve key show"));
            return print_key(context, read, path);
        });
    key.command("check", "say whether a node can use a key file")
        .argument("FILE", *file, "default: node/key in the repo", false)
        .example("codex-serve key check && echo good")
        .example("codex-serve key check ~/.cache/codex/key")
        .run([file](cli::Context& context) -> Result<int> {
            CODEX_CHECK(read_node_key(context, *file, "codex-serve key check"));
            return 0;
        });
}

} // namespace codex::serve_tool

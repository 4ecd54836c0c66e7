#include "base/fd.hpp"
#include "commands.hpp"
#include "merkle/coding.hpp"
#include "source.hpp"

namespace codex::merkle_tool {

namespace {

struct Options {
    Source source;
    std::string format = "text";
};

Result<void> print_nodes(cli::Context& context, const merkle::Tree& tree, bool json) {
    cli::Records lines(context, json);
    std::size_t at = 0;
    std::uint64_t layer = 0;
    for (const std::uint64_t size : merkle::layer_sizes(tree.leaf_count())) {
        for (std::uint64_t index = 0; index < size; ++index) {
            cli::Record record("node");
            record.field("layer", layer).field("index", index).hex("hash", tree.nodes()[at++]);
            CODEX_CHECK(lines.add(record));
        }
        ++layer;
    }
    return lines.flush();
}

Result<int> run(const Options& options, cli::Context& context) {
    CODEX_CHECK(options.source.check());
    if (options.format != "binary") {
        CODEX_TRY(tree, options.source.tree(context));
        CODEX_CHECK(print_nodes(context, tree, context.json() || options.format == "json"));
        return 0;
    }
    CODEX_TRY(fd, context.binary_output());
    CODEX_TRY(tree, options.source.tree(context));
    const Bytes encoded = merkle::encode_tree(tree);
    if (encoded.size() > merkle::kMaxTreeBytes)
        return fail(Error(Errc::limit_exceeded,
                          fmt::format("the encoded tree has {} bytes, no reader takes more than {}",
                                      encoded.size(), merkle::kMaxTreeBytes))
                        .hint("--format text has no limit"));
    CODEX_CHECK(write_full(fd, encoded, "stdout"));
    return 0;
}

} // namespace

void declare_tree(cli::Command& root) {
    const auto options = std::make_shared<Options>();
    cli::Command& command = root.command("tree", "print every node, leaves first");
    options->source.declare(command);
    command
        .choice("--format", options->format, {"text", "json", "binary"},
                "text (layer, index, hex), json or binary (the wire form)")
        .takes_output()
        .example("codex-merkle tree zDv... | awk '$1 == 1'")
        .example("codex-merkle tree zDv... --format binary -o tree.bin")
        .run([options](cli::Context& context) { return run(*options, context); });
}

} // namespace codex::merkle_tool

#include "base/fd.hpp"
#include "commands.hpp"
#include "merkle/coding.hpp"
#include "source.hpp"

namespace codex::merkle_tool {

namespace {

struct TreeOptions {
    Source source;
    std::string format = "text";
};

Result<void> print_nodes(cli::Context& context, const SpooledTree& tree, bool json) {
    cli::Records lines(context, json);
    const std::vector<std::uint64_t> sizes = merkle::layer_sizes(tree.leaf_count);
    std::uint64_t layer = 0;
    std::uint64_t index = 0;
    CODEX_CHECK(tree.for_each_piece([&](std::span<const Digest> nodes) -> Result<void> {
        for (const Digest& node : nodes) {
            cli::Record record("node");
            record.field("layer", layer).field("index", index).hex("hash", node);
            CODEX_CHECK(lines.add(record));
            if (++index == sizes[static_cast<std::size_t>(layer)]) {
                ++layer;
                index = 0;
            }
        }
        return {};
    }));
    return lines.flush();
}

Result<void> write_binary(int fd, const SpooledTree& tree) {
    const Bytes head = merkle::encode_tree_head(merkle::sha256_tree(), tree.leaf_count);
    const std::uint64_t node_bytes = merkle::encode_tree_nodes({&tree.root, 1}).size();
    const std::uint64_t bytes = head.size() + merkle::node_count(tree.leaf_count) * node_bytes;
    if (bytes > merkle::kMaxTreeBytes)
        return fail(Error(Errc::limit_exceeded,
                          fmt::format("the encoded tree has {} bytes, no reader takes more than {}",
                                      bytes, merkle::kMaxTreeBytes))
                        .hint("--format text has no limit"));
    CODEX_CHECK(write_full(fd, head, "stdout"));
    return tree.for_each_piece([&](std::span<const Digest> nodes) {
        return write_full(fd, merkle::encode_tree_nodes(nodes), "stdout");
    });
}

Result<int> run_tree(const TreeOptions& options, cli::Context& context) {
    CODEX_CHECK(options.source.check());
    if (options.format != "binary") {
        CODEX_TRY(tree, options.source.tree(context));
        CODEX_CHECK(print_nodes(context, tree, context.json() || options.format == "json"));
        return 0;
    }
    CODEX_TRY(fd, context.binary_output());
    CODEX_TRY(tree, options.source.tree(context));
    CODEX_CHECK(write_binary(fd, tree));
    return 0;
}

} // namespace

void declare_tree(cli::Command& root) {
    const auto options = std::make_shared<TreeOptions>();
    cli::Command& command = root.command("tree", "print every node, leaves first");
    options->source.declare(command);
    command
        .choice("--format", options->format, {"text", "json", "binary"},
                "text (layer, index, hex), json or binary (the wire form)")
        .takes_output()
        .example("codex-merkle tree zDv... | awk '$1 == 1'")
        .example("codex-merkle tree zDv... --format binary -o tree.bin")
        .run([options](cli::Context& context) { return run_tree(*options, context); });
}

} // namespace codex::merkle_tool

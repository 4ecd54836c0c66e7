#include "base/fd.hpp"
#include "base/hex.hpp"
#include "commands.hpp"
#include "merkle/coding.hpp"
#include "source.hpp"
#include "toolkit/input.hpp"

namespace codex::merkle_tool {

namespace {

struct ProofOptions {
    Source source;
    std::optional<std::uint64_t> index;
    std::string format = "hex";
};

/// A proof and what it is about.
struct Proven {
    merkle::Proof proof;
    Digest leaf;
    Digest root;
};

Result<Proven> prove_stored(const Source& source, std::uint64_t index, cli::Context& context) {
    CODEX_TRY(opened, source.stored(context));
    const repo::StoredTree& tree = opened.tree;
    CODEX_TRY(proof, tree.proof(index));
    CODEX_TRY(leaf, tree.node(0, index));
    return Proven{std::move(proof), leaf, tree.cid().digest32()};
}

Result<Proven> prove_outside(const Source& source, std::uint64_t index, cli::Context& context) {
    CODEX_TRY(tree, source.tree(context));
    const std::vector<std::uint64_t> sizes = merkle::layer_sizes(tree.leaf_count);
    const auto node = [&](std::size_t layer, std::uint64_t at) -> Result<Digest> {
        Digest digest{};
        for (std::size_t below = 0; below < layer; ++below)
            at += sizes[below];
        CODEX_CHECK(tree.nodes.read(at, {&digest, 1}));
        return digest;
    };
    CODEX_TRY(proof,
              merkle::make_proof(merkle::sha256_tree().codec(), tree.leaf_count, index, node));
    CODEX_TRY(leaf, node(0, index));
    return Proven{std::move(proof), leaf, tree.root};
}

std::string json_of(const Proven& proven) {
    std::vector<std::string> path;
    for (const Digest& node : proven.proof.path)
        path.push_back("0x" + to_hex(node));
    cli::Record record("proof");
    record.json("root", Cid::sha256(codec::Multicodec::codex_root, proven.root))
        .json("leaf", Cid::block(proven.leaf))
        .json("index", proven.proof.index)
        .json("leaves", proven.proof.leaf_count)
        .json("path", path)
        .json_hex("proof", merkle::encode_proof(proven.proof));
    return record.as_json();
}

/// The command with an index: that of CID@INDEX, or a number that stands behind the CID.
Remedy way_to_index(const Source& source, const cli::Context& context) {
    std::string cid = source.cids.empty() ? "CID" : source.cids.front();
    std::string index = source.cids.size() == 2 ? source.cids.back() : "0";
    if (const std::size_t at = cid.find('@'); at != std::string::npos) {
        index = cid.substr(at + 1);
        cid.resize(at);
    }
    if (index.empty() || index.find_first_not_of("0123456789") != std::string::npos)
        index = "0";
    return Remedy(Remedy::retry_command)
        .by(fmt::format("{}{} --index {}", context.command_with_options(),
                        source.is_stored() ? " " + toolkit::typed(cid) : std::string(), index));
}

Result<int> run_proof(const ProofOptions& options, cli::Context& context) {
    CODEX_CHECK(options.source.check());
    if (!options.index)
        return fail(Error(Errc::usage, "--index is missing: which leaf?")
                        .remedy(way_to_index(options.source, context)));
    CODEX_TRY(proven, options.source.is_stored()
                          ? prove_stored(options.source, *options.index, context)
                          : prove_outside(options.source, *options.index, context));
    const Bytes encoded = merkle::encode_proof(proven.proof);
    if (options.format == "binary") {
        CODEX_TRY(fd, context.binary_output());
        CODEX_CHECK(write_full(fd, encoded, "stdout"));
    } else {
        const bool json = context.json() || options.format == "json";
        CODEX_CHECK(context.print_text((json ? json_of(proven) : to_hex(encoded)) + "\n"));
    }
    return 0;
}

} // namespace

void declare_proof(cli::Command& root) {
    const auto options = std::make_shared<ProofOptions>();
    cli::Command& command = root.command("proof", "prove that a leaf is in the tree");
    options->source.declare(command);
    command.option("--index I", options->index, "number of the leaf, from 0")
        .choice("--format", options->format, {"hex", "json", "binary"},
                "hex, json or binary: the proof's wire form")
        .takes_output()
        .example("codex-merkle proof zDv... --index 7 > block7.proof")
        .example("codex-merkle proof --raw big.iso --index 0 --format json")
        .run([options](cli::Context& context) { return run_proof(*options, context); });
}

} // namespace codex::merkle_tool

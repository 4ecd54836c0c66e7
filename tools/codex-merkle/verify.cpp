#include "base/counted.hpp"
#include "base/fd.hpp"
#include "base/hex.hpp"
#include "codec/json_member.hpp"
#include "commands.hpp"
#include "crypto/hash/sha256.hpp"
#include "merkle/coding.hpp"
#include "source.hpp"
#include "toolkit/input.hpp"

namespace codex::merkle_tool {

namespace {

/// A proof as hex or JSON is at most this long.
constexpr std::size_t kMaxTextBytes = 4 * merkle::kMaxProofBytes;

struct VerifyOptions {
    std::string proof = "-";
    std::optional<std::string> root;
    std::optional<std::string> leaf;
    std::optional<std::string> block;
    std::optional<std::uint64_t> index;
    std::optional<std::uint64_t> leaves;
};

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

/// The wire bytes inside hex, JSON (a string of hex, or an object with one as "proof") or
/// themselves. No two can be mistaken: the binary form starts with the tag 08 (or another control
/// character).
Result<Bytes> wire_bytes(const Bytes& input) {
    const std::string_view text = trimmed(as_text(input));
    if (text.starts_with('{') || text.starts_with('"')) {
        CODEX_TRY(hex, codec::json_member(text, "proof"));
        return from_hex(hex);
    }
    if (!text.empty() &&
        text.find_first_not_of("0123456789abcdefABCDEFx") == std::string_view::npos)
        return from_hex(text);
    return input;
}

Result<merkle::Proof> read_proof(const std::string& path) {
    const std::string name = toolkit::input_name(path);
    CODEX_TRY(input, toolkit::read_input(path, kMaxTextBytes));
    if (input.empty())
        return fail(toolkit::nothing_came(path, "proof"));
    auto bytes = wire_bytes(input);
    if (!bytes)
        return fail(std::move(bytes).error().context(name).remedy(
            {Remedy::prove_leaf, "a proof is hex, JSON or binary, as this prints it"}));
    auto proof = merkle::decode_proof(*bytes);
    if (!proof)
        return fail(std::move(proof).error().context(name).hint({}).remedy(
            {Remedy::prove_leaf, "a proof is hex, JSON or binary, as this prints it"}));
    return proof;
}

/// The way from another CID to the one that is needed.
Remedy way_to_root(const Cid& cid) {
    if (cid.codec() != codec::Multicodec::codex_manifest)
        return {Remedy::show_tree, "the tree of a dataset is printed so"};
    return Remedy(Remedy::show_tree, "that is a dataset; print its tree").of(cid.text());
}

Remedy way_to_leaf(const Cid& cid) {
    if (cid.codec() != codec::Multicodec::codex_manifest)
        return {Remedy::show_leaves, "that is a tree; the blocks of a dataset are printed so"};
    return Remedy(Remedy::show_leaves, "that is a dataset; print its blocks").of(cid.text());
}

Result<Digest> root_of(const VerifyOptions& options) {
    if (!options.root)
        return fail(Error(Errc::usage, "--root is missing: which tree?")
                        .remedy({Remedy::show_tree, "the tree of a dataset is printed so"}));
    if (const auto cid = Cid::from_text(*options.root);
        cid && cid->codec() != codec::Multicodec::codex_root)
        return fail(Error(Errc::cid_wrong_codec,
                          fmt::format("--root {}: is not the CID of a tree", *options.root))
                        .remedy(way_to_root(*cid)));
    auto digest = parse_digest(*options.root);
    if (!digest)
        return fail(cli::bad_value("--root", digest.error()));
    return digest;
}

Result<Digest> leaf_of(const VerifyOptions& options) {
    if (options.leaf.has_value() == options.block.has_value())
        return fail(Errc::usage, "one of --leaf and --block is needed");
    if (options.leaf) {
        if (const auto cid = Cid::from_text(*options.leaf);
            cid && (cid->codec() == codec::Multicodec::codex_manifest ||
                    cid->codec() == codec::Multicodec::codex_root))
            return fail(Error(Errc::cid_wrong_codec,
                              fmt::format("--leaf {}: is not the CID of a block", *options.leaf))
                            .remedy(way_to_leaf(*cid)));
        auto digest = parse_digest(*options.leaf);
        if (!digest)
            return fail(cli::bad_value("--leaf", digest.error()));
        return digest;
    }
    if (*options.block == "-" && options.proof == "-")
        return fail(Errc::usage, "the proof and --block cannot both be stdin");
    CODEX_TRY(content, toolkit::read_input(*options.block, codec::kMaxBlockSizeBytes));
    return crypto::sha256(content);
}

Result<void> check(const VerifyOptions& options, const merkle::Proof& proof, const Digest& leaf,
                   const Digest& root) {
    CODEX_CHECK(merkle::verify(merkle::sha256_tree(), proof, leaf, root));
    if (options.index && proof.index != *options.index)
        return fail(Errc::proof_invalid, "it is about leaf {}, not leaf {}", proof.index,
                    *options.index);
    if (options.leaves && proof.leaf_count != *options.leaves)
        return fail(Errc::proof_invalid, "it is about a tree of {}, not of {}",
                    counted(proof.leaf_count, "leaf", "leaves"), *options.leaves);
    return {};
}

Result<int> run_verify(const VerifyOptions& options, cli::Context& context) {
    CODEX_TRY(root, root_of(options));
    CODEX_TRY(leaf, leaf_of(options));
    CODEX_TRY(proof, read_proof(options.proof));
    auto verdict = check(options, proof, leaf, root);
    if (!verdict)
        return fail(std::move(verdict).error().context("the proof is not valid"));
    cli::Record record("verified");
    record.field("cid", Cid::block(leaf))
        .json("root", Cid::sha256(codec::Multicodec::codex_root, root))
        .field("index", proof.index)
        .field("leaves", proof.leaf_count)
        .json("valid", true);
    CODEX_CHECK(context.print(record));
    return 0;
}

} // namespace

void declare_verify(cli::Command& root) {
    const auto options = std::make_shared<VerifyOptions>();
    root.command("verify", "check a proof against a root and a leaf")
        .argument("PROOF", options->proof, "a file (default and -: stdin): hex, JSON or binary",
                  false)
        .option("--root DIGEST", options->root, "the tree: its CID, or the root in hex")
        .option("--leaf DIGEST", options->leaf, "the block's CID, or its digest in hex")
        .option("--block FILE", options->block, "the block itself, instead of --leaf")
        .option("--index I", options->index, "the proof must be about this leaf")
        .option("--leaves N", options->leaves, "the proof must be about a tree of so many leaves")
        .example("codex-merkle verify block7.proof --root zDz... --block block7")
        .example("codex-merkle proof zDv... --index 7 | codex-merkle verify --root zDz... "
                 "--leaf zDx...")
        .run([options](cli::Context& context) { return run_verify(*options, context); });
}

} // namespace codex::merkle_tool

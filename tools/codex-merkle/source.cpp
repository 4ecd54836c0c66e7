#include "source.hpp"

#include "base/counted.hpp"
#include "base/hex.hpp"
#include "base/printable.hpp"
#include "base/temporary.hpp"
#include "cli/inputs.hpp"
#include "toolkit/input.hpp"

#include <algorithm>

namespace codex::merkle_tool {

namespace {

constexpr std::uint64_t kDefaultBlockSizeBytes = 65536;
constexpr std::size_t kLineBatch = 1024;

/// Digests one per line.
Result<void> digest_lines(const std::string& path, const dataset::LeafVisitor& visit) {
    CODEX_TRY(file, toolkit::open_input(path));
    const std::string& name = file.name;
    cli::Inputs lines({"-"}, file.fd(), name);
    lines.may_be_empty(); // the error below says it better
    std::vector<Digest> batch;
    std::uint64_t count = 0;
    while (true) {
        CODEX_TRY(line, lines.next());
        if (line) {
            auto digest = parse_digest(*line);
            if (!digest)
                return fail(
                    std::move(digest).error().context(fmt::format("{} digest {}", name, count)));
            ++count;
            batch.push_back(*digest);
        }
        if (batch.size() == kLineBatch || (!line && !batch.empty())) {
            CODEX_CHECK(visit(batch));
            batch.clear();
        }
        if (!line)
            break;
    }
    if (count == 0)
        return fail(toolkit::nothing_came(path, "digest"));
    return {};
}

Remedy way_for_folder(const cli::Context& context, const std::string& folder) {
    std::string again = context.command_with_options();
    const std::string name = shell_quoted(folder);
    for (const char* between : {" ", "="})
        if (const std::size_t at = again.find(fmt::format("--raw{}{}", between, name));
            at != std::string::npos)
            again.replace(at, name.size() + 6, "--raw -");
    return Remedy(Remedy::show_tree, "make one file of it")
        .by(fmt::format("tar c {} | {}", name, again));
}

} // namespace

void Source::declare(cli::Command& command) {
    command.arguments("CID", cids, "a dataset or a tree in the repo; or one a line on stdin")
        .option("--digests FILE", digests, "take the leaves from FILE (-: stdin), hex or CIDs")
        .option("--raw FILE", raw, "cut FILE (-: stdin) into blocks, as put would")
        .option("--block-size", block_size, "of --raw (default 64KiB)");
}

Result<void> Source::check() const {
    if (digests && raw)
        return fail(Errc::usage, "--digests and --raw exclude each other");
    if (!is_stored() && !cids.empty())
        return fail(Errc::usage, "a CID and {} exclude each other", raw ? "--raw" : "--digests");
    if (block_size.given && !raw)
        return fail(Errc::usage, "--block-size means nothing without --raw");
    return {};
}

Error Source::about_word(const std::string& item, Error error) const {
    // Of a label the error says that already.
    const bool no_cid = error.text().starts_with(fmt::format("\"{}\" is not a CID", item));
    if (!no_cid || item.starts_with('z'))
        return error;
    return std::move(error).remedy(Remedy(Remedy::show_tree, "a file is cut into blocks so")
                                       .by("codex-merkle root --raw FILE"));
}

Result<Source::Stored> Source::stored(cli::Context& context) const {
    auto opened = toolkit::open_with(context, cids, repo::Named::dataset_or_tree);
    if (!opened)
        return fail(about_word(cids.empty() ? "" : cids.front(), std::move(opened).error()));
    CODEX_TRY(tree, dataset::open_tree(opened->repo, opened->cid));
    return Stored{std::move(opened->repo), std::move(tree)};
}

Result<std::uint64_t> Source::outside_leaves(cli::Context& context,
                                             const dataset::LeafVisitor& visit) const {
    if (digests) {
        CODEX_CHECK(digest_lines(*digests, visit));
        return 0;
    }
    CODEX_TRY(file, toolkit::open_input(*raw, way_for_folder(context, *raw)));
    Progress progress;
    const auto view = context.show(progress, file.name);
    CODEX_TRY(source, file.source());
    CODEX_TRY(bytes, dataset::raw_leaves(
                         {context.pool(), progress}, source,
                         block_size.given ? block_size.bytes : kDefaultBlockSizeBytes, visit));
    const std::uint64_t announced = progress.total_bytes;
    if (announced != 0 && announced != bytes)
        context.warn(file.name,
                     fmt::format("had {} when it was opened, {} read", counted(announced, "byte"),
                                 counted(bytes, "byte was", "bytes were")));
    if (bytes == 0)
        return fail(Errc::merkle_empty, "{}: no bytes, so no blocks and no tree", file.name);
    return bytes;
}

Result<void> Source::leaves(cli::Context& context, const dataset::LeafVisitor& visit) const {
    if (!is_stored()) {
        CODEX_CHECK(outside_leaves(context, visit));
        return {};
    }
    CODEX_TRY(opened, stored(context));
    return dataset::stored_leaves(opened.tree, visit);
}

Result<SpooledTree> Source::tree(cli::Context& context) const {
    SpooledTree tree{merkle::Spool(temporary_folder())};
    CODEX_CHECK(leaves(context, [&](std::span<const Digest> batch) -> Result<void> {
        if (tree.leaf_count + batch.size() > kMaxLeaves)
            return fail(Error(Errc::limit_exceeded,
                              fmt::format("more than {} leaves: a tree of them is too large to be "
                                          "kept in a temporary file",
                                          kMaxLeaves))
                            .hint("root and leaves have no such limit, nor has proof of a dataset "
                                  "in the repo; larger blocks make fewer leaves"));
        CODEX_CHECK(tree.nodes.write(tree.leaf_count, batch));
        tree.leaf_count += batch.size();
        return {};
    }));
    CODEX_TRY(root, merkle::build_layers(tree.nodes, tree.leaf_count));
    tree.root = root;
    return tree;
}

Result<void> SpooledTree::for_each_piece(const dataset::LeafVisitor& use) const {
    constexpr std::uint64_t kPiece = 4096;
    const std::uint64_t all = merkle::node_count(leaf_count);
    std::vector<Digest> piece;
    for (std::uint64_t at = 0; at < all; at += piece.size()) {
        piece.resize(static_cast<std::size_t>(std::min(kPiece, all - at)));
        CODEX_CHECK(nodes.read(at, piece));
        CODEX_CHECK(use(piece));
    }
    return {};
}

Result<Digest> parse_digest(std::string_view text) {
    Digest digest{};
    const std::string_view digits = text.starts_with("0x") ? text.substr(2) : text;
    if (digits.size() == 2 * digest.size() &&
        digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos) {
        CODEX_TRY(bytes, from_hex(digits));
        std::copy(bytes.begin(), bytes.end(), digest.begin());
        return digest;
    }
    auto cid = Cid::from_text(text);
    const bool hex = text.starts_with("0x") ||
                     digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
    if (!cid && hex && !digits.empty())
        return fail(Errc::hex_invalid, "\"{}\" is no digest: {} of hex, not 64", text.substr(0, 80),
                    counted(digits.size(), "character"));
    if (!cid)
        return fail(text.starts_with('z')
                        ? std::move(cid).error()
                        : std::move(cid).error().hint("a digest is 64 hex digits or a CID"));
    if (cid->hash() != codec::HashCodec::sha2_256 || cid->digest().size() != digest.size())
        return fail(Errc::cid_wrong_codec, "{}: is not over a SHA-256 digest", text);
    return cid->digest32();
}

} // namespace codex::merkle_tool

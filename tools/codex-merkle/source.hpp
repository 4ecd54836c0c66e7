// What root, tree, proof and leaves have in common: where the leaves come from.
#pragma once

#include "cli/command.hpp"
#include "cli/context.hpp"
#include "dataset/leaves.hpp"
#include "merkle/spool.hpp"
#include "toolkit/access.hpp"

namespace codex::merkle_tool {

/// Of a tree that is computed here: 1 TiB in blocks of 64 KiB, and a gigabyte of nodes in a
/// temporary file.
constexpr std::uint64_t kMaxLeaves = std::uint64_t{1} << 24;

/// All nodes of a tree, leaves first, layer by layer.
struct SpooledTree {
    merkle::Spool nodes;
    std::uint64_t leaf_count = 0;
    Digest root{};
    /// Calls use(nodes) for all of them, in order, a piece at a time.
    [[nodiscard]] Result<void> for_each_piece(const dataset::LeafVisitor& use) const;
};

/// As the command line says it.
struct Source {
    std::vector<std::string> cids;
    std::optional<std::string> digests;
    std::optional<std::string> raw;
    cli::SizeValue block_size;

    /// Adds the options and the argument to a command.
    void declare(cli::Command& command);
    /// The leaves come from the repo, not from --digests or --raw.
    [[nodiscard]] bool is_stored() const { return !digests && !raw; }
    /// Errors: usage, when the options contradict each other.
    [[nodiscard]] Result<void> check() const;
    /// The repo, and the stored tree of the one CID of the arguments or of stdin. Errors:
    /// toolkit::open_with()'s; those of dataset::open_tree().
    struct Stored {
        repo::Repo repo;
        repo::StoredTree tree;
    };
    [[nodiscard]] Result<Stored> stored(cli::Context& context) const;
    /// The error about `item`, which stands where a CID is wanted; where it is none, with what is
    /// done with a file.
    [[nodiscard]] Error about_word(const std::string& item, Error error) const;
    /// The leaves of --digests or --raw, in order. Gives the bytes of --raw, else 0.
    /// Errors: merkle_empty without leaves; hex_invalid, cid_invalid naming the line; io.
    [[nodiscard]] Result<std::uint64_t> outside_leaves(cli::Context& context,
                                                       const dataset::LeafVisitor& visit) const;
    /// All leaves, wherever they are. Errors: as above, and the repo's.
    [[nodiscard]] Result<void> leaves(cli::Context& context,
                                      const dataset::LeafVisitor& visit) const;
    /// The whole tree, in memory while it is small. Errors: as above; limit_exceeded when it has
    /// more than kMaxLeaves; those of the temporary file.
    [[nodiscard]] Result<SpooledTree> tree(cli::Context& context) const;
};

/// 64 hex digits, perhaps after 0x, or a CID over a SHA-256 digest. Errors: hex_invalid,
/// cid_invalid, and cid_wrong_codec when the CID is over another hash.
[[nodiscard]] Result<Digest> parse_digest(std::string_view text);

} // namespace codex::merkle_tool

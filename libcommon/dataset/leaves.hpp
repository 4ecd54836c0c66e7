// Where the leaves of a codex tree come from: a tree in the repo, or a raw stream cut into blocks.
#pragma once

#include "base/job.hpp"
#include "base/stream.hpp"
#include "repo/repo.hpp"

#include <functional>
#include <span>

namespace codex::dataset {

/// Takes the next leaves, in order; an error ends the walk and is given back by it.
using LeafVisitor = std::function<Result<void>(std::span<const Digest>)>;

/// The tree of a dataset (a manifest's CID), or the tree with this CID (codex-root).
/// Errors: cid_wrong_codec for any other CID; dataset_not_found, block_not_found; io.
[[nodiscard]] Result<repo::StoredTree> open_tree(const repo::Repo& repo, const Cid& cid);

/// All leaves of a stored tree, in constant memory. The tree is computed again from them; after the
/// last one comes repo_damaged when they do not give its root.
[[nodiscard]] Result<void> stored_leaves(const repo::StoredTree& tree, const LeafVisitor& visit);

/// The leaves that a put of this stream would have: cut into blocks, the last one filled with zeros
/// (codex-manifest(5), BLOCKS), hashed over the pool while the next are read. Constant memory: some
/// 24 MiB at usual block sizes. Gives the bytes read. The source is cancelled when `visit` fails.
/// Errors: size_invalid for the block size; cancelled; those of `source`.
[[nodiscard]] Result<std::uint64_t> raw_leaves(const codex::Job& job, ByteSource& source,
                                               std::uint64_t block_size_bytes,
                                               const LeafVisitor& visit);

} // namespace codex::dataset

// The nodes of a tree that may be larger than memory: random access, in memory while they are few,
// then in an unnamed file.
#pragma once

#include "base/fd.hpp"
#include "base/job.hpp"
#include "merkle/tree.hpp"

#include <string>

namespace codex::merkle {

/// Threads: one at a time.
class Spool {
public:
    /// 4 MiB: the leaves of 8 GiB in blocks of 64 KiB.
    static constexpr std::uint64_t kMemoryNodes = 131072;
    /// `folder` is where the unnamed file goes when one is needed: for more than `memory_nodes`.
    explicit Spool(std::string folder, std::uint64_t memory_nodes = kMemoryNodes)
        : folder_(std::move(folder)), memory_nodes_(memory_nodes) {}

    /// Errors: cannot_create, permission, no_space, io.
    [[nodiscard]] Result<void> write(std::uint64_t first, std::span<const Digest> nodes);
    /// Nodes never written are zero. Errors: io.
    [[nodiscard]] Result<void> read(std::uint64_t first, std::span<Digest> nodes) const;

private:
    [[nodiscard]] Result<void> spill();
    std::string folder_;
    std::uint64_t memory_nodes_;
    std::vector<Digest> memory_;
    Fd file_;
};

/// Computes the layers above `leaf_count` leaves (spool nodes 0 ..) and appends them: the spool
/// then holds all nodes in wire order (codex-tree(5), ENCODINGS). Constant memory. Gives the root.
/// Errors: the spool's; cancelled.
[[nodiscard]] Result<Digest> build_layers(Spool& spool, std::uint64_t leaf_count,
                                          const TreeHash& hash = sha256_tree(),
                                          const Job& job = {});

} // namespace codex::merkle

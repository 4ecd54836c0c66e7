// A dataset that an archive gave already, and lists again.
#pragma once

#include "repo/stored_tree.hpp"

#include <algorithm>
#include <vector>

namespace codex::dataset::detail {

/// Its blocks are passed over, as far as they are the same ones in the same order.
class Repetition {
public:
    explicit Repetition(repo::StoredTree tree) : tree_(std::move(tree)) {}

    /// Whether this is the next block; after false, and after the last one, it is over.
    Result<bool> takes(const Cid& cid) {
        if (next_ == tree_.leaf_count())
            return false;
        if (next_ % kLeaves == 0) {
            leaves_.resize(std::min<std::uint64_t>(kLeaves, tree_.leaf_count() - next_));
            CODEX_CHECK(tree_.leaves(next_, leaves_));
        }
        return cid == Cid::block(leaves_[next_++ % kLeaves]);
    }

private:
    static constexpr std::size_t kLeaves = 4096;
    repo::StoredTree tree_;
    std::vector<Digest> leaves_;
    std::uint64_t next_ = 0;
};

} // namespace codex::dataset::detail

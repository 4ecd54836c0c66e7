// Trees of datasets that are being fetched, kept open while blocks of them are served: to open one
// takes longer than to read of it.
#pragma once

#include "repo/repo.hpp"

#include <map>
#include <memory>
#include <mutex>

namespace codex::exchange::detail {

/// Whoever has one reads on in it when the dataset is whole meanwhile, or was removed.
/// Threads: any.
class OpenPartials {
public:
    using TreePtr = std::shared_ptr<const repo::PartialTree>;

    /// Nothing, when it is not kept.
    [[nodiscard]] TreePtr find(const Cid& tree) const {
        const std::lock_guard lock(mutex_);
        const auto found = trees_.find(tree);
        return found == trees_.end() ? nullptr : found->second;
    }
    /// Until clear(). Of many some are not kept.
    void keep(const Cid& tree, TreePtr partial) {
        const std::lock_guard lock(mutex_);
        if (trees_.size() < kMost)
            trees_.insert_or_assign(tree, std::move(partial));
    }
    void clear() {
        const std::lock_guard lock(mutex_);
        trees_.clear();
    }

private:
    static constexpr std::size_t kMost = 16; ///< each has a file open
    mutable std::mutex mutex_;
    std::map<Cid, TreePtr> trees_;
};

} // namespace codex::exchange::detail

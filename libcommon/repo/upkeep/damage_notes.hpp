// Which blocks a handle has found damaged. The index learns of it, so that whoever puts such a
// block again writes it anew, although it seems to be here.
#pragma once

#include "repo/index/entries.hpp"
#include "repo/types.hpp"

#include <mutex>
#include <utility>
#include <vector>

namespace codex::repo::detail {

class Store;

/// Thread-safe.
class DamageNotes {
public:
    using Found = std::vector<std::pair<Cid, Extent>>;
    /// The record of `cid` at `extent` is not the block. Beyond a million notes nothing is kept.
    void add(const Cid& cid, const Extent& extent);
    /// All notes, which are forgotten.
    [[nodiscard]] Found take();

private:
    std::mutex mutex_;
    Found found_;
};

/// Marks blocks as damaged in the index, unless they have other bytes by now. Errors: those of a
/// writing transaction.
[[nodiscard]] Result<void> mark_damaged(const Store& store, bool sync,
                                        const DamageNotes::Found& found);
/// The same after a read-only handle on the repo in `path`, opened with `options`, was closed.
/// Where the repo may not be written, or others are writing, it stays undone: the next one who
/// reads the block finds it out.
void mark_damaged_later(const std::string& path, const OpenOptions& options,
                        const DamageNotes::Found& found);

} // namespace codex::repo::detail

// Sizes that decide when something happens in a repo, never whether it is right. Tests and
// simulations make them small, so that a few kilobytes go through every path.
#pragma once

#include <cstddef>
#include <cstdint>

namespace codex::repo {

struct Limits {
    /// A batch with this much appended is committed: 1 GiB costs four commits, of milliseconds
    /// each.
    std::uint64_t batch_bytes = std::uint64_t{256} << 20;
    /// Each may touch a page of the index, and these are in memory until the commit; so it is the
    /// lower figure once the table of blocks has more pages than that.
    std::size_t batch_items = 16384;
    std::size_t batch_pages = 4096;
    /// References in a batch: their row of pending pins is written, and read, in one piece.
    std::uint64_t batch_pins = 131072;
    /// Copies of blocks that were here already, kept until their batch is committed.
    std::uint64_t retained_bytes = std::uint64_t{16} << 20;
    /// Datasets that are stored, or removed, in one transaction: so many, of those to be stored
    /// about so many bytes, and when the first of them has waited so long.
    std::size_t group_datasets = 64;
    std::uint64_t group_bytes = std::uint64_t{16} << 20;
    std::uint64_t group_ms = 50;
    /// What a partial dataset was given is committed when it is this much, or this old: a kill
    /// costs no more than that.
    std::uint64_t partial_bytes = std::uint64_t{16} << 20;
    std::uint64_t partial_ms = 1000;
    /// A segment with this much in it gets no more batches. One record may go beyond it.
    std::uint64_t segment_bytes = std::uint64_t{1} << 30;
    /// Leaves dereferenced in one transaction; bounds how long other writers wait.
    std::uint64_t doomed_leaves = 4096;
    /// References of a dead writer taken back in one transaction.
    std::uint64_t pins = 8192;
    /// A file of notes this large is written anew by gc, without what no longer holds.
    std::uint64_t notes_bytes = std::uint64_t{1} << 20;
    /// Changes that are kept for who wants to be told of them; at most a quarter of it in one
    /// transaction, one by one.
    std::uint64_t changes = 4096;
    /// Tree nodes held in memory while a dataset is written: 4 MiB, the leaves of 8 GiB.
    std::uint64_t spool_nodes = 131072;
    /// Pages of the index kept for the sake of one reader that is far behind, before writers wait
    /// for it; never less than the index has content.
    std::uint64_t index_kept_bytes = std::uint64_t{256} << 20;
    /// Address space for the index, which cannot grow beyond it: no disk, for the file is as large
    /// as its content, but a process has 128 TiB for all of its repos.
    std::uint64_t index_map_bytes = std::uint64_t{64} << 30;
};

} // namespace codex::repo

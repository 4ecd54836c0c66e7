#include "dataset/detail/damage.hpp"

#include "dataset/detail/buffer.hpp"

#include <algorithm>

namespace codex::dataset::detail {

Result<void> check_leaf_count(const repo::StoredTree& tree, std::uint64_t blocks) {
    if (tree.leaf_count() != blocks)
        return fail(Errc::dataset_damaged, "its tree has {} leaves, its manifest says {} blocks",
                    tree.leaf_count(), blocks);
    return {};
}

Result<void>
for_each_piece(const Job& job, const LeafReader& leaves, std::uint64_t count,
               const std::function<Result<void>(std::uint64_t, std::span<const Digest>)>& use) {
    constexpr std::uint64_t kPiece = 4096;
    std::vector<Digest> piece;
    for (std::uint64_t at = 0; at < count; at += piece.size()) {
        piece.resize(static_cast<std::size_t>(std::min(kPiece, count - at)));
        CODEX_CHECK(job.go_on());
        CODEX_CHECK(leaves(at, piece));
        CODEX_CHECK(use(at, piece));
    }
    return {};
}

Result<Cid> tree_cid(const Job& job, const LeafReader& leaves, std::uint64_t count) {
    merkle::StreamingRoot root;
    CODEX_CHECK(
        for_each_piece(job, leaves, count, [&](std::uint64_t, std::span<const Digest> piece) {
            root.add(piece);
            return Result<void>();
        }));
    CODEX_TRY(digest, root.finish());
    return Cid::sha256(codec::Multicodec::codex_root, digest);
}

Error way_back_of_plain(Error error, bool has_protectors) {
    if (has_protectors)
        return std::move(error).remedy(
            {Remedy::repair_dataset, "restore what a protected dataset of it covers"});
    return std::move(error).remedy(
        {Remedy::put_dataset, "nothing here protects it; put or import the same data again"});
}

LeafReader reader_of(const repo::StoredTree& tree) {
    return [&tree](std::uint64_t first, std::span<Digest> out) { return tree.salvage(first, out); };
}

LeafReader Leaves::reader(const repo::StoredTree& tree) const {
    if (!spooled)
        return reader_of(tree);
    return [this](std::uint64_t first, std::span<Digest> out) { return spooled->read(first, out); };
}

std::vector<std::uint64_t> Damage::all() const {
    std::vector<std::uint64_t> both(missing.size() + damaged.size());
    std::merge(missing.begin(), missing.end(), damaged.begin(), damaged.end(), both.begin());
    return both;
}

Result<Damage> find_damage(const Job& job, const LeafReader& leaves, std::uint64_t total,
                           std::uint32_t block_size, bool data) {
    Damage damage;
    const std::size_t batch_size = batch_blocks(block_size);
    PageBuffer buffer(data ? batch_size * block_size : 0);
    std::vector<BlockRead> batch;
    std::vector<Digest> digests;
    for (std::uint64_t first = 0; first < total; first += batch_size) {
        CODEX_CHECK(job.go_on());
        const auto count =
            static_cast<std::size_t>(std::min<std::uint64_t>(batch_size, total - first));
        digests.resize(count);
        CODEX_CHECK(leaves(first, digests));
        batch.assign(count, {});
        for (std::size_t i = 0; i < count; ++i) {
            batch[i].cid = Cid::block(digests[i]);
            if (data)
                batch[i].buffer = buffer.bytes().subspan(i * block_size, block_size);
        }
        CODEX_CHECK(data ? job.blocks.try_read(batch) : job.blocks.find(batch));
        CODEX_CHECK(blocks::require_readable(batch));
        for (std::size_t i = 0; i < count; ++i) {
            if (batch[i].state == BlockRead::State::missing)
                damage.missing.push_back(first + i);
            else if (batch[i].state != BlockRead::State::ok)
                damage.damaged.push_back(first + i);
        }
        job.advance(std::uint64_t{count} * block_size);
    }
    return damage;
}

std::vector<std::uint64_t> columns_beyond_parity(const erasure::Layout& layout,
                                                 std::span<const std::uint64_t> lost) {
    std::vector<std::uint64_t> columns;
    for (const std::uint64_t index : lost)
        columns.push_back(layout.column(index));
    std::sort(columns.begin(), columns.end());
    std::vector<std::uint64_t> beyond;
    for (std::size_t begin = 0, end = 0; begin < columns.size(); begin = end) {
        while (end < columns.size() && columns[end] == columns[begin])
            ++end;
        if (end - begin > layout.m())
            beyond.push_back(columns[begin]);
    }
    return beyond;
}

namespace {

/// Computed blocks that wait to be written, at most (or one column's), bytes.
constexpr std::size_t kRestoreBytes = std::size_t{16} << 20;

/// Takes note of one reconstructed batch, and writes it.
Result<void> store(const Job& job, const erasure::Layout& layout, std::span<const LostBlock> batch,
                   Restoration& result) {
    std::vector<repo::Restored> blocks;
    for (const LostBlock& block : batch) {
        if (!block.restored) {
            result.lost.push_back(block.index);
            continue;
        }
        const Cid cid = Cid::block(block.digest);
        blocks.push_back({cid, block.buffer});
        bool was_here = false;
        if (!block.digest_known) {
            result.found_leaves.emplace_back(block.index, block.digest);
            CODEX_TRY(present, job.repo.has(cid)); // only its name was lost
            was_here = present;
        }
        if (!was_here)
            ++(block.index < layout.rounded() ? result.data : result.parity);
    }
    return job.repo.restore(blocks);
}

} // namespace

Result<Restoration> restore_blocks(const Job& job, const Columns& columns,
                                   std::span<const std::uint64_t> lost,
                                   std::span<const std::uint64_t> untrusted) {
    const erasure::Layout& layout = columns.layout();
    const std::uint32_t block_size = columns.block_size_bytes();
    // By column, so that each column is read once, however many rows it lost.
    std::vector<std::uint64_t> order(lost.begin(), lost.end());
    std::sort(order.begin(), order.end(), [&](std::uint64_t a, std::uint64_t b) {
        return std::pair(layout.column(a), a) < std::pair(layout.column(b), b);
    });
    const std::size_t rows = layout.rows();
    const std::size_t room =
        std::max(rows, std::min<std::size_t>(kMaxBatchBlocks, kRestoreBytes / block_size));

    job.expect(order.size() * block_size);
    Restoration result;
    PageBuffer buffer(std::min(room, order.size()) * block_size);
    std::vector<LostBlock> batch;
    for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
        batch.clear();
        while (end < order.size()) {
            std::size_t column_end = end;
            while (column_end < order.size() &&
                   layout.column(order[column_end]) == layout.column(order[end]))
                ++column_end;
            if (column_end - begin > room)
                break;
            for (; end < column_end; ++end) {
                const bool known =
                    !std::binary_search(untrusted.begin(), untrusted.end(), order[end]);
                const std::size_t at = batch.size() * block_size;
                batch.push_back({.index = order[end],
                                 .buffer = buffer.bytes().subspan(at, block_size),
                                 .digest_known = known});
            }
        }
        CODEX_CHECK(columns.reconstruct(batch));
        CODEX_CHECK(job.go_on());
        CODEX_CHECK(store(job, layout, batch, result));
        job.advance(batch.size() * block_size);
    }
    std::sort(result.lost.begin(), result.lost.end());
    return result;
}

Result<bool> mend_tree(const Job& job, const Cid& tree, const LeafReader& leaves,
                       std::uint64_t count) {
    CODEX_TRY(stored, job.repo.tree(tree));
    CODEX_TRY(untrusted, stored.check(job));
    CODEX_TRY(header, stored.header_is_good());
    if (untrusted.empty() && header)
        return false;
    CODEX_TRY(given, tree_cid(job, leaves, count));
    if (given != tree)
        return fail(Error(Errc::dataset_damaged,
                          fmt::format("the record of its tree {} is damaged and its blocks do not "
                                      "give it again",
                                      tree.text()))
                        .remedy({Remedy::import_dataset, "import the dataset again"}));
    CODEX_CHECK(job.repo.restore_tree(tree, count, leaves, job));
    return true;
}

} // namespace codex::dataset::detail

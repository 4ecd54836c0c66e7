#include "dataset/detail/column.hpp"

#include "dataset/detail/hash.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace codex::dataset::detail {

using erasure::Code;
using erasure::Layout;

Columns::Columns(const Job& job, const codec::Manifest& manifest, Layout layout,
                 std::optional<repo::StoredTree> tree, repo::LeafReader leaves)
    : job_(job), block_size_(manifest.block_size_bytes), layout_(layout), code_(layout.shape),
      tree_cid_(manifest.tree), tree_(std::move(tree)), leaves_(std::move(leaves)) {}

Result<Layout> Columns::layout_of(const codec::Manifest& manifest) {
    CODEX_TRY(layout, Layout::of(manifest));
    if (manifest.block_size_bytes % 64 != 0)
        return fail(Errc::unsupported, "a block size of {} bytes is not a multiple of 64",
                    manifest.block_size_bytes);
    return layout;
}

Result<Columns> Columns::open(const Job& job, const codec::Manifest& manifest) {
    CODEX_TRY(layout, layout_of(manifest));
    CODEX_TRY(tree, job.repo.tree(manifest.tree));
    if (tree.leaf_count() != layout.total_blocks())
        return fail(Errc::manifest_invalid, "{}: the tree has {} leaves, the manifest says {}",
                    manifest.tree.text(), tree.leaf_count(), layout.total_blocks());
    return Columns(job, manifest, layout, std::move(tree), {});
}

Result<Columns> Columns::open(const Job& job, const codec::Manifest& manifest,
                              repo::LeafReader leaves) {
    CODEX_TRY(layout, layout_of(manifest));
    return Columns(job, manifest, layout, std::nullopt, std::move(leaves));
}

Result<Digest> Columns::leaf(std::uint64_t index) const {
    Digest leaf;
    CODEX_CHECK(leaves_ ? leaves_(index, {&leaf, 1}) : tree_->leaves(index, {&leaf, 1}));
    return leaf;
}

/// A few columns that are worked on together, so that reading them is one batch.
class Columns::Group {
public:
    /// `lost` is sorted by column; `memory` has a place for each block of each column.
    Group(const Columns& owner, std::span<LostBlock* const> lost, std::uint8_t* memory);
    Result<void> read_survivors();
    Result<void> compute();
    Result<void> check();

private:
    enum class State : std::uint8_t { unread, present, lost };
    struct Column {
        std::uint64_t number = 0;
        std::vector<State> states;         // k + m
        std::vector<Code::Shard> shards;   // k + m
        std::vector<LostBlock*> wanted;    // k + m, nullptr where nobody asked
        std::vector<std::uint8_t*> places; // k + m, into `memory` or the asker's buffer
        std::uint32_t present = 0;
        std::optional<BlockRead> unreadable; // the first of them
    };
    struct Request {
        Column* column;
        std::uint32_t position;
    };

    Result<void> plan_reads(Column& column, std::vector<Request>& requests,
                            std::vector<BlockRead>& batch) const;
    void take(const Request& request, const BlockRead& read) const;
    Result<void> compute_column(Column& column, Executor& pool) const;

    const Columns& owner_;
    std::span<LostBlock* const> lost_;
    std::vector<Column> columns_;
};

Columns::Group::Group(const Columns& owner, std::span<LostBlock* const> lost, std::uint8_t* memory)
    : owner_(owner), lost_(lost) {
    const Layout& layout = owner.layout_;
    const std::size_t rows = layout.rows();
    for (LostBlock* block : lost) {
        const std::uint64_t number = layout.column(block->index);
        if (columns_.empty() || columns_.back().number != number) {
            Column& column = columns_.emplace_back();
            column.number = number;
            column.states.resize(rows);
            column.shards.resize(rows);
            column.wanted.resize(rows);
            for (std::size_t row = 0; row < rows; ++row, memory += owner.block_size_)
                column.places.push_back(memory);
        }
        const std::uint32_t position = layout.position(block->index);
        columns_.back().states[position] = State::lost;
        columns_.back().wanted[position] = block;
        columns_.back().places[position] = block->buffer.data();
    }
    for (Column& column : columns_)
        for (std::uint32_t row = 0; row < layout.k(); ++row)
            if (layout.is_padding(layout.index(column.number, row))) {
                column.states[row] = State::present;
                column.shards[row] = {nullptr, true};
                ++column.present;
            }
}

/// Asks for all unread data, and for as much parity as is needed to have k blocks.
Result<void> Columns::Group::plan_reads(Column& column, std::vector<Request>& requests,
                                        std::vector<BlockRead>& batch) const {
    const Layout& layout = owner_.layout_;
    std::uint32_t hoped_for = column.present;
    for (std::uint32_t row = 0; row < layout.rows(); ++row) {
        if (row >= layout.k() && hoped_for >= layout.k())
            break;
        if (column.states[row] != State::unread)
            continue;
        const std::uint64_t index = layout.index(column.number, row);
        CODEX_TRY(leaf, owner_.leaf(index));
        BlockRead read;
        read.cid = Cid::block(leaf);
        read.buffer = {column.places[row], owner_.block_size_};
        read.leaf = {&owner_.tree_cid_, index};
        batch.push_back(read);
        requests.push_back({&column, row});
        ++hoped_for;
    }
    return {};
}

void Columns::Group::take(const Request& request, const BlockRead& read) const {
    Column& column = *request.column;
    // The empty block stands for a block of zeros (codex-cid(5), THE EMPTY BLOCK); no other size is
    // right.
    const bool ok =
        read.state == BlockRead::State::ok && (read.size == owner_.block_size_ || read.size == 0);
    column.states[request.position] = ok ? State::present : State::lost;
    column.shards[request.position] = {read.size == 0 ? nullptr : read.buffer.data(), ok};
    column.present += ok ? 1 : 0;
    if (read.state == BlockRead::State::unreadable && !column.unreadable)
        column.unreadable = read;
}

Result<void> Columns::Group::read_survivors() {
    // A second round is only needed when a block that should be there is not.
    for (;;) {
        std::vector<Request> requests;
        std::vector<BlockRead> batch;
        for (Column& column : columns_)
            CODEX_CHECK(plan_reads(column, requests, batch));
        if (batch.empty())
            break;
        CODEX_CHECK(owner_.job_.blocks.try_read(batch));
        for (std::size_t i = 0; i < batch.size(); ++i)
            take(requests[i], batch[i]);
    }
    for (const Column& column : columns_)
        if (column.present < owner_.layout_.k() && column.unreadable)
            return fail(blocks::unreadable(*column.unreadable));
    return {};
}

Result<void> Columns::Group::compute_column(Column& column, Executor& pool) const {
    const std::uint32_t k = owner_.layout_.k();
    if (column.present < k)
        return {};
    const auto parity_begin = column.wanted.begin() + k;
    const bool parity_wanted = std::any_of(parity_begin, column.wanted.end(),
                                           [](const LostBlock* block) { return block; });
    // Parity is coded from all data, so then even lost data that nobody asked for is computed.
    std::vector<std::uint8_t*> out(k, nullptr);
    bool data_wanted = false;
    for (std::uint32_t row = 0; row < k; ++row)
        if (column.states[row] == State::lost && (column.wanted[row] || parity_wanted)) {
            out[row] = column.places[row];
            data_wanted = true;
        }
    if (data_wanted)
        CODEX_CHECK(owner_.code_.decode(column.shards, out, owner_.block_size_, pool));
    if (parity_wanted) {
        std::vector<const std::uint8_t*> data(k);
        for (std::uint32_t row = 0; row < k; ++row)
            data[row] = out[row] ? out[row] : column.shards[row].bytes;
        const std::span<std::uint8_t* const> parity = std::span(column.places).subspan(k);
        CODEX_CHECK(owner_.code_.encode(data, parity, owner_.block_size_, pool));
    }
    for (LostBlock* block : column.wanted)
        if (block)
            block->restored = true;
    return {};
}

Result<void> Columns::Group::compute() {
    Executor& pool = owner_.job_.executor();
    std::vector<Result<void>> results(columns_.size());
    // Many columns: one to a thread. Fewer than threads: the threads share the blocks' strips.
    if (columns_.size() < pool.size()) {
        for (std::size_t i = 0; i < columns_.size(); ++i)
            results[i] = compute_column(columns_[i], pool);
    } else {
        pool.parallel_for(columns_.size(), [&](std::size_t i) {
            results[i] = compute_column(columns_[i], Executor::caller());
        });
    }
    for (Result<void>& result : results)
        CODEX_CHECK(std::move(result));
    return {};
}

Result<void> Columns::Group::check() {
    std::vector<LostBlock*> computed;
    std::vector<BytesView> blocks;
    for (LostBlock* block : lost_)
        if (block->restored) {
            computed.push_back(block);
            blocks.emplace_back(block->buffer.first(owner_.block_size_));
        }
    std::vector<Digest> digests(blocks.size());
    hash_blocks(owner_.job_.executor(), blocks, digests);
    for (std::size_t i = 0; i < computed.size(); ++i) {
        computed[i]->digest = digests[i];
        if (!computed[i]->digest_known)
            continue;
        CODEX_TRY(leaf, owner_.leaf(computed[i]->index));
        computed[i]->restored = leaf == digests[i];
    }
    return {};
}

Result<void> Columns::reconstruct(std::span<LostBlock> lost) const {
    std::vector<LostBlock*> sorted;
    for (LostBlock& block : lost) {
        CODEX_ASSERT(block.buffer.size() >= block_size_ && block.index < layout_.total_blocks());
        block.restored = false;
        sorted.push_back(&block);
    }
    const auto place = [this](const LostBlock* block) {
        return std::pair(layout_.column(block->index), block->index);
    };
    std::sort(sorted.begin(), sorted.end(),
              [&](const LostBlock* a, const LostBlock* b) { return place(a) < place(b); });

    const std::size_t column_bytes = (layout_.rows()) * block_size_;
    const std::size_t group_columns = columns_at_a_time(layout_.rows(), block_size_);
    const auto memory = std::make_unique_for_overwrite<std::uint8_t[]>(
        std::min(group_columns, std::max<std::size_t>(1, sorted.size())) * column_bytes);
    for (std::size_t begin = 0, end = 0; begin < sorted.size(); begin = end) {
        std::uint64_t columns = 0;
        for (; end < sorted.size(); ++end)
            if (end == begin || place(sorted[end]).first != place(sorted[end - 1]).first)
                if (++columns > group_columns)
                    break;
        CODEX_CHECK(job_.go_on());
        Group group(*this, std::span(sorted).subspan(begin, end - begin), memory.get());
        CODEX_CHECK(group.read_survivors());
        CODEX_CHECK(job_.go_on());
        CODEX_CHECK(group.compute());
        CODEX_CHECK(group.check());
    }
    return {};
}

} // namespace codex::dataset::detail

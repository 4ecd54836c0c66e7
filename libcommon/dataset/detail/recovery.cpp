#include "dataset/detail/recovery.hpp"

#include <algorithm>

namespace codex::dataset::detail {

namespace {

/// Bytes of blocks computed before their turn.
constexpr std::size_t kAheadBytes = std::size_t{16} << 20;
/// How far ahead of a batch to look for them; each block looked at costs a lookup.
constexpr std::uint64_t kAheadBlocks = 8192;

} // namespace

Result<Recovery> Recovery::open(const Job& job, const codec::Manifest& manifest,
                                std::uint64_t end) {
    CODEX_TRY(columns, Columns::open(job, manifest));
    return Recovery(job, std::move(columns), end);
}

Result<std::optional<std::size_t>> Recovery::restore(std::span<const Wanted> wanted,
                                                     std::uint64_t next) {
    ahead_.erase(ahead_.begin(), ahead_.lower_bound(wanted.front().index));
    std::vector<LostBlock> lost;
    std::vector<std::size_t> positions; // of lost[i] in `wanted`
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const auto known = ahead_.find(wanted[i].index);
        if (known == ahead_.end()) {
            lost.push_back({.index = wanted[i].index, .buffer = wanted[i].buffer});
            positions.push_back(i);
        } else {
            const MutableBytes bytes = known->second.bytes();
            std::copy(bytes.begin(), bytes.end(), wanted[i].buffer.begin());
            ahead_.erase(known);
        }
    }
    if (lost.empty())
        return std::optional<std::size_t>();

    CODEX_TRY(later, missing_later(lost, next));
    std::vector<PageBuffer> buffers;
    for (const std::uint64_t index : later) {
        buffers.emplace_back(columns_.block_size_bytes());
        lost.push_back({.index = index, .buffer = buffers.back().bytes()});
    }
    CODEX_CHECK(columns_.reconstruct(lost));
    for (std::size_t i = 0; i < positions.size(); ++i)
        if (!lost[i].restored)
            return std::optional<std::size_t>(positions[i]);
    for (std::size_t i = 0; i < later.size(); ++i)
        if (lost[positions.size() + i].restored)
            ahead_.emplace(later[i], std::move(buffers[i]));
    return std::optional<std::size_t>();
}

Result<std::vector<std::uint64_t>> Recovery::missing_later(std::span<const LostBlock> lost,
                                                           std::uint64_t next) const {
    const erasure::Layout& layout = columns_.layout();
    const std::size_t capacity = kAheadBytes / columns_.block_size_bytes();
    const std::size_t room = capacity > ahead_.size() ? capacity - ahead_.size() : 0;
    std::vector<std::uint64_t> found;
    // With longer rows a block would be thrown out again before its turn.
    if (layout.steps > capacity)
        return found;
    std::vector<bool> touched(layout.steps);
    for (const LostBlock& block : lost)
        touched[layout.column(block.index)] = true;
    const std::uint64_t end = std::min(end_, next + kAheadBlocks);
    for (std::uint64_t index = next; index < end && found.size() < room; ++index) {
        if (!touched[layout.column(index)] || ahead_.contains(index))
            continue;
        Digest leaf;
        CODEX_CHECK(columns_.tree().leaves(index, {&leaf, 1}));
        BlockRead block{
            .cid = Cid::block(leaf), .buffer = {}, .leaf = {&columns_.tree().cid(), index}};
        CODEX_CHECK(job_.blocks.find({&block, 1}));
        if (block.state == BlockRead::State::missing)
            found.push_back(index);
    }
    return found;
}

} // namespace codex::dataset::detail

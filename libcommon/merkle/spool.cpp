#include "merkle/spool.hpp"

#include <algorithm>

namespace codex::merkle {

namespace {

/// Even, so that only the end of a layer can have a node without a sibling.
constexpr std::uint64_t kChunkNodes = 16384;

BytesView bytes_of(std::span<const Digest> nodes) {
    return {reinterpret_cast<const std::uint8_t*>(nodes.data()), nodes.size_bytes()};
}
MutableBytes bytes_of(std::span<Digest> nodes) {
    return {reinterpret_cast<std::uint8_t*>(nodes.data()), nodes.size_bytes()};
}

} // namespace

Result<void> Spool::spill() {
    CODEX_TRY(file, unnamed_file(folder_));
    CODEX_CHECK(
        pwrite_full(file.get(), bytes_of(std::span<const Digest>(memory_)), 0, "tree spool"));
    file_ = std::move(file);
    memory_ = {};
    return {};
}

Result<void> Spool::write(std::uint64_t first, std::span<const Digest> nodes) {
    if (!file_ && first + nodes.size() > memory_nodes_)
        CODEX_CHECK(spill());
    if (file_)
        return pwrite_full(file_.get(), bytes_of(nodes), first * sizeof(Digest), "tree spool");
    if (memory_.size() < first + nodes.size())
        memory_.resize(first + nodes.size());
    std::ranges::copy(nodes, memory_.begin() + static_cast<std::ptrdiff_t>(first));
    return {};
}

Result<void> Spool::read(std::uint64_t first, std::span<Digest> nodes) const {
    std::ranges::fill(nodes, Digest{});
    if (file_) {
        CODEX_CHECK(pread_full(file_.get(), bytes_of(nodes), first * sizeof(Digest), "tree spool"));
        return {};
    }
    const std::uint64_t end = std::min<std::uint64_t>(memory_.size(), first + nodes.size());
    if (first < end)
        std::copy(memory_.begin() + static_cast<std::ptrdiff_t>(first),
                  memory_.begin() + static_cast<std::ptrdiff_t>(end), nodes.begin());
    return {};
}

Result<Digest> build_layers(Spool& spool, std::uint64_t leaf_count, const TreeHash& hash,
                            const Job& job) {
    const std::vector<std::uint64_t> sizes = layer_sizes(leaf_count);
    std::vector<Digest> nodes(static_cast<std::size_t>(std::min(kChunkNodes, leaf_count)));
    std::vector<Digest> parents((nodes.size() + 1) / 2);
    std::uint64_t from = 0;
    for (std::size_t layer = 0; layer + 1 < sizes.size(); ++layer) {
        const std::uint64_t to = from + sizes[layer];
        for (std::uint64_t done = 0; done < sizes[layer]; done += kChunkNodes) {
            CODEX_CHECK(job.go_on());
            const auto n = static_cast<std::size_t>(std::min(kChunkNodes, sizes[layer] - done));
            const std::span<Digest> children(nodes.data(), n);
            const std::span<Digest> made(parents.data(), (n + 1) / 2);
            CODEX_CHECK(spool.read(from + done, children));
            next_layer(hash, children, layer == 0, made);
            CODEX_CHECK(spool.write(to + done / 2, made));
        }
        from = to;
    }
    Digest root{};
    CODEX_CHECK(spool.read(from, std::span(&root, 1)));
    return root;
}

} // namespace codex::merkle

#include "repo/segments/spool.hpp"

#include "merkle/poseidon2_tree.hpp"
#include "repo/segments/limits.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace codex::repo::detail {

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

const merkle::TreeHash& tree_hash(const Cid& tree) {
    return tree.codec() == codec::Multicodec::codex_slot_root ? merkle::poseidon2_tree()
                                                              : merkle::sha256_tree();
}

Result<void> Spool::spill() {
    auto unnamed = open_file(directory_, O_TMPFILE | O_RDWR, 0600);
    if (!unnamed) { // a file system without O_TMPFILE
        std::string name = directory_ + "/.spool.XXXXXX";
        const int fd = ::mkostemp(name.data(), O_CLOEXEC);
        if (fd < 0)
            return fail(system_error(errno, "create " + name));
        ::unlink(name.c_str());
        unnamed = Fd(fd);
    }
    CODEX_CHECK(
        pwrite_full(unnamed->get(), bytes_of(std::span<const Digest>(memory_)), 0, "tree spool"));
    file_ = std::move(*unnamed);
    memory_ = {};
    return {};
}

Result<void> Spool::write(std::uint64_t first, std::span<const Digest> nodes) {
    if (!file_ && first + nodes.size() > limits().spool_nodes)
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

Result<Digest> build_layers(Spool& spool, std::uint64_t leaf_count, const merkle::TreeHash& hash) {
    const std::vector<std::uint64_t> sizes = merkle::layer_sizes(leaf_count);
    std::vector<Digest> nodes(static_cast<std::size_t>(std::min(kChunkNodes, leaf_count)));
    std::vector<Digest> parents((nodes.size() + 1) / 2);
    std::uint64_t from = 0;
    for (std::size_t layer = 0; layer + 1 < sizes.size(); ++layer) {
        const std::uint64_t to = from + sizes[layer];
        for (std::uint64_t done = 0; done < sizes[layer]; done += kChunkNodes) {
            const auto n = static_cast<std::size_t>(std::min(kChunkNodes, sizes[layer] - done));
            const std::span<Digest> children(nodes.data(), n);
            const std::span<Digest> made(parents.data(), (n + 1) / 2);
            CODEX_CHECK(spool.read(from + done, children));
            merkle::next_layer(hash, children, layer == 0, made);
            CODEX_CHECK(spool.write(to + done / 2, made));
        }
        from = to;
    }
    Digest root{};
    CODEX_CHECK(spool.read(from, std::span(&root, 1)));
    return root;
}

Result<Extent> append_tree(SegmentWriter& segment, const Cid& tree, std::uint64_t leaf_count,
                           const Spool& spool) {
    const std::uint64_t total = merkle::node_count(leaf_count);
    std::vector<Digest> chunk(static_cast<std::size_t>(std::min(kChunkNodes, total)));
    return segment.append_stream(
        {RecordKind::tree, Encoding::raw, total * sizeof(Digest), leaf_count, tree},
        [&](std::uint64_t offset) -> Result<BytesView> {
            const std::uint64_t first = offset / sizeof(Digest);
            const std::span<Digest> piece(
                chunk.data(), static_cast<std::size_t>(std::min(kChunkNodes, total - first)));
            CODEX_CHECK(spool.read(first, piece));
            return bytes_of(std::span<const Digest>(piece));
        });
}

} // namespace codex::repo::detail

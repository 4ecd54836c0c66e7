#include "repo/segments/spool.hpp"

#include "merkle/poseidon2_tree.hpp"

#include <algorithm>

namespace codex::repo::detail {

namespace {

constexpr std::uint64_t kSpoolNodes = 16384;

BytesView bytes_of(std::span<const Digest> nodes) {
    return {reinterpret_cast<const std::uint8_t*>(nodes.data()), nodes.size_bytes()};
}

} // namespace

const merkle::TreeHash& tree_hash(const Cid& tree) {
    return tree.codec() == codec::Multicodec::codex_slot_root ? merkle::poseidon2_tree()
                                                              : merkle::sha256_tree();
}

Result<Extent> append_tree(SegmentWriter& segment, const Cid& tree, std::uint64_t leaf_count,
                           const Spool& spool) {
    const std::uint64_t total = merkle::node_count(leaf_count);
    std::vector<Digest> chunk(static_cast<std::size_t>(std::min(kSpoolNodes, total)));
    return segment.append_stream(
        {RecordKind::tree, Encoding::raw, total * sizeof(Digest), leaf_count, tree},
        [&](std::uint64_t offset) -> Result<BytesView> {
            const std::uint64_t first = offset / sizeof(Digest);
            const std::span<Digest> piece(
                chunk.data(), static_cast<std::size_t>(std::min(kSpoolNodes, total - first)));
            CODEX_CHECK(spool.read(first, piece));
            return bytes_of(std::span<const Digest>(piece));
        });
}

} // namespace codex::repo::detail

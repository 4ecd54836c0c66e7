#include "repo/segments/tree_file.hpp"
#include "repo/index/not_here.hpp"

#include "merkle/tree.hpp"
#include "repo/segments/read.hpp"
#include "repo/segments/record.hpp"
#include "repo/segments/spool.hpp"

#include <algorithm>

namespace codex::repo::detail {

namespace {

/// Nodes of one layer that are checked at a time; even.
constexpr std::uint64_t kChunkNodes = 16384;

struct LeafRange {
    std::uint64_t begin;
    std::uint64_t end;
};

std::vector<std::uint64_t> union_of(std::vector<LeafRange> ranges) {
    std::ranges::sort(ranges, {}, &LeafRange::begin);
    std::vector<std::uint64_t> leaves;
    std::uint64_t next = 0;
    for (const LeafRange& range : ranges)
        for (next = std::max(next, range.begin); next < range.end; ++next)
            leaves.push_back(next);
    return leaves;
}

} // namespace

namespace {

/// As far as the segment has them; gives how many bytes.
Result<std::size_t> read_nodes(const Session& session, const Cid& tree, const Extent& extent,
                               std::uint64_t first, MutableBytes bytes) {
    const std::uint64_t at =
        extent.offset + header_bytes(tree.bytes().size()) + first * sizeof(Digest);
    auto got = read_segment(session.store->segments(), extent.segment, bytes, at);
    if (!got)
        return fail(std::move(got).error().context(fmt::format("tree {}", tree.text())));
    return got;
}

MutableBytes bytes_of(std::span<Digest> nodes) {
    return {reinterpret_cast<std::uint8_t*>(nodes.data()), nodes.size_bytes()};
}

} // namespace

Result<void> read_tree_at(const Session& session, const Cid& tree, const Extent& extent,
                          std::uint64_t first, std::span<Digest> out) {
    CODEX_CHECK(session.job.go_on());
    CODEX_TRY(got, read_nodes(session, tree, extent, first, bytes_of(out)));
    if (got != out.size_bytes())
        return fail(
            Error(Errc::repo_damaged, fmt::format("tree {}: its segment is cut short", tree.text()))
                .remedy(tree.codec() == codec::Multicodec::codex_slot_root
                            ? Remedy(Remedy::recompute_slots)
                            : Remedy(Remedy::repair_dataset,
                                     "store the data again, or rebuild it where a protected "
                                     "dataset has it")));
    return {};
}

Result<void> salvage_tree_at(const Session& session, const Cid& tree, const Extent& extent,
                             std::uint64_t first, std::span<Digest> out) {
    CODEX_CHECK(session.job.go_on());
    CODEX_TRY(got, read_nodes(session, tree, extent, first, bytes_of(out)));
    std::ranges::fill(out.subspan(got / sizeof(Digest)), Digest{});
    return {};
}

Result<bool> tree_header_is_good(const Session& session, const Cid& tree, const Extent& extent,
                                 std::uint64_t leaf_count) {
    Bytes bytes(header_bytes(tree.bytes().size()));
    auto got = read_segment(session.store->segments(), extent.segment, bytes, extent.offset);
    if (!got && got.error().code() == Errc::not_found)
        return false;
    if (!got)
        return fail(std::move(got).error().context(fmt::format("tree {}", tree.text())));
    const auto header = decode_header(BytesView(bytes).first(*got));
    return header && header->kind == RecordKind::tree && header->cid == tree &&
           header->plain == leaf_count &&
           header->stored_bytes == merkle::node_count(leaf_count) * sizeof(Digest);
}

Result<void> read_tree(const Session& session, const Cid& tree, Extent& extent, std::uint64_t first,
                       std::span<Digest> out, TreeReader reader) {
    for (;;) {
        auto read = reader(session, tree, extent, first, out);
        std::optional<TreeEntry> entry;
        {
            CODEX_TRY(txn, session.store->env().read());
            CODEX_SET(entry, find_tree(txn, tree));
        }
        if (!entry)
            return fail(not_here(Errc::block_not_found, "tree", tree, *session.store));
        if (entry->extent == extent)
            return read;
        session.store->segments().forget(extent.segment);
        extent = entry->extent;
    }
}

Result<std::vector<std::uint64_t>> untrusted_leaves(const Cid& tree, std::uint64_t leaf_count,
                                                    const NodeSource& nodes) {
    const std::vector<std::uint64_t> sizes = merkle::layer_sizes(leaf_count);
    const merkle::TreeHash& hash = tree_hash(tree);
    const Digest root = tree.digest32();
    std::vector<Digest> children(static_cast<std::size_t>(std::min(kChunkNodes, leaf_count)));
    std::vector<Digest> stored((children.size() + 1) / 2);
    std::vector<Digest> computed(stored.size());
    std::vector<LeafRange> bad;
    std::uint64_t from = 0;
    for (std::size_t layer = 0; layer + 1 < sizes.size(); ++layer) {
        const std::uint64_t to = from + sizes[layer];
        const bool top = layer + 2 == sizes.size();
        for (std::uint64_t done = 0; done < sizes[layer]; done += kChunkNodes) {
            const auto n = static_cast<std::size_t>(std::min(kChunkNodes, sizes[layer] - done));
            const std::size_t pairs = (n + 1) / 2;
            CODEX_CHECK(nodes(from + done, std::span(children.data(), n)));
            CODEX_CHECK(nodes(to + done / 2, std::span(stored.data(), pairs)));
            merkle::next_layer(hash, std::span(children.data(), n), layer == 0,
                               std::span(computed.data(), pairs));
            for (std::size_t i = 0; i < pairs; ++i)
                if (computed[i] != stored[i] || (top && stored[i] != root)) {
                    const std::uint64_t parent = done / 2 + i;
                    bad.push_back(
                        {parent << (layer + 1), std::min(leaf_count, (parent + 1) << (layer + 1))});
                }
        }
        from = to;
    }
    return union_of(std::move(bad));
}

} // namespace codex::repo::detail

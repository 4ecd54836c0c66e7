#include "repo/segments/partial_file.hpp"

#include "base/endian.hpp"
#include "codec/manifest.hpp"
#include "repo/segments/crc32c.hpp"
#include "repo/segments/io.hpp"
#include "repo/segments/own_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace codex::repo::detail {

namespace {

constexpr std::array<std::uint8_t, 4> kPartialMagic = {'C', 'X', 'P', '1'};
constexpr std::size_t kPartialFixedBytes = 20; // magic, CRC-32C of the rest, added, length
/// Nodes begin at a multiple of this.
constexpr std::uint64_t kPartialAlign = 4096;
/// Nodes of one layer that are checked at a time; even.
constexpr std::uint64_t kPartialChunk = 16384;

std::uint64_t nodes_behind(std::size_t header_bytes) {
    return (header_bytes + kPartialAlign - 1) / kPartialAlign * kPartialAlign;
}

MutableBytes as_writable(std::span<Digest> nodes) {
    return {reinterpret_cast<std::uint8_t*>(nodes.data()), nodes.size_bytes()};
}

} // namespace

Bytes encode_partial_header(const PartialHeader& header) {
    Bytes out(kPartialFixedBytes + header.manifest_bytes.size());
    std::copy(kPartialMagic.begin(), kPartialMagic.end(), out.begin());
    store_le(out.data() + 8, header.added);
    store_le(out.data() + 16, static_cast<std::uint32_t>(header.manifest_bytes.size()));
    std::copy(header.manifest_bytes.begin(), header.manifest_bytes.end(),
              out.begin() + kPartialFixedBytes);
    store_le(out.data() + 4, crc32c(BytesView(out).subspan(8)));
    return out;
}

Result<void> PartialFile::make(const std::string& path, const PartialHeader& header,
                               std::uint64_t leaf_count, Disk& disk, bool sync) {
    CODEX_TRY(fd, open_own_file(path, O_RDWR, Below::folder));
    Bytes bytes = encode_partial_header(header);
    const std::uint64_t size =
        nodes_behind(bytes.size()) + merkle::node_count(leaf_count) * sizeof(Digest);
    if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0)
        return fail(system_error(errno, "write " + path));
    iovec part{bytes.data(), bytes.size()};
    CODEX_CHECK(io::write_parts(disk, fd.get(), {&part, 1}, 0, path));
    return sync ? io::sync_data(disk, fd.get(), path) : Result<void>();
}

Result<PartialFile> PartialFile::open(const std::string& path, int flags, Disk& disk) {
    CODEX_TRY(fd, open_own_file(path, flags, Below::folder));
    PartialFile file(path, std::move(fd), disk);
    CODEX_CHECK(file.read_header());
    return file;
}

/// The length of the header says where the nodes are, so a damaged one leaves nothing to read.
Result<void> PartialFile::read_header() {
    Bytes bytes(kPartialFixedBytes);
    CODEX_TRY(got, pread_full(fd_.get(), bytes, 0, path_));
    empty_ = got == 0;
    blank_ = std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
    const std::uint32_t length = load_le<std::uint32_t>(bytes.data() + 16);
    if (got < bytes.size() ||
        !std::equal(kPartialMagic.begin(), kPartialMagic.end(), bytes.begin()) || length == 0 ||
        length > codec::kMaxManifestBytes)
        return {};
    bytes.resize(kPartialFixedBytes + length);
    CODEX_SET(got, pread_full(fd_.get(), bytes, 0, path_));
    if (got < bytes.size() ||
        load_le<std::uint32_t>(bytes.data() + 4) != crc32c(BytesView(bytes).subspan(8)))
        return {};
    nodes_at_ = nodes_behind(bytes.size());
    const std::uint64_t added = load_le<std::uint64_t>(bytes.data() + 8);
    bytes.erase(bytes.begin(), bytes.begin() + kPartialFixedBytes);
    header_ = PartialHeader{added, std::move(bytes)};
    return {};
}

Result<void> PartialFile::read(std::uint64_t first, std::span<Digest> out) const {
    const MutableBytes bytes = as_writable(out);
    std::size_t got = 0;
    if (header_)
        CODEX_SET(got, pread_full(fd_.get(), bytes, nodes_at_ + first * sizeof(Digest), path_));
    std::ranges::fill(bytes.subspan(got / sizeof(Digest) * sizeof(Digest)), std::uint8_t{0});
    return {};
}

Result<void> PartialFile::write(std::vector<PlacedNode> nodes) {
    if (!header_)
        return fail(Error(Errc::repo_damaged, fmt::format("{}: its beginning is damaged", path_))
                        .remedy({Remedy::remove_datasets, "remove what is here of it"})
                        .remedy({Remedy::fetch_dataset, "then fetch it again"}));
    std::erase_if(nodes, [&](const PlacedNode& node) { return written_.contains(node.at); });
    std::ranges::sort(nodes, {}, &PlacedNode::at);
    const auto again = std::ranges::unique(nodes, {}, &PlacedNode::at);
    nodes.erase(again.begin(), again.end());
    for (std::size_t i = 0; i < nodes.size();) {
        const std::uint64_t first = nodes[i].at;
        std::vector<iovec> run;
        for (; i < nodes.size() && nodes[i].at == first + run.size(); ++i)
            run.push_back({nodes[i].digest.data(), sizeof(Digest)});
        const std::size_t count = run.size();
        CODEX_CHECK(
            io::write_parts(*disk_, fd_.get(), run, nodes_at_ + first * sizeof(Digest), path_));
        written_.insert({first, count});
    }
    return {};
}

Result<void> PartialFile::sync() const {
    return io::sync_data(*disk_, fd_.get(), path_);
}

TreeShape::TreeShape(std::uint64_t leaf_count) : sizes_(merkle::layer_sizes(leaf_count)) {
    std::uint64_t start = 0;
    for (const std::uint64_t size : sizes_) {
        starts_.push_back(start);
        start += size;
    }
}

Result<void> add_proved(const TreeShape& shape, const Digest& root, const merkle::Proof& proof,
                        const Digest& leaf, std::vector<PlacedNode>& nodes) {
    CODEX_TRY(above, merkle::verified_ancestors(merkle::sha256_tree(), proof, leaf, root));
    std::uint64_t index = proof.index;
    nodes.push_back({shape.at(0, index), leaf});
    for (std::size_t layer = 0; layer < proof.path.size(); ++layer) {
        if (const std::uint64_t sibling = index ^ 1; sibling < shape.sizes()[layer])
            nodes.push_back({shape.at(layer, sibling), proof.path[layer]});
        index /= 2;
        nodes.push_back({shape.at(layer + 1, index), above[layer]});
    }
    return {};
}

namespace {

/// One layer of a tree against the one above it.
class LayerCheck {
public:
    LayerCheck(const PartialFile& file, const TreeShape& shape, const Digest& root)
        : file_(file), shape_(shape), root_(root) {}

    /// Nodes [first, first + count) of the layer, of which the first is a left child. What is below
    /// a node that does not match its children goes into `bad`.
    Result<void> run(std::size_t layer, std::uint64_t first, std::uint64_t count, IndexSet& bad) {
        children_.resize(static_cast<std::size_t>(count));
        stored_.resize((children_.size() + 1) / 2);
        computed_.resize(stored_.size());
        CODEX_CHECK(file_.read(shape_.at(layer, first), children_));
        CODEX_CHECK(file_.read(shape_.at(layer + 1, first / 2), stored_));
        merkle::next_layer(merkle::sha256_tree(), children_, layer == 0, computed_);
        const bool top = layer + 2 == shape_.sizes().size();
        for (std::size_t i = 0; i < stored_.size(); ++i) {
            // Where nothing is known this is never so, and no leaf is held.
            if (computed_[i] == stored_[i] && (!top || stored_[i] == root_))
                continue;
            const std::uint64_t parent = first / 2 + i;
            const std::uint64_t begin = parent << (layer + 1);
            const std::uint64_t end = std::min(shape_.sizes()[0], (parent + 1) << (layer + 1));
            bad.insert({begin, end - begin});
        }
        return {};
    }

private:
    const PartialFile& file_;
    const TreeShape& shape_;
    const Digest& root_;
    std::vector<Digest> children_;
    std::vector<Digest> stored_;
    std::vector<Digest> computed_;
};

} // namespace

Result<IndexSet> unproved_leaves(const PartialFile& file, const Digest& root,
                                 std::uint64_t leaf_count, const IndexSet& leaves, const Job& job) {
    const TreeShape shape(leaf_count);
    LayerCheck check(file, shape, root);
    IndexSet bad;
    for (std::size_t layer = 0; layer + 1 < shape.sizes().size(); ++layer)
        for (std::uint64_t at = 0; at < shape.sizes()[layer]; at += kPartialChunk) {
            CODEX_CHECK(job.go_on());
            CODEX_CHECK(
                check.run(layer, at, std::min(kPartialChunk, shape.sizes()[layer] - at), bad));
        }
    bad.intersect(leaves);
    return bad;
}

} // namespace codex::repo::detail

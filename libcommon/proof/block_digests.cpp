#include "proof/detail/block_digests.hpp"

#include "crypto/poseidon2/poseidon2.hpp"
#include "merkle/poseidon2_tree.hpp"

#include <algorithm>
#include <fmt/ranges.h>

namespace codex::proof::detail {

namespace {

/// Cells hashed at a time are a multiple of the widest kernel's lanes as long as blocks are small.
constexpr std::uint64_t kGroupBytes = std::uint64_t{1} << 20;
constexpr std::size_t kMaxGroupBlocks = 256;

} // namespace

/// What went wrong in any of the threads.
struct BlockDigester::Failures {
    std::mutex mutex;
    std::optional<Error> error;
    std::vector<std::uint64_t> missing;
    std::vector<std::uint64_t> damaged;

    void add(Error failure) {
        const std::lock_guard lock(mutex);
        if (!error)
            error = std::move(failure);
    }
    void add(std::uint64_t index, BlockRead::State state) {
        const std::lock_guard lock(mutex);
        (state == BlockRead::State::damaged ? damaged : missing).push_back(index);
    }
};

namespace {

/// The leaves of a dataset's tree, or what is known of them.
Result<repo::LeafReader> leaves_of(const repo::Repo& repo, const codec::Manifest& manifest,
                                   bool& partial) {
    auto whole = repo.tree(manifest.tree);
    if (!whole) {
        auto part = repo.partial_tree(manifest.tree);
        if (!part)
            return fail(std::move(whole).error());
        partial = true;
        return [tree = std::make_shared<repo::PartialTree>(std::move(*part)),
                manifest](std::uint64_t first, std::span<Digest> out) -> Result<void> {
            for (std::size_t i = 0; i < out.size(); ++i) {
                if (dataset::is_padding(manifest, first + i)) { // which nobody fetches
                    out[i] = Cid::empty_block().digest32();
                    continue;
                }
                auto leaf = tree->leaf(first + i);
                if (!leaf && leaf.error().code() != Errc::block_not_found)
                    return fail(std::move(leaf).error());
                out[i] = leaf ? *leaf : Digest{};
            }
            return {};
        };
    }
    if (whole->leaf_count() != manifest.blocks_count())
        return fail(Errc::dataset_damaged, "tree {}: has {} leaves, the manifest says {}",
                    manifest.tree.text(), whole->leaf_count(), manifest.blocks_count());
    return [tree = std::make_shared<repo::StoredTree>(std::move(*whole))](
               std::uint64_t first, std::span<Digest> out) { return tree->leaves(first, out); };
}

} // namespace

Result<BlockDigester> BlockDigester::open(const dataset::Job& job, const codec::Manifest& manifest,
                                          const SlotShape& shape) {
    bool partial = false;
    CODEX_TRY(leaves, leaves_of(job.repo, manifest, partial));
    BlockDigester digester(job, shape, manifest.tree, std::move(leaves));
    digester.partial_ = partial;
    const Bytes zeros(shape.block_size_bytes);
    CODEX_TRY(zero, block_tree(zeros, shape.cell_size_bytes));
    digester.zero_root_ = zero.root();
    return digester;
}

BlockDigester::BlockDigester(const dataset::Job& job, const SlotShape& shape, const Cid& tree,
                             repo::LeafReader leaves)
    : job_(job), shape_(shape), tree_(tree), leaves_(std::move(leaves)),
      group_blocks_(
          std::clamp<std::size_t>(kGroupBytes / shape.block_size_bytes, 1, kMaxGroupBlocks)) {}

Result<std::vector<Digest>> BlockDigester::slots(std::uint32_t first, std::uint32_t count) const {
    std::vector<Digest> digests(static_cast<std::size_t>(shape_.blocks * count), zero_root_);
    std::vector<Group> groups;
    for (std::uint32_t i = 0; i < count; ++i)
        for (std::uint64_t at = 0; at < shape_.data_blocks; at += group_blocks_)
            groups.push_back(
                {first + i, at,
                 std::span(digests).subspan(static_cast<std::size_t>(i * shape_.blocks + at),
                                            static_cast<std::size_t>(std::min<std::uint64_t>(
                                                group_blocks_, shape_.data_blocks - at)))});
    Failures failures;
    job_.executor().parallel_for(groups.size(), [&](std::size_t i) {
        if (!job_.cancelled())
            digest_group(groups[i], failures);
    });
    CODEX_CHECK(job_.go_on());
    if (failures.error)
        return fail(std::move(*failures.error));
    const auto slot = count == 1 ? std::optional(first) : std::nullopt;
    if (!failures.missing.empty())
        return fail(missing(std::move(failures.missing), false, slot));
    if (!failures.damaged.empty())
        return fail(missing(std::move(failures.damaged), true, slot));
    return digests;
}

Result<void> BlockDigester::leaves(const Group& group, std::span<Digest> out) const {
    if (shape_.strategy == codec::Strategy::linear)
        return leaves_(shape_.tree_index(group.slot, group.first), out);
    for (std::size_t i = 0; i < out.size(); ++i)
        CODEX_CHECK(leaves_(shape_.tree_index(group.slot, group.first + i), out.subspan(i, 1)));
    return {};
}

void BlockDigester::digest_group(const Group& group, Failures& failures) const {
    const std::size_t size = shape_.block_size_bytes;
    std::vector<Digest> leaf_digests(group.out.size());
    if (auto done = leaves(group, leaf_digests); !done)
        return failures.add(std::move(done).error());
    Bytes bytes(group.out.size() * size);
    std::vector<BlockRead> reads(group.out.size());
    for (std::size_t i = 0; i < reads.size(); ++i) {
        reads[i].cid = Cid::block(leaf_digests[i]);
        reads[i].buffer = MutableBytes(bytes).subspan(i * size, size);
        reads[i].leaf = {&tree_, shape_.tree_index(group.slot, group.first + i)};
    }
    if (auto done = job_.blocks.read(reads); !done)
        return failures.add(std::move(done).error());

    std::vector<const std::uint8_t*> full;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < reads.size(); ++i) {
        const std::uint64_t index = shape_.tree_index(group.slot, group.first + i);
        if (reads[i].state != BlockRead::State::ok) {
            failures.add(index, reads[i].state);
        } else if (reads[i].size == size) {
            full.push_back(reads[i].buffer.data());
            places.push_back(i);
        } else if (reads[i].size != 0) { // the empty block stands for zeros
            failures.add(Error(Errc::dataset_damaged,
                               fmt::format("block {} has {} bytes, its dataset's blocks have {}",
                                           index, reads[i].size, size)));
        }
    }
    std::vector<Digest> roots(full.size());
    hash_blocks(full, roots);
    for (std::size_t i = 0; i < places.size(); ++i)
        group.out[places[i]] = roots[i];
    job_.advance(bytes.size());
}

void BlockDigester::hash_blocks(std::span<const std::uint8_t* const> blocks,
                                std::span<Digest> out) const {
    const auto cells = static_cast<std::size_t>(shape_.block_cells);
    std::vector<const std::uint8_t*> messages;
    messages.reserve(blocks.size() * cells);
    for (const std::uint8_t* block : blocks)
        for (std::size_t cell = 0; cell < cells; ++cell)
            messages.push_back(block + cell * shape_.cell_size_bytes);
    std::vector<Digest> nodes(messages.size());
    crypto::poseidon2::hash_many(messages, shape_.cell_size_bytes, nodes);
    if (cells == 1) { // not its own root
        std::ranges::transform(nodes, out.begin(), [](const Digest& cell) {
            return merkle::poseidon2_tree().pair(cell, Digest{},
                                                 merkle::kKeyBottom | merkle::kKeyOdd);
        });
        return;
    }
    // Pairs never cross blocks, so whole layers of all blocks go through the lanes at once.
    std::uint64_t key = merkle::kKeyBottom;
    for (std::size_t width = nodes.size(); width > blocks.size(); width /= 2) {
        crypto::poseidon2::pairs(std::span(nodes).first(width), key,
                                 std::span(nodes).first(width / 2));
        key = merkle::kKeyInner;
    }
    std::copy_n(nodes.begin(), blocks.size(), out.begin());
}

Result<Bytes> BlockDigester::block(std::uint32_t slot, std::uint64_t position) const {
    Bytes bytes(shape_.block_size_bytes);
    if (position >= shape_.data_blocks)
        return bytes;
    const std::uint64_t index = shape_.tree_index(slot, position);
    Digest leaf{};
    CODEX_CHECK(leaves_(index, {&leaf, 1}));
    BlockRead read{.cid = Cid::block(leaf), .buffer = bytes, .leaf = {&tree_, index}};
    CODEX_CHECK(job_.blocks.read({&read, 1}));
    if (read.state != BlockRead::State::ok)
        return fail(missing({index}, read.state == BlockRead::State::damaged, slot));
    if (read.size != 0 && read.size != bytes.size())
        return fail(Errc::dataset_damaged, "block {} has {} bytes, its dataset's blocks have {}",
                    index, read.size, bytes.size());
    return bytes;
}

Error BlockDigester::missing(std::vector<std::uint64_t> indices, bool damaged,
                             std::optional<std::uint32_t> slot) const {
    // Repair needs the whole tree, which a part that was fetched does not have.
    Remedy way(Remedy::repair_dataset, "restore what parity covers");
    if (partial_ && slot)
        way = Remedy(Remedy::fetch_dataset, "fetch that slot").with(*slot);
    else if (partial_)
        way = Remedy(Remedy::fetch_dataset);
    std::ranges::sort(indices);
    constexpr std::size_t kShown = 16;
    return Error(Errc::dataset_damaged,
                 fmt::format(
                     "{} {}{} {} {}", indices.size() == 1 ? "block" : "blocks",
                     fmt::join(std::span(indices).first(std::min(kShown, indices.size())), ", "),
                     indices.size() > kShown ? fmt::format(" and {} more", indices.size() - kShown)
                                             : "",
                     indices.size() == 1 ? "is" : "are", damaged ? "damaged" : "missing"))
        .remedy(std::move(way));
}

} // namespace codex::proof::detail

#include "dataset/leaves.hpp"

#include "base/checked.hpp"
#include "base/hex.hpp"
#include "dataset/detail/buffer.hpp"
#include "dataset/detail/hash.hpp"
#include "dataset/detail/pipeline.hpp"

#include <algorithm>

namespace codex::dataset {

namespace {

constexpr std::size_t kStoredBatch = 4096;
constexpr std::size_t kLeafChunks = 3;

struct LeafChunk {
    detail::PageBuffer buffer;
    std::size_t content_bytes = 0; // without the padding of the last block
    std::vector<BytesView> blocks;
    std::vector<Digest> leaves;

    /// Cuts the first `content_bytes` of the buffer into blocks, the last one filled with zeros.
    void cut(std::size_t block_size) {
        const MutableBytes bytes = buffer.bytes();
        const std::size_t count = div_up(content_bytes, block_size);
        std::ranges::fill(bytes.first(count * block_size).subspan(content_bytes), std::uint8_t{0});
        blocks.resize(count);
        for (std::size_t i = 0; i < count; ++i)
            blocks[i] = bytes.subspan(i * block_size, block_size);
    }
};

} // namespace

Result<repo::StoredTree> open_tree(const repo::Repo& repo, const Cid& cid) {
    if (cid.codec() == codec::Multicodec::codex_root)
        return repo.tree(cid);
    if (cid.codec() != codec::Multicodec::codex_manifest)
        return fail(Error(Errc::cid_wrong_codec,
                          fmt::format("{}: neither a manifest nor a tree", cid.text()))
                        .hint("a dataset's CID starts with zDv, a tree's with zDz"));
    CODEX_TRY(dataset, repo.dataset(cid));
    return repo.tree(dataset.manifest.tree);
}

Result<void> stored_leaves(const repo::StoredTree& tree, const LeafVisitor& visit) {
    merkle::StreamingRoot root;
    std::vector<Digest> batch;
    for (std::uint64_t first = 0; first < tree.leaf_count(); first += batch.size()) {
        batch.resize(std::min<std::uint64_t>(kStoredBatch, tree.leaf_count() - first));
        CODEX_CHECK(tree.leaves(first, batch));
        root.add(batch);
        CODEX_CHECK(visit(batch));
    }
    CODEX_TRY(found, root.finish());
    if (found != tree.cid().digest32())
        return fail(Error(Errc::repo_damaged, fmt::format("{}: the stored leaves give root {}",
                                                          tree.cid().text(), to_hex(found)))
                        .remedy({Remedy::repair_dataset,
                                 "the tree of a protected dataset is restored so"}));
    return {};
}

Result<std::uint64_t> raw_leaves(const codex::Job& job, ByteSource& source,
                                 std::uint64_t block_size_bytes, const LeafVisitor& visit) {
    if (block_size_bytes == 0 || block_size_bytes > codec::kMaxBlockSizeBytes)
        return fail(Errc::size_invalid, "block size {}: must be between 1 and {} bytes",
                    block_size_bytes, codec::kMaxBlockSizeBytes);
    const auto block_size = static_cast<std::size_t>(block_size_bytes);
    const std::uint64_t read_before = source.bytes_read();
    job.expect(source.remaining_bytes());
    std::array<LeafChunk, kLeafChunks> chunks;
    for (LeafChunk& chunk : chunks)
        chunk.buffer = detail::PageBuffer(detail::batch_blocks(block_size) * block_size);

    const auto fill = [&](LeafChunk& chunk) -> Result<bool> {
        CODEX_TRY(got, source.read(chunk.buffer.bytes()));
        CODEX_CHECK(job.go_on());
        chunk.content_bytes = got;
        chunk.cut(block_size);
        return got != 0;
    };
    const auto hash = [&](LeafChunk& chunk) -> Result<void> {
        chunk.leaves.resize(chunk.blocks.size());
        detail::hash_blocks(job.executor(), chunk.blocks, chunk.leaves);
        return {};
    };
    const auto give = [&](LeafChunk& chunk) -> Result<void> {
        job.advance(chunk.content_bytes);
        return visit(chunk.leaves);
    };
    const std::stop_callback wake(job.stop_token(), [&] { source.cancel(); });
    CODEX_CHECK(detail::run_pipeline<LeafChunk>(
        job.executor(), chunks,
        {.fill = fill, .work = hash, .store = give, .interrupt = [&] { source.cancel(); }}));
    return source.bytes_read() - read_before;
}

} // namespace codex::dataset

// put: one buffer is being read while the one before it is hashed over the pool and the one before
// that is written to the repo (detail/pipeline.hpp).
#include "base/checked.hpp"
#include "dataset/dataset.hpp"
#include "dataset/detail/buffer.hpp"
#include "dataset/detail/hash.hpp"
#include "dataset/detail/pipeline.hpp"

#include <algorithm>

namespace codex::dataset {

namespace {

constexpr std::size_t kContentChunks = 3;
/// What takes less time than handing it to other threads.
constexpr std::uint64_t kSmallBytes = std::uint64_t{256} << 10;

struct ContentChunk {
    detail::PageBuffer buffer;
    std::size_t content_bytes = 0; // without the padding of the last block
    std::vector<BytesView> blocks;
    std::vector<Digest> digests;
};

class Put {
public:
    Put(const Job& job, ByteSource& source, repo::DatasetWriter& writer, std::uint32_t block_size)
        : job_(job), source_(source), writer_(writer), block_size_(block_size) {}

    /// Stores the input's blocks; gives its size in bytes. `announced`: what it says that it has.
    Result<std::uint64_t> run(std::uint64_t announced) {
        return announced != 0 && announced <= kSmallBytes ? run_here(announced) : run_beside();
    }

private:
    /// With room for a byte more than was announced, so that one read says that it is the end.
    Result<std::uint64_t> run_here(std::uint64_t announced) {
        ContentChunk chunk;
        const std::uint64_t blocks = std::min<std::uint64_t>(
            div_up(announced + 1, std::uint64_t{block_size_}), detail::batch_blocks(block_size_));
        chunk.buffer = detail::PageBuffer(static_cast<std::size_t>(blocks * block_size_));
        const std::stop_callback wake(job_.stop_token(), [this] { source_.cancel(); });
        for (;;) {
            CODEX_TRY(more, fill(chunk));
            if (!more)
                return size_bytes_;
            CODEX_CHECK(hash(chunk, Executor::caller()));
            CODEX_CHECK(store(chunk));
        }
    }

    Result<std::uint64_t> run_beside() {
        std::array<ContentChunk, kContentChunks> chunks;
        for (ContentChunk& chunk : chunks)
            chunk.buffer = detail::PageBuffer(detail::batch_blocks(block_size_) * block_size_);
        const std::stop_callback wake(job_.stop_token(), [this] { source_.cancel(); });
        CODEX_CHECK(detail::run_pipeline<ContentChunk>(
            job_.executor(), chunks,
            {.fill = [this](ContentChunk& chunk) { return fill(chunk); },
             .work = [this](ContentChunk& chunk) { return hash(chunk, job_.executor()); },
             .store = [this](ContentChunk& chunk) { return store(chunk); },
             .interrupt = [this] { source_.cancel(); }}));
        return size_bytes_;
    }

    Result<bool> fill(ContentChunk& chunk) {
        if (ended_)
            return false;
        const MutableBytes buffer = chunk.buffer.bytes();
        CODEX_TRY(got, source_.read(buffer));
        CODEX_CHECK(job_.go_on());
        ended_ = got < buffer.size();
        // The last block is filled with zeros, and its CID covers them (codex-manifest(5), BLOCKS).
        const std::size_t blocks = div_up(got, block_size_);
        const MutableBytes padding = buffer.first(blocks * block_size_).subspan(got);
        std::fill(padding.begin(), padding.end(), std::uint8_t{0});
        chunk.content_bytes = got;
        chunk.blocks.resize(blocks);
        for (std::size_t i = 0; i < blocks; ++i)
            chunk.blocks[i] = buffer.subspan(i * block_size_, block_size_);
        return got != 0;
    }

    static Result<void> hash(ContentChunk& chunk, Executor& executor) {
        chunk.digests.resize(chunk.blocks.size());
        detail::hash_blocks(executor, chunk.blocks, chunk.digests);
        return {};
    }

    Result<void> store(const ContentChunk& chunk) {
        leaves_.resize(chunk.blocks.size());
        for (std::size_t i = 0; i < leaves_.size(); ++i)
            leaves_[i] = {blocks_ + i, Cid::block(chunk.digests[i]), chunk.blocks[i]};
        CODEX_CHECK(writer_.leaves(leaves_));
        blocks_ += leaves_.size();
        size_bytes_ += chunk.content_bytes;
        job_.advance(chunk.content_bytes);
        return {};
    }

    const Job& job_;
    ByteSource& source_;
    repo::DatasetWriter& writer_;
    std::uint32_t block_size_;
    bool ended_ = false; // of the source, in fill()
    std::vector<repo::LeafInput> leaves_;
    std::uint64_t blocks_ = 0;
    std::uint64_t size_bytes_ = 0;
};

/// Everything of the manifest that is known before the first byte, with a size that stands in.
codec::Manifest draft(const PutOptions& options) {
    codec::Manifest manifest;
    manifest.tree = Cid::sha256(codec::Multicodec::codex_root, Digest{});
    manifest.block_size_bytes = options.block_size_bytes;
    manifest.dataset_size_bytes = 1;
    manifest.filename = options.filename;
    manifest.mimetype = options.mimetype;
    manifest.layout = options.layout;
    return manifest;
}

/// In a group, or alone.
Result<PutResult> put_in(const Job& job, ByteSource& source, const PutOptions& options,
                         repo::DatasetGroup* group) {
    if (options.block_size_bytes == 0 || options.block_size_bytes > codec::kMaxBlockSizeBytes)
        return fail(Errc::size_invalid, "block size {}: must be between 1 and {} bytes",
                    options.block_size_bytes, codec::kMaxBlockSizeBytes);
    codec::Manifest manifest = draft(options);
    CODEX_CHECK(codec::validate(manifest)); // a bad name is refused before gigabytes are read
    CODEX_CHECK(repo::check_label(options.label));

    const std::uint64_t announced = source.remaining_bytes();
    job.expect(announced);
    CODEX_TRY(writer,
              group != nullptr ? job.repo.write_dataset(job, *group) : job.repo.write_dataset(job));
    CODEX_TRY(size, Put(job, source, writer, options.block_size_bytes).run(announced));
    if (size == 0)
        return fail(Error(Errc::dataset_empty, fmt::format("{}: no bytes to store", source.name()))
                        .hint("a dataset has at least one byte"));
    CODEX_TRY(tree, writer.finish_tree());
    manifest.tree = tree;
    manifest.dataset_size_bytes = size;
    CODEX_TRY(encoded, codec::encode_manifest(manifest));
    CODEX_TRY(cid, group != nullptr ? writer.prepare(encoded, options.expiry, options.label)
                                    : writer.commit(encoded, options.expiry, options.label));
    return PutResult{cid, tree, size, manifest.blocks_count(), writer.new_bytes(), announced};
}

} // namespace

Result<PutResult> put(const Job& job, ByteSource& source, const PutOptions& options) {
    return put_in(job, source, options, nullptr);
}

Result<PutResult> put(const Job& job, ByteSource& source, const PutOptions& options,
                      repo::DatasetGroup& group) {
    return put_in(job, source, options, &group);
}

} // namespace codex::dataset

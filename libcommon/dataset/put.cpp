// put: a pipeline of three threads over three buffers. One is being read while the one before it
// is hashed (over the pool) and the one before that is written to the repo.
#include "base/checked.hpp"
#include "dataset/dataset.hpp"
#include "dataset/detail/buffer.hpp"
#include "dataset/detail/channel.hpp"
#include "dataset/detail/hash.hpp"
#include "dataset/detail/input.hpp"

#include <algorithm>
#include <thread>

namespace codex::dataset {

namespace {

constexpr std::size_t kBuffers = 3;

struct Chunk {
    detail::PageBuffer buffer;
    std::size_t content_bytes = 0; // without the padding of the last block
    std::size_t blocks = 0;
    std::vector<BytesView> views;
    std::vector<Digest> digests;
};

class PutPipeline {
public:
    PutPipeline(const Job& job, detail::CancellableInput& input, std::uint32_t block_size)
        : job_(job), input_(input), block_size_(block_size) {
        const std::size_t bytes = detail::batch_blocks(block_size) * block_size;
        for (Chunk& chunk : chunks_) {
            chunk.buffer = detail::PageBuffer(bytes);
            free_.push(&chunk);
        }
    }

    /// Runs to the end of the input; the calling thread is the one that writes.
    [[nodiscard]] Result<std::uint64_t> run(repo::DatasetWriter& writer) {
        std::thread reader([this] { read(); });
        std::thread hasher([this] { hash(); });
        Result<std::uint64_t> size = store(writer);
        if (!size)
            stop();
        reader.join();
        hasher.join();
        if (read_error_)
            return fail(std::move(*read_error_));
        return size;
    }

private:
    void read() {
        while (auto chunk = free_.pop()) {
            auto got = input_.read((*chunk)->buffer.bytes());
            if (!got) {
                // Before the channels: the others look at it only after joining this thread.
                read_error_ = std::move(got).error();
                stop();
                return;
            }
            if (*got == 0)
                break;
            pad(**chunk, *got);
            const bool last = *got < (*chunk)->buffer.bytes().size();
            filled_.push(*chunk);
            if (last)
                break;
        }
        filled_.close();
    }

    /// The last block is filled with zeros, and its CID covers them (spec 01 section 2).
    void pad(Chunk& chunk, std::size_t content_bytes) const {
        chunk.content_bytes = content_bytes;
        chunk.blocks = div_up(content_bytes, block_size_);
        const MutableBytes bytes = chunk.buffer.bytes().first(chunk.blocks * block_size_);
        std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(content_bytes), bytes.end(),
                  std::uint8_t{0});
    }

    void hash() {
        while (auto popped = filled_.pop()) {
            Chunk& chunk = **popped;
            chunk.views.resize(chunk.blocks);
            chunk.digests.resize(chunk.blocks);
            for (std::size_t i = 0; i < chunk.blocks; ++i)
                chunk.views[i] = chunk.buffer.bytes().subspan(i * block_size_, block_size_);
            detail::hash_blocks(*job_.pool, chunk.views, chunk.digests);
            hashed_.push(&chunk);
        }
        hashed_.close();
    }

    Result<std::uint64_t> store(repo::DatasetWriter& writer) {
        std::vector<repo::LeafInput> leaves;
        std::uint64_t blocks = 0;
        std::uint64_t size_bytes = 0;
        while (auto popped = hashed_.pop()) {
            const Chunk& chunk = **popped;
            leaves.resize(chunk.blocks);
            for (std::size_t i = 0; i < chunk.blocks; ++i)
                leaves[i] = {blocks + i, Cid::block(chunk.digests[i]), chunk.views[i]};
            CODEX_CHECK(writer.leaves(leaves));
            blocks += chunk.blocks;
            size_bytes += chunk.content_bytes;
            if (job_.progress != nullptr)
                job_.progress->advance(chunk.content_bytes);
            free_.push(*popped);
        }
        return size_bytes;
    }

    void stop() {
        input_.cancel();
        free_.cancel();
        filled_.cancel();
        hashed_.cancel();
    }

    const Job& job_;
    detail::CancellableInput& input_;
    std::uint32_t block_size_;
    std::array<Chunk, kBuffers> chunks_;
    detail::Channel<Chunk*> free_, filled_, hashed_;
    std::optional<Error> read_error_;
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

} // namespace

Result<PutResult> put(const Job& job, int fd, std::string_view name, const PutOptions& options) {
    if (options.block_size_bytes == 0 || options.block_size_bytes > codec::kMaxBlockSizeBytes)
        return fail(Errc::size_invalid, "block size {}: must be between 1 and {} bytes",
                    options.block_size_bytes, codec::kMaxBlockSizeBytes);
    codec::Manifest manifest = draft(options);
    CODEX_CHECK(codec::validate(manifest)); // a bad name is refused before gigabytes are read

    CODEX_TRY(input, detail::CancellableInput::create(fd, name));
    if (job.progress != nullptr)
        job.progress->total_bytes += input.remaining_bytes();
    CODEX_TRY(writer, job.repo->write_dataset());
    {
        PutPipeline pipeline(job, input, options.block_size_bytes);
        CODEX_TRY(size, pipeline.run(writer));
        manifest.dataset_size_bytes = size;
    }
    if (manifest.dataset_size_bytes == 0)
        return fail(Error(Errc::dataset_empty, fmt::format("{}: no bytes to store", name))
                        .hint("a dataset has at least one byte"));
    CODEX_TRY(tree, writer.finish_tree());
    manifest.tree = tree;
    CODEX_TRY(encoded, codec::encode_manifest(manifest));
    CODEX_TRY(cid, writer.commit(encoded, options.expiry));
    return PutResult{cid, tree, manifest.dataset_size_bytes, manifest.blocks_count(),
                     writer.new_bytes()};
}

} // namespace codex::dataset

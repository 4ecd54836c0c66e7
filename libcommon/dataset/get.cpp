// get: a dataset's content as a stream. Reading and verifying run ahead in a thread of their own
// (detail/block_reader.hpp); this one writes.
#include "base/checked.hpp"
#include "base/counted.hpp"
#include "dataset/dataset.hpp"
#include "dataset/detail/block_reader.hpp"

#include <algorithm>

namespace codex::dataset {

Result<ByteRange> clamp(ByteRange range, std::uint64_t content_bytes) {
    if (range.begin > range.end)
        return fail(Errc::argument_invalid, "byte range {} to {}: ends before it begins",
                    range.begin, range.end);
    if (range.begin != 0 && range.begin >= content_bytes) // all of nothing is nothing
        return fail(Errc::merkle_index, "bytes from {} on: the content has {}", range.begin,
                    counted(content_bytes, "byte"));
    return ByteRange{range.begin, std::min(range.end, content_bytes)};
}

IndexRange blocks_of(const codec::Manifest& manifest, ByteRange range) {
    if (range.begin >= range.end)
        return {};
    const std::uint64_t block_size = manifest.block_size_bytes;
    const std::uint64_t first = range.begin / block_size;
    return {first, div_up(range.end, block_size) - first};
}

Result<GetResult> get(const Job& job, const Cid& manifest, ByteRange range, ByteSink& sink) {
    CODEX_TRY(dataset, job.repo.dataset(manifest));
    CODEX_TRY(wanted, clamp(range, dataset.manifest.content_size_bytes()));
    GetResult result;
    if (wanted.begin == wanted.end)
        return result;
    job.expect(wanted.end - wanted.begin);

    const std::uint64_t block_size = dataset.manifest.block_size_bytes;
    const IndexRange blocks = blocks_of(dataset.manifest, wanted);
    CODEX_TRY(reader, detail::BlockReader::open(
                          job, std::move(dataset),
                          {.first = blocks.first, .end = blocks.end(), .recover = true}));
    const std::stop_callback wake(job.stop_token(), [&] { sink.cancel(); });
    for (;;) {
        CODEX_TRY(batch, reader->next());
        if (batch == nullptr)
            break;
        const std::uint64_t at = batch->first * block_size; // of the content's first byte
        const BytesView content = batch->content();
        const std::uint64_t begin = std::max(wanted.begin, at);
        const std::uint64_t end = std::min(wanted.end, at + content.size());
        CODEX_CHECK(sink.write(content.subspan(begin - at, end - begin)));
        result.bytes += end - begin;
        job.advance(end - begin);
    }
    CODEX_CHECK(sink.flush());
    result.reconstructed_blocks = reader->reconstructed();
    return result;
}

} // namespace codex::dataset

// CAR v1 archives out (the way in: import_car.cpp).
#include "codec/car.hpp"
#include "dataset/dataset.hpp"
#include "dataset/detail/block_reader.hpp"
#include "dataset/detail/stream.hpp"

namespace codex::dataset {

namespace {

Result<void> write_section(ByteSink& sink, const Cid& cid, BytesView data) {
    CODEX_CHECK(sink.write(codec::encode_car_section_prefix(cid, data.size())));
    return sink.write(data);
}

Result<void> write_dataset(const Job& job, repo::DatasetInfo dataset, ByteSink& sink) {
    CODEX_CHECK(write_section(sink, dataset.cid, dataset.manifest_bytes));
    const std::uint64_t blocks = dataset.manifest.blocks_count();
    CODEX_TRY(reader, detail::BlockReader::open(job, std::move(dataset),
                                                {.first = 0, .end = blocks, .recover = false}));
    for (;;) {
        CODEX_TRY(batch, reader->next());
        if (batch == nullptr)
            return {};
        for (const BlockRead& block : batch->blocks)
            CODEX_CHECK(write_section(sink, block.cid, block.buffer.first(block.size)));
        job.advance(batch->content().size());
    }
}

} // namespace

Result<void> export_car(const Job& job, std::span<const Cid> manifests, ByteSink& sink, bool zstd) {
    if (manifests.size() > codec::kMaxCarRoots)
        return fail(Error(Errc::limit_exceeded,
                          fmt::format("{} datasets in one archive, at most {} are possible",
                                      manifests.size(), codec::kMaxCarRoots))
                        .hint("export them in several archives"));
    // All are looked up before a byte is written.
    std::vector<repo::DatasetInfo> datasets;
    for (const Cid& manifest : manifests) {
        CODEX_TRY(dataset, job.repo.dataset(manifest));
        job.expect(dataset.manifest.blocks_count() * dataset.manifest.block_size_bytes);
        datasets.push_back(std::move(dataset));
    }
    const auto archive =
        zstd ? detail::zstd_sink(sink, job.executor().size()) : detail::gathering_sink(sink);
    const std::stop_callback wake(job.stop_token(), [&] { sink.cancel(); });
    CODEX_CHECK(archive->write(codec::encode_car_header(manifests)));
    for (repo::DatasetInfo& dataset : datasets)
        CODEX_CHECK(write_dataset(job, std::move(dataset), *archive));
    return archive->flush();
}

} // namespace codex::dataset

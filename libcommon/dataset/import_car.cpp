// CAR v1 archives in: sections are read and cut up, compared with their CIDs over the pool, and
// stored, one batch each at a time (detail/pipeline.hpp).
#include "dataset/dataset.hpp"
#include "dataset/detail/car_reader.hpp"
#include "dataset/detail/hash.hpp"
#include "dataset/detail/held_blocks.hpp"
#include "dataset/detail/pipeline.hpp"
#include "dataset/detail/repetition.hpp"

#include <unordered_set>

namespace codex::dataset {

namespace {

using detail::CarSection;
using detail::Repetition;

constexpr std::size_t kBuffers = 3;

struct Batch : detail::CarBatch {
    std::vector<BytesView> views;
    std::vector<Digest> digests;
};

/// The dataset whose blocks are being read.
struct OpenDataset {
    Cid cid;
    Bytes manifest_bytes;
    codec::Manifest manifest;
    repo::DatasetWriter writer;
    std::uint64_t offset = 0; // of the manifest's section
    std::uint64_t leaves = 0; // given to `pending` so far
    std::vector<repo::LeafInput> pending;
};

class CarImport {
public:
    CarImport(const Job& job, ByteSource& source, detail::CarReader& reader, std::uint64_t expiry,
              const std::function<void(const Cid&)>& on_dataset)
        : job_(job), source_(source), reader_(reader), expiry_(expiry), on_dataset_(on_dataset),
          group_(job.repo.dataset_group()) {
        for (const Cid& root : reader.roots())
            if (root.codec() == codec::Multicodec::codex_manifest)
                awaited_.insert(root);
        datasets_ = awaited_;
    }

    Result<ImportReport> run() {
        auto done = take_all();
        auto settled = settle(); // what came before a failure stays
        if (!done)
            return fail(std::move(done).error());
        CODEX_CHECK(std::move(settled));
        return std::move(report_);
    }

private:
    Result<void> take_all() {
        std::array<Batch, kBuffers> batches;
        CODEX_CHECK(
            detail::run_pipeline<Batch>(job_.executor(), batches,
                                        {.fill = [this](Batch& batch) { return fill(batch); },
                                         .work = [this](Batch& batch) { return check(batch); },
                                         .store = [this](Batch& batch) { return store(batch); },
                                         .interrupt = [this] { source_.cancel(); }}));
        CODEX_CHECK(release_held());
        CODEX_CHECK(flush_loose());
        if (open_)
            return fail(cut_short(reader_.offset()));
        if (!awaited_.empty())
            return fail(reader_.invalid(
                reader_.offset(),
                fmt::format("the archive ends without its root {}", awaited_.begin()->text())));
        return {};
    }

    Result<bool> fill(Batch& batch) {
        const std::uint64_t before = source_.bytes_read();
        CODEX_TRY(more, reader_.next(batch));
        job_.advance(source_.bytes_read() - before);
        return more;
    }

    Result<void> check(Batch& batch) const {
        batch.views.clear();
        for (const CarSection& section : batch.sections)
            batch.views.push_back(section.data);
        batch.digests.resize(batch.views.size());
        detail::hash_blocks(job_.executor(), batch.views, batch.digests);
        for (std::size_t i = 0; i < batch.sections.size(); ++i)
            CODEX_CHECK(check(batch.sections[i], batch.digests[i]));
        return {};
    }

    Result<void> check(const CarSection& section, const Digest& digest) const {
        const Cid& cid = section.cid;
        // An identity CID holds its block itself.
        const bool identity = cid.hash() == codec::HashCodec::identity;
        if (!identity && cid.hash() != codec::HashCodec::sha2_256)
            return fail(Errc::unsupported,
                        "{}: byte {}: block {}: only sha2-256 blocks can be verified",
                        source_.name(), section.offset, cid.text());
        if (equal(cid.digest(), identity ? section.data : BytesView(digest)))
            return {};
        return fail(Error(Errc::block_corrupt,
                          fmt::format("{}: byte {}: block {}: the bytes do not match the CID",
                                      source_.name(), section.offset, cid.text()))
                        .remedy({Remedy::check_input,
                                 "the archive was damaged on the way; make or fetch it again"}));
    }

    Result<void> store(const Batch& batch) {
        for (const CarSection& section : batch.sections) {
            CODEX_CHECK(job_.go_on());
            ++report_.blocks;
            CODEX_CHECK(store(section));
        }
        CODEX_CHECK(flush());  // the views end with the batch
        CODEX_CHECK(settle()); // the next batch may be long in coming
        return flush_loose();
    }

    Result<void> store(const CarSection& section) {
        if (open_ && section.cid == open_->cid)
            return {}; // listed twice
        if (open_)
            return add_leaf(section);
        if (datasets_.contains(section.cid))
            return awaited_.contains(section.cid) ? begin_dataset(section) : repeat(section.cid);
        if (repetition_) {
            CODEX_TRY(taken, repetition_->takes(section.cid));
            if (taken)
                return {};
            repetition_.reset();
        }
        return hold_or_keep(section);
    }

    Result<void> repeat(const Cid& cid) {
        CODEX_CHECK(settle());
        CODEX_TRY(info, job_.repo.dataset(cid));
        CODEX_TRY(tree, job_.repo.tree(info.manifest.tree));
        repetition_.emplace(std::move(tree));
        return {};
    }

    Result<void> begin_dataset(const CarSection& section) {
        repetition_.reset();
        auto manifest = codec::decode_manifest(section.data);
        if (!manifest)
            return fail(std::move(manifest).error().context(fmt::format(
                "{}: byte {}: {}", source_.name(), section.offset, section.cid.text())));
        CODEX_TRY(writer, job_.repo.write_dataset(job_, group_));
        if (const auto order = held_.order_of(*manifest))
            return write_held(section, std::move(writer), *order);
        open_.emplace(OpenDataset{.cid = section.cid,
                                  .manifest_bytes = {section.data.begin(), section.data.end()},
                                  .manifest = std::move(*manifest),
                                  .writer = std::move(writer),
                                  .offset = section.offset,
                                  .pending = {}});
        return {};
    }

    Result<void> add_leaf(const CarSection& section) {
        const std::uint32_t block_size = open_->manifest.block_size_bytes;
        if (section.cid.codec() != codec::Multicodec::codex_block)
            return fail(cut_short(section.offset));
        if (section.data.size() != block_size && !section.cid.is_empty_block())
            return fail(reader_.invalid(
                section.offset, fmt::format("block {} of {} has {} bytes, not {}", open_->leaves,
                                            open_->cid.text(), section.data.size(), block_size)));
        open_->pending.push_back({open_->leaves++, section.cid, section.data});
        return open_->leaves == open_->manifest.blocks_count() ? end_dataset(section.offset)
                                                               : Result<void>();
    }

    Result<void> flush() {
        if (!open_ || open_->pending.empty())
            return {};
        CODEX_CHECK(open_->writer.leaves(open_->pending));
        open_->pending.clear();
        return {};
    }

    Result<void> end_dataset(std::uint64_t offset) {
        CODEX_CHECK(flush());
        CODEX_TRY(tree, open_->writer.finish_tree());
        if (tree != open_->manifest.tree)
            return fail(reader_.invalid(offset, fmt::format("the blocks of {} give the tree {}, "
                                                            "its manifest names {}",
                                                            open_->cid.text(), tree.text(),
                                                            open_->manifest.tree.text())));
        CODEX_CHECK(open_->writer.prepare(open_->manifest_bytes, expiry_));
        const Cid cid = open_->cid;
        open_.reset();
        return prepared(cid);
    }

    /// Stores a dataset whose blocks came before its manifest.
    Result<void> write_held(const CarSection& section, repo::DatasetWriter writer,
                            const detail::LeafOrder& order) {
        std::vector<repo::LeafInput> leaves;
        for (std::uint64_t index = 0; index < order.count; ++index) {
            const Digest& leaf = order.at(index);
            leaves.push_back({index, Cid::block(leaf), held_.data(leaf)});
            if (leaves.size() == detail::kMaxBatchBlocks || index + 1 == order.count) {
                CODEX_CHECK(writer.leaves(leaves));
                leaves.clear();
            }
        }
        CODEX_CHECK(writer.finish_tree());
        CODEX_CHECK(writer.prepare(section.data, expiry_));
        held_.mark_stored(order);
        return prepared(section.cid);
    }

    Result<void> prepared(const Cid& cid) {
        awaited_.erase(cid);
        prepared_.push_back(cid);
        return group_.due() ? settle() : Result<void>();
    }

    /// Commits what is prepared. Gives the first failure.
    Result<void> settle() {
        std::vector<Result<void>> outcomes = group_.commit();
        const std::vector<Cid> cids = std::exchange(prepared_, {});
        Result<void> all;
        for (std::size_t i = 0; i < cids.size(); ++i)
            if (outcomes[i]) {
                report_.datasets.push_back(cids[i]);
                on_dataset_(cids[i]);
            } else if (all) {
                all = std::move(outcomes[i]);
            }
        return all;
    }

    /// A block that does not follow a manifest. While a manifest may still come it waits for it.
    Result<void> hold_or_keep(const CarSection& section) {
        const bool may_be_leaf = section.cid.codec() == codec::Multicodec::codex_block &&
                                 section.cid.hash() == codec::HashCodec::sha2_256;
        if (may_be_leaf && !awaited_.empty()) {
            const Digest digest = section.cid.digest32();
            if (held_.add(digest, section.data))
                return {};
            CODEX_CHECK(release_held());
            if (held_.add(digest, section.data))
                return {};
        }
        // What an identity CID or an empty block holds needs no keeping.
        if (section.cid.hash() != codec::HashCodec::identity && !section.data.empty())
            loose_.push_back({section.cid, section.data});
        return {};
    }

    Result<void> release_held() {
        return held_.drain([this](std::span<const repo::Restored> blocks) {
            report_.loose_blocks += blocks.size();
            return job_.repo.put(blocks, expiry_);
        });
    }

    Result<void> flush_loose() {
        report_.loose_blocks += loose_.size();
        CODEX_CHECK(job_.repo.put(loose_, expiry_));
        loose_.clear();
        return {};
    }

    Error cut_short(std::uint64_t offset) const {
        return reader_
            .invalid(offset, fmt::format("{} (at byte {}) has {} blocks, only {} follow it",
                                         open_->cid.text(), open_->offset,
                                         open_->manifest.blocks_count(), open_->leaves))
            .remedy({Remedy::check_input,
                     "the archive is cut off, or another program wrote its blocks in an order that "
                     "does not tell theirs in the dataset"});
    }

    const Job& job_;
    ByteSource& source_;
    detail::CarReader& reader_;
    std::uint64_t expiry_;
    const std::function<void(const Cid&)>& on_dataset_;
    std::unordered_set<Cid> datasets_; // roots that are codex manifests
    std::unordered_set<Cid> awaited_;  // and those not seen yet
    repo::DatasetGroup group_;
    std::vector<Cid> prepared_; // in it
    std::optional<OpenDataset> open_;
    std::optional<Repetition> repetition_;
    detail::HeldBlocks held_;
    std::vector<repo::Restored> loose_; // of the batch being stored
    ImportReport report_;
};

} // namespace

Result<ImportReport> import_car(const Job& job, ByteSource& source, std::uint64_t expiry,
                                const std::function<void(const Cid&)>& on_dataset) {
    job.expect(source.remaining_bytes());
    const std::stop_callback wake(job.stop_token(), [&] { source.cancel(); });
    // All blocks of the archive, were they new, would have to fit into the repo.
    CODEX_TRY(archive, detail::open_source(source, job.repo.config().quota_bytes));
    CODEX_TRY(reader, detail::CarReader::open(std::move(archive)));
    return CarImport(job, source, reader, expiry, on_dataset).run();
}

} // namespace codex::dataset

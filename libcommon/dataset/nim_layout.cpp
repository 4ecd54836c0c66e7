// The reference node's data directory, in and out (codex-repo(5), FOLDERS OF THE REFERENCE).
#include "dataset/dataset.hpp"
#include "dataset/detail/block_reader.hpp"
#include "dataset/detail/leaf_order.hpp"
#include "dataset/detail/nim_files.hpp"
#include "dataset/detail/nim_writer.hpp"

#include <algorithm>
#include <filesystem>
#include <unordered_map>
#include <unordered_set>

namespace codex::dataset {

namespace {

using detail::Candidate;
using detail::NimFile;
using detail::NimFolder;

/// Files in memory at a time, as long as they are not larger together than the next figure.
constexpr std::size_t kFilesAtOnce = 128;
constexpr std::uint64_t kFileBytesAtOnce = std::uint64_t{16} << 20;
constexpr std::size_t kLeavesAtOnce = 8192;

class NimImport {
public:
    NimImport(const Job& job, const std::string& directory, std::uint64_t expiry)
        : job_(job), directory_(directory), expiry_(expiry) {}

    Result<ImportReport> run(const std::function<void(const Cid&)>& on_dataset) {
        CODEX_CHECK(scan_blocks());
        CODEX_CHECK(scan_manifests());
        for (const NimFile& file : manifests_) {
            CODEX_TRY(done, import_dataset(file));
            if (!done) {
                report_.unordered.push_back(file.cid);
                CODEX_CHECK(job_.repo.put(file.cid, file.data, expiry_));
                continue;
            }
            report_.datasets.push_back(file.cid);
            on_dataset(file.cid);
        }
        CODEX_CHECK(keep_loose_blocks());
        return std::move(report_);
    }

private:
    struct Block {
        Cid cid;
        bool in_dataset = false; // of this import
    };

    Result<void> scan_blocks() {
        CODEX_TRY(listing, list_nim_files(directory_, NimFolder::blocks));
        take_problems(listing.problems);
        return load_in_batches(listing.cids, [this](std::span<const NimFile> files) {
            for (const NimFile& file : files) {
                candidates_.push_back(detail::candidate(file.cid.digest32(), file.data));
                positions_.emplace(file.cid, blocks_.size());
                blocks_.push_back({.cid = file.cid});
            }
            return Result<void>();
        });
    }

    Result<void> scan_manifests() {
        CODEX_TRY(listing, list_nim_files(directory_, NimFolder::manifests));
        take_problems(listing.problems);
        return load_in_batches(listing.cids, [this](std::span<NimFile> files) {
            for (NimFile& file : files) {
                auto manifest = codec::decode_manifest(file.data);
                if (manifest)
                    manifests_.push_back(std::move(file));
                else
                    report_.problems.push_back(std::move(manifest).error().context(
                        detail::nim_path(directory_, file.cid)));
            }
            return Result<void>();
        });
    }

    /// Calls `use` with the files that are what their names say; the others become problems.
    template <class Use> Result<void> load_in_batches(const std::vector<Cid>& cids, Use use) {
        for (std::size_t first = 0; first < cids.size();) {
            CODEX_CHECK(job_.go_on());
            std::vector<NimFile> files;
            std::uint64_t bytes = 0;
            while (first < cids.size() && files.size() < kFilesAtOnce && bytes < kFileBytesAtOnce) {
                std::error_code ignored; // loading says what is wrong with it
                const auto size =
                    std::filesystem::file_size(detail::nim_path(directory_, cids[first]), ignored);
                bytes += ignored ? 0 : size;
                files.emplace_back().cid = cids[first++];
            }
            load_nim_files(job_.executor(), directory_, files);
            std::vector<NimFile> good;
            for (NimFile& file : files) {
                if (file.error)
                    report_.problems.push_back(std::move(*file.error));
                else
                    good.push_back(std::move(file));
            }
            CODEX_CHECK(use(good));
        }
        return {};
    }

    /// False when the order of its leaves is not known.
    Result<bool> import_dataset(const NimFile& file) {
        CODEX_TRY(manifest, codec::decode_manifest(file.data));
        auto tree = job_.repo.tree(manifest.tree);
        if (tree) {
            CODEX_CHECK(give_missing_blocks(*tree));
            CODEX_CHECK(job_.repo.add_manifest(file.cid, file.data, expiry_));
            return true;
        }
        if (tree.error().code() != Errc::block_not_found)
            return fail(std::move(tree).error());
        if (manifest.is_protected())
            return false;
        const auto order = detail::find_leaf_order(manifest, candidates_);
        if (!order)
            return false;
        return write_dataset(file, manifest, *order);
    }

    /// The tree is known here, but some of its blocks may only be in the directory.
    Result<void> give_missing_blocks(const repo::StoredTree& tree) {
        std::vector<Digest> leaves;
        for (std::uint64_t first = 0; first < tree.leaf_count(); first += kFilesAtOnce) {
            CODEX_CHECK(job_.go_on());
            leaves.resize(std::min<std::uint64_t>(kFilesAtOnce, tree.leaf_count() - first));
            CODEX_CHECK(tree.leaves(first, leaves));
            std::vector<Cid> missing;
            for (const Digest& leaf : leaves) {
                const auto known = positions_.find(Cid::block(leaf));
                if (known == positions_.end())
                    continue;
                blocks_[known->second].in_dataset = true;
                CODEX_TRY(present, job_.repo.has(known->first));
                if (!present)
                    missing.push_back(known->first);
            }
            CODEX_CHECK(load_in_batches(missing, [this](std::span<const NimFile> files) {
                report_.blocks += files.size();
                return job_.repo.restore(contents(files));
            }));
        }
        return {};
    }

    Result<bool> write_dataset(const NimFile& file, const codec::Manifest& manifest,
                               const detail::LeafOrder& order) {
        CODEX_TRY(writer, job_.repo.write_dataset(job_));
        for (std::uint64_t index = 0; index < order.count;)
            CODEX_CHECK(write_leaves(writer, order, index));
        CODEX_TRY(tree, writer.finish_tree());
        if (tree != manifest.tree)
            return fail(Errc::internal, "{}: the order found gives another tree", file.cid.text());
        CODEX_CHECK(writer.commit(file.data, expiry_));
        report_.blocks += order.count;
        return true;
    }

    /// Writes some leaves from `index` on, and moves it behind them.
    Result<void> write_leaves(repo::DatasetWriter& writer, const detail::LeafOrder& order,
                              std::uint64_t& index) {
        std::vector<repo::LeafInput> leaves;
        std::vector<NimFile> files;
        std::vector<std::size_t> readers; // files[i] is the content of leaves[readers[i]]
        std::uint64_t bytes = 0;
        for (; index < order.count && files.size() < kFilesAtOnce && bytes < kFileBytesAtOnce &&
               leaves.size() < kLeavesAtOnce;
             ++index) {
            const Cid cid = Cid::block(order.at(index));
            const std::size_t position = positions_.at(cid);
            if (!blocks_[position].in_dataset) { // else the repo has it, or this batch
                blocks_[position].in_dataset = true;
                bytes += candidates_[position].size_bytes;
                readers.push_back(leaves.size());
                files.emplace_back().cid = cid;
            }
            leaves.push_back({index, cid, {}});
        }
        load_nim_files(job_.executor(), directory_, files);
        for (std::size_t i = 0; i < files.size(); ++i) {
            if (files[i].error) // it was right a moment ago
                return fail(std::move(*files[i].error));
            leaves[readers[i]].data = files[i].data;
        }
        return writer.leaves(leaves);
    }

    Result<void> keep_loose_blocks() {
        std::vector<Cid> loose;
        for (const Block& block : blocks_)
            if (!block.in_dataset)
                loose.push_back(block.cid);
        return load_in_batches(loose, [this](std::span<const NimFile> files) {
            report_.loose_blocks += files.size();
            report_.blocks += files.size();
            return job_.repo.put(contents(files), expiry_);
        });
    }

    static std::vector<repo::Restored> contents(std::span<const NimFile> files) {
        std::vector<repo::Restored> blocks;
        for (const NimFile& file : files)
            blocks.push_back({file.cid, file.data});
        return blocks;
    }

    void take_problems(std::vector<Error>& problems) {
        std::move(problems.begin(), problems.end(), std::back_inserter(report_.problems));
    }

    const Job& job_;
    const std::string& directory_;
    std::uint64_t expiry_;
    std::vector<Block> blocks_;
    std::vector<Candidate> candidates_; // same order as blocks_
    std::unordered_map<Cid, std::size_t> positions_;
    std::vector<NimFile> manifests_;
    ImportReport report_;
};

/// The blocks of a dataset that is exported, as far as its order could be found by them.
class OwnBlocks {
public:
    explicit OwnBlocks(const codec::Manifest& manifest)
        : manifest_(manifest), hopeless_(manifest.is_protected() ||
                                         manifest.blocks_count() > detail::kMaxUnlistedLeaves) {}

    void add(const Cid& cid, BytesView data) {
        if (!hopeless_ && known_.insert(cid).second)
            candidates_.push_back(detail::candidate(cid.digest32(), data));
    }
    [[nodiscard]] bool give_the_order() const {
        return !hopeless_ && detail::find_leaf_order(manifest_, candidates_).has_value();
    }

private:
    codec::Manifest manifest_;
    bool hopeless_;
    std::unordered_set<Cid> known_;
    std::vector<Candidate> candidates_;
};

} // namespace

Result<ImportReport> import_nim(const Job& job, const std::string& directory, std::uint64_t expiry,
                                const std::function<void(const Cid&)>& on_dataset) {
    return NimImport(job, directory, expiry).run(on_dataset);
}

Result<std::uint64_t> export_nim(const Job& job, std::span<const Cid> manifests,
                                 const std::string& directory,
                                 const std::function<void(const Cid&)>& on_unordered) {
    detail::NimWriter writer(job.executor(), directory);
    for (const Cid& manifest : manifests) {
        CODEX_TRY(dataset, job.repo.dataset(manifest));
        const Bytes manifest_bytes = dataset.manifest_bytes;
        const std::uint64_t blocks = dataset.manifest.blocks_count();
        OwnBlocks own(dataset.manifest);
        CODEX_TRY(reader,
                  detail::BlockReader::open(job, std::move(dataset), {.first = 0, .end = blocks}));
        for (;;) {
            CODEX_TRY(batch, reader->next());
            if (batch == nullptr)
                break;
            std::vector<detail::NimWriter::File> files;
            for (const BlockRead& block : batch->blocks)
                if (!block.cid.is_empty_block()) {
                    files.push_back({block.cid, block.buffer.first(block.size)});
                    if (on_unordered)
                        own.add(block.cid, block.buffer.first(block.size));
                }
            CODEX_CHECK(writer.write(files));
        }
        // The manifest comes last: a node that finds it finds all blocks.
        const detail::NimWriter::File file{manifest, manifest_bytes};
        CODEX_CHECK(writer.write({&file, 1}));
        if (on_unordered && blocks != 0 && !own.give_the_order())
            on_unordered(manifest);
    }
    CODEX_CHECK(writer.finish());
    return writer.files();
}

} // namespace codex::dataset

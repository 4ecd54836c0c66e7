// encode and decode: from a plain dataset to a protected one and back (codex-erasure(5), PROTECTED
// DATASETS).
#include "codec/log_value.hpp"
#include "crypto/hash/sha256.hpp"
#include "dataset/dataset.hpp"
#include "dataset/detail/damage.hpp"
#include "dataset/detail/strip.hpp"
#include "erasure/code.hpp"

#include <algorithm>

namespace codex::dataset {

using erasure::Code;
using erasure::Layout;

namespace {

/// The dataset to be coded.
Result<repo::DatasetInfo> plain_dataset(const Job& job, const Cid& cid) {
    CODEX_TRY(info, job.repo.dataset(cid));
    if (info.manifest.is_protected())
        return fail(Error(Errc::unsupported, "is protected already")
                        .remedy({Remedy::decode_dataset,
                                 "make the plain dataset, which can be encoded anew"}));
    return info;
}

Error unreadable(const BlockRead& block, std::uint64_t index) {
    const bool missing = block.state == BlockRead::State::missing;
    return Error(Errc::dataset_damaged, fmt::format("block {} ({}) is {}", index, block.cid.text(),
                                                    missing ? "missing" : "damaged"))
        .remedy({Remedy::put_dataset, "put or import the dataset again, then encode it"});
}

/// The data leaves of a strip, pinned by their CIDs, and its parity leaves.
Result<void> write_strip(repo::DatasetWriter& writer, const Layout& layout,
                         const detail::Strip& strip) {
    std::vector<repo::LeafInput> leaves;
    leaves.reserve(strip.data.size() + strip.parity.size());
    for (std::size_t i = 0; i < strip.data.size(); ++i) {
        const auto row = static_cast<std::uint32_t>(i / strip.width);
        const std::uint64_t index = layout.index(strip.first + i % strip.width, row);
        if (strip.data[i].state != BlockRead::State::ok)
            return fail(unreadable(strip.data[i], index));
        leaves.push_back({index, strip.data[i].cid, {}});
    }
    for (std::size_t i = 0; i < strip.parity.size(); ++i) {
        const auto row = static_cast<std::uint32_t>(i / strip.width);
        const std::uint64_t index = layout.index(strip.first + i % strip.width, layout.k() + row);
        leaves.push_back({index, Cid::block(strip.digests[i]), strip.parity[i]});
    }
    return writer.leaves(leaves);
}

codec::Manifest protected_manifest(const codec::Manifest& plain, const Layout& layout,
                                   const Cid& tree) {
    codec::Manifest manifest = plain;
    manifest.tree = tree;
    manifest.dataset_size_bytes = layout.total_blocks() * plain.block_size_bytes;
    // Only the classic layout has erasure information (codex-manifest(5), THE LAYOUT OF 2026).
    manifest.layout = codec::ManifestLayout::classic;
    manifest.erasure.emplace();
    manifest.erasure->k = layout.k();
    manifest.erasure->m = layout.m();
    manifest.erasure->original_tree = plain.tree;
    manifest.erasure->original_size_bytes = plain.dataset_size_bytes;
    return manifest;
}

/// What the dataset of that manifest, made of `from`, is to be called.
Result<std::string> label_for(const Job& job, BytesView manifest_bytes,
                              const repo::DatasetInfo& from) {
    return job.repo.inherited_label(
        Cid::sha256(codec::Multicodec::codex_manifest, crypto::sha256(manifest_bytes)), from);
}

/// Stores the plain dataset of a protected one, all blocks of which are here.
Result<Cid> write_plain(const Job& job, const repo::DatasetInfo& info,
                        const detail::LeafReader& leaves, std::uint64_t count,
                        std::uint64_t expiry) {
    CODEX_TRY(writer, job.repo.write_dataset(job));
    std::vector<repo::LeafInput> batch;
    CODEX_CHECK(detail::for_each_piece(job, leaves, count,
                                       [&](std::uint64_t first, std::span<const Digest> piece) {
                                           batch.clear();
                                           for (const Digest& leaf : piece)
                                               batch.push_back({first++, Cid::block(leaf), {}});
                                           return writer.leaves(batch);
                                       }));
    CODEX_CHECK(writer.finish_tree());
    CODEX_TRY(bytes, codec::encode_manifest(info.manifest.plain()));
    CODEX_TRY(label, label_for(job, bytes, info));
    return writer.commit(bytes, expiry, label);
}

} // namespace

Result<Cid> encode(const Job& job, const Cid& plain, const erasure::Shape& shape,
                   std::optional<std::uint64_t> expiry) {
    CODEX_TRY(info, plain_dataset(job, plain));
    const codec::Manifest& manifest = info.manifest;
    CODEX_TRY(layout, Layout::create(manifest.blocks_count(), shape, manifest.block_size_bytes));
    const Code code(shape);
    CODEX_TRY(tree, job.repo.tree(manifest.tree));
    CODEX_CHECK(detail::check_leaf_count(tree, manifest.blocks_count()));
    CODEX_TRY(untrusted, tree.check(job));
    if (!untrusted.empty())
        return fail(
            Error(Errc::dataset_damaged, "its tree record is damaged")
                .remedy({Remedy::put_dataset, "put or import the dataset again, then encode it"}));
    job.expect(layout.rounded() * manifest.block_size_bytes);
    job.repo.log()
        .with_topics("codex erasure")
        .debug("Erasure coding data", {{"manifestCid", plain},
                                       {"ecK", layout.k()},
                                       {"ecM", layout.m()},
                                       {"steps", layout.steps}});

    CODEX_TRY(writer, job.repo.write_dataset(job));
    detail::StripCoder coder(job, layout, code, tree, manifest.block_size_bytes);
    CODEX_CHECK(
        coder.run([&](const detail::Strip& strip) { return write_strip(writer, layout, strip); }));
    CODEX_TRY(protected_tree, writer.finish_tree());
    CODEX_TRY(bytes, codec::encode_manifest(protected_manifest(manifest, layout, protected_tree)));
    CODEX_TRY(label, label_for(job, bytes, info));
    return writer.commit(bytes, expiry.value_or(info.expiry), label);
}

Result<Cid> decode(const Job& job, const Cid& protected_dataset,
                   std::optional<std::uint64_t> expiry) {
    CODEX_TRY(info, job.repo.dataset(protected_dataset));
    if (!info.manifest.is_protected())
        return fail(Error(Errc::manifest_invalid, "the dataset is plain, not protected")
                        .remedy({Remedy::get_dataset, "there is nothing to decode; get it"}));
    CODEX_TRY(columns, detail::Columns::open(job, info.manifest));
    const Layout& layout = columns.layout();
    const detail::LeafReader leaves = detail::reader_of(columns.tree());
    const std::uint64_t count = layout.original_blocks;
    CODEX_TRY(original_tree, detail::tree_cid(job, leaves, count));
    if (original_tree != info.manifest.erasure->original_tree)
        return fail(
            Error(Errc::dataset_damaged,
                  fmt::format("its data leaves give the tree {} instead of {}",
                              original_tree.text(), info.manifest.erasure->original_tree.text()))
                .remedy({Remedy::repair_dataset, "rebuild its damaged tree record"}));

    job.expect(count * columns.block_size_bytes());
    const Job here(job.repo, job); // wherever the others are read, the repo is to have all data
    CODEX_TRY(damage,
              detail::find_damage(here, leaves, count, info.manifest.block_size_bytes, true));
    CODEX_TRY(restored, detail::restore_blocks(job, columns, damage.all(), {}));
    if (!restored.lost.empty()) {
        // Only data was looked at so far; how much a column lost includes its parity.
        CODEX_TRY(state, health({job.repo, job.uncounted()}, protected_dataset, true));
        std::vector<std::uint64_t> lost = detail::Damage{state.missing, state.damaged}.all();
        std::vector<bool> beyond(layout.steps);
        for (const std::uint64_t index : restored.lost)
            beyond[layout.column(index)] = true;
        std::erase_if(lost, [&](std::uint64_t index) { return !beyond[layout.column(index)]; });
        return fail(unrepairable(layout, lost));
    }
    CODEX_TRY(cid, write_plain(job, info, leaves, count, expiry.value_or(info.expiry)));
    CODEX_CHECK(detail::mend_tree(job, original_tree, leaves, count));
    return cid;
}

} // namespace codex::dataset

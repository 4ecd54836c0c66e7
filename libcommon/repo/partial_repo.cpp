// Partial datasets, and their trees, as a repo shows them.
#include "repo/index/labels.hpp"
#include "repo/index/not_here.hpp"
#include "repo/partial_impl.hpp"

#include <fcntl.h>

namespace codex::repo {

using namespace detail;

PartialTree::PartialTree(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
PartialTree::~PartialTree() = default;
PartialTree::PartialTree(PartialTree&&) noexcept = default;
PartialTree& PartialTree::operator=(PartialTree&&) noexcept = default;

const Cid& PartialTree::cid() const {
    return impl_->tree;
}
const Cid& PartialTree::manifest() const {
    return impl_->manifest;
}
std::uint64_t PartialTree::leaf_count() const {
    return impl_->shape.sizes()[0];
}

Result<IndexSet> PartialTree::present() const {
    CODEX_TRY(txn, impl_->repo->store->env().read());
    CODEX_TRY(entry, find_partial(txn, impl_->manifest));
    if (entry && entry->id == impl_->id)
        return held_leaves(txn, *entry);
    CODEX_TRY(dataset, find_dataset(txn, impl_->manifest));
    if (dataset)
        return IndexSet({0, leaf_count()});
    return fail(not_here(Errc::dataset_not_found, "dataset", impl_->manifest, *impl_->repo->store));
}

Result<Digest> PartialTree::leaf(std::uint64_t index) const {
    if (index >= leaf_count())
        return fail(Errc::merkle_index, "tree {}: no leaf {}", impl_->tree.text(), index);
    Digest digest{};
    CODEX_CHECK(impl_->file.read(index, {&digest, 1}));
    if (digest == Digest{})
        return fail(Errc::block_not_found, "tree {}: leaf {} is not here", impl_->tree.text(),
                    index);
    return digest;
}

Result<void> PartialTree::leaves(std::uint64_t first, std::span<Digest> out) const {
    if (first > leaf_count() || out.size() > leaf_count() - first)
        return fail(Errc::merkle_index, "tree {}: no leaves {} to {}", impl_->tree.text(), first,
                    first + out.size());
    return impl_->file.read(first, out);
}

Result<merkle::Proof> PartialTree::proof(std::uint64_t index) const {
    CODEX_TRY(digest, leaf(index));
    const auto node = [this](std::size_t layer, std::uint64_t at) -> Result<Digest> {
        Digest read{};
        CODEX_CHECK(impl_->file.read(impl_->shape.at(layer, at), {&read, 1}));
        return read;
    };
    const merkle::TreeHash& hash = merkle::sha256_tree();
    CODEX_TRY(proof, merkle::make_proof(hash.codec(), leaf_count(), index, node));
    if (!merkle::verify(hash, proof, digest, impl_->tree.digest32()))
        return fail(Error(Errc::repo_damaged,
                          fmt::format("tree {}: damaged near leaf {}", impl_->tree.text(), index))
                        .remedy(Remedy(Remedy::fetch_dataset,
                                       "fetch it again, which brings anew what cannot be proved")
                                    .of(impl_->manifest.text())));
    return proof;
}

Result<std::vector<std::optional<merkle::ProvedLeaf>>>
PartialTree::proved(std::uint64_t first, std::size_t count) const {
    return merkle::proved_leaves(
        merkle::sha256_tree(), impl_->tree.digest32(), leaf_count(), first, count,
        [this](std::size_t layer, std::uint64_t at, std::span<Digest> out) {
            return impl_->file.read(impl_->shape.at(layer, at), out);
        });
}

namespace {

Result<PartialInfo> info_of(const Session& session, const Cid& cid, const PartialEntry& entry,
                            std::string label) {
    CODEX_TRY(bytes, partial_manifest(session, cid, entry));
    CODEX_TRY(manifest, codec::decode_manifest(bytes));
    return PartialInfo{
        {cid, std::move(bytes), std::move(manifest), entry.added, entry.expiry, std::move(label)},
        entry.held};
}

} // namespace

Result<PartialTree> Repo::partial_tree(const Cid& cid) const {
    CODEX_TRY(txn, impl_->store->env().read());
    std::vector<Cid> manifests{cid};
    if (cid.codec() != codec::Multicodec::codex_manifest) {
        CODEX_SET(manifests, partials_over(txn, cid));
    }
    std::optional<std::pair<Cid, PartialEntry>> most;
    for (const Cid& manifest : manifests) {
        CODEX_TRY(entry, find_partial(txn, manifest));
        if (entry && (!most || entry->held > most->second.held))
            most.emplace(manifest, *entry);
    }
    if (!most)
        return fail(not_here(Errc::block_not_found, "tree", cid, *impl_->store));
    const auto& [manifest, entry] = *most;
    auto file =
        open_partial_file(*impl_->store, entry.id, impl_->options.read_only ? O_RDONLY : O_RDWR);
    if (!file && file.error().code() == Errc::not_found)
        return fail(
            Error(Errc::repo_damaged,
                  fmt::format("dataset {}: the file with the tree of what is here is missing",
                              manifest.text()))
                .remedy(Remedy(Remedy::remove_datasets, "remove what is here of it")
                            .of(manifest.text()))
                .remedy(Remedy(Remedy::fetch_dataset, "then fetch it again").of(manifest.text())));
    if (!file)
        return fail(std::move(file).error());
    return PartialTree(std::make_shared<PartialTree::Impl>(PartialTree::Impl{
        impl_, manifest, entry.tree, entry.id, TreeShape(entry.leaf_count), std::move(*file)}));
}

Result<PartialInfo> Repo::partial(const Cid& manifest) const {
    std::optional<PartialEntry> entry;
    std::string label;
    {
        CODEX_TRY(txn, impl_->store->env().read());
        CODEX_SET(entry, find_partial(txn, manifest));
        CODEX_SET(label, find_label(txn, manifest));
    }
    if (!entry)
        return fail(not_here(Errc::dataset_not_found, "partial dataset", manifest, *impl_->store)
                        .remedy(Remedy::list_datasets));
    return info_of(impl_->session(), manifest, *entry, std::move(label));
}

Result<void> Repo::for_each_partial(const std::function<bool(const PartialInfo&)>& visit) const {
    constexpr std::size_t kStep = 64;
    struct Found {
        Cid cid;
        PartialEntry entry;
        std::string label;
    };
    Bytes from;
    for (std::vector<Found> step;; step.clear()) {
        {
            CODEX_TRY(txn, impl_->store->env().read());
            CODEX_CHECK(detail::for_each_partial(
                txn, from, [&](const Cid& cid, PartialEntry entry) -> Result<bool> {
                    CODEX_TRY(label, find_label(txn, cid));
                    step.push_back({cid, std::move(entry), std::move(label)});
                    return step.size() < kStep;
                }));
        }
        for (Found& found : step) {
            CODEX_TRY(info,
                      info_of(impl_->session(), found.cid, found.entry, std::move(found.label)));
            if (!visit(info))
                return {};
        }
        if (step.size() < kStep)
            return {};
        const BytesView last = step.back().cid.bytes();
        from.assign(last.begin(), last.end());
        from.push_back(0); // the smallest key after it
    }
}

} // namespace codex::repo

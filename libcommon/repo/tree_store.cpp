#include "repo/index/not_here.hpp"
#include "repo/index/repo_impl.hpp"
#include "repo/segments/spool.hpp"
#include "repo/segments/tree_file.hpp"

#include <algorithm>
#include <mutex>

namespace codex::repo {

using namespace detail;

struct StoredTree::Impl {
    std::shared_ptr<Repo::Impl> repo;
    Cid cid;
    std::uint64_t leaf_count = 0;
    std::vector<std::uint64_t> layer_sizes;
    std::vector<std::uint64_t> layer_starts;
    mutable std::mutex mutex; // where the record is may change under concurrent readers
    mutable Extent extent;

    [[nodiscard]] Result<void> require_leaves(std::uint64_t first, std::size_t count) const {
        if (first > leaf_count || count > leaf_count - first)
            return fail(Errc::merkle_index, "tree {}: leaves {} to {} of {}", cid.text(), first,
                        first + count, leaf_count);
        return {};
    }
    [[nodiscard]] Result<void> read(std::uint64_t first, std::span<Digest> out,
                                    TreeReader reader = read_tree_at) const {
        Extent at;
        {
            const std::lock_guard lock(mutex);
            at = extent;
        }
        CODEX_CHECK(read_tree(repo->session(), cid, at, first, out, reader));
        const std::lock_guard lock(mutex);
        extent = at;
        return {};
    }
};

StoredTree::StoredTree(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StoredTree::~StoredTree() = default;
StoredTree::StoredTree(StoredTree&&) noexcept = default;
StoredTree& StoredTree::operator=(StoredTree&&) noexcept = default;

const Cid& StoredTree::cid() const {
    return impl_->cid;
}
std::uint64_t StoredTree::leaf_count() const {
    return impl_->leaf_count;
}

Result<void> StoredTree::leaves(std::uint64_t first, std::span<Digest> out) const {
    CODEX_CHECK(impl_->require_leaves(first, out.size()));
    return out.empty() ? Result<void>() : impl_->read(first, out);
}

Result<void> StoredTree::salvage(std::uint64_t first, std::span<Digest> out) const {
    CODEX_CHECK(impl_->require_leaves(first, out.size()));
    return out.empty() ? Result<void>() : impl_->read(first, out, salvage_tree_at);
}

Result<Digest> StoredTree::node(std::size_t layer, std::uint64_t index) const {
    if (layer >= impl_->layer_sizes.size() || index >= impl_->layer_sizes[layer])
        return fail(Errc::merkle_index, "tree {}: no node {} in layer {}", impl_->cid.text(), index,
                    layer);
    Digest digest{};
    CODEX_CHECK(impl_->read(impl_->layer_starts[layer] + index, std::span(&digest, 1)));
    return digest;
}

Result<merkle::Proof> StoredTree::proof(std::uint64_t index) const {
    const merkle::TreeHash& hash = tree_hash(impl_->cid);
    CODEX_TRY(proof, merkle::make_proof(
                         hash.codec(), impl_->leaf_count, index,
                         [this](std::size_t layer, std::uint64_t at) { return node(layer, at); }));
    CODEX_TRY(leaf, node(0, index));
    if (!merkle::verify(hash, proof, leaf, impl_->cid.digest32()))
        return fail(Error(Errc::repo_damaged,
                          fmt::format("tree {}: damaged near leaf {}", impl_->cid.text(), index))
                        .remedy(impl_->cid.codec() == codec::Multicodec::codex_slot_root
                                    ? Remedy::recompute_slots
                                    : Remedy::repair_dataset));
    return proof;
}

Result<std::vector<std::optional<merkle::ProvedLeaf>>> StoredTree::proved(std::uint64_t first,
                                                                          std::size_t count) const {
    CODEX_CHECK(impl_->require_leaves(first, count));
    return merkle::proved_leaves(
        tree_hash(impl_->cid), impl_->cid.digest32(), impl_->leaf_count, first, count,
        [this](std::size_t layer, std::uint64_t at, std::span<Digest> out) {
            return impl_->read(impl_->layer_starts[layer] + at, out);
        });
}

Result<std::vector<std::uint64_t>> StoredTree::check(const Job& job) const {
    return untrusted_leaves(impl_->cid, impl_->leaf_count,
                            [&](std::uint64_t first, std::span<Digest> out) -> Result<void> {
                                CODEX_CHECK(job.go_on());
                                return impl_->read(first, out, salvage_tree_at);
                            });
}

Result<bool> StoredTree::header_is_good() const {
    const Session session = impl_->repo->session();
    for (int pass = 0;; ++pass) {
        CODEX_TRY(txn, session.store->env().read());
        CODEX_TRY(entry, find_tree(txn, impl_->cid));
        if (!entry)
            return true; // removed meanwhile
        CODEX_TRY(good, tree_header_is_good(session, impl_->cid, entry->extent, entry->leaf_count));
        if (good || pass == 2) // again when gc moved it under us
            return good;
        session.store->segments().forget(entry->extent.segment);
    }
}

Result<StoredTree> Repo::tree(const Cid& tree) const {
    CODEX_TRY(txn, impl_->store->env().read());
    CODEX_TRY(entry, find_tree(txn, tree));
    if (!entry)
        return fail(not_here(Errc::block_not_found, "tree", tree, *impl_->store)
                        .remedy({Remedy::list_datasets,
                                 "a tree is here for as long as a dataset over it; list them"}));
    auto stored = std::make_unique<StoredTree::Impl>();
    stored->repo = impl_;
    stored->cid = tree;
    stored->leaf_count = entry->leaf_count;
    stored->extent = entry->extent;
    stored->layer_sizes = merkle::layer_sizes(entry->leaf_count);
    std::uint64_t start = 0;
    for (const std::uint64_t size : stored->layer_sizes) {
        stored->layer_starts.push_back(start);
        start += size;
    }
    return StoredTree(std::move(stored));
}

Result<bool> detail::same_tree(const Session& session, const Cid& tree, const Extent& extent,
                               std::uint64_t leaf_count, const Spool& spool) {
    constexpr std::uint64_t kPiece = 4096;
    std::vector<Digest> stored(kPiece);
    std::vector<Digest> wanted(kPiece);
    const std::uint64_t nodes = merkle::node_count(leaf_count);
    CODEX_TRY(header, tree_header_is_good(session, tree, extent, leaf_count));
    if (!header)
        return false;
    for (std::uint64_t at = 0; at < nodes; at += kPiece) {
        const std::uint64_t count = std::min(kPiece, nodes - at);
        const auto left = std::span(stored).first(count);
        const auto right = std::span(wanted).first(count);
        auto read = salvage_tree_at(session, tree, extent, at, left);
        if (!read && read.error().code() == Errc::not_found)
            return false;
        CODEX_CHECK(std::move(read));
        CODEX_CHECK(spool.read(at, right));
        if (!std::ranges::equal(left, right))
            return false;
    }
    return true;
}

Result<void> detail::replace_tree(const Session& session, const Cid& tree, std::uint64_t leaf_count,
                                  const Spool& spool) {
    CODEX_TRY(lease, session.store->segments().acquire(session.sync));
    CODEX_TRY(extent, append_tree(*lease, tree, leaf_count, spool));
    if (session.sync)
        CODEX_CHECK(lease->sync());
    CODEX_TRY(ledger, session.ledger());
    CODEX_TRY(entry, ledger.tree(tree));
    if (!entry)
        return fail(not_here(Errc::block_not_found, "tree", tree, *session.store));
    CODEX_CHECK(ledger.end_live(entry->extent, tree_record_bytes(tree, entry->leaf_count)));
    entry->extent = extent;
    entry->leaf_count = leaf_count;
    ledger.add_live(extent, tree_record_bytes(tree, entry->leaf_count));
    CODEX_CHECK(ledger.put_tree(tree, *entry));
    ledger.commit_segment(lease->id(), lease->end(), session.sync);
    return ledger.commit();
}

Result<void> Repo::restore_tree(const Cid& tree, std::uint64_t leaf_count, const LeafReader& read,
                                const Job& job) {
    constexpr std::uint64_t kPiece = 16384;
    CODEX_CHECK(impl_->require_writable());
    if (leaf_count == 0)
        return fail(Errc::merkle_invalid, "tree {}: no leaves given", tree.text());
    Spool spool = make_spool(path(), impl_->store->limits());
    std::vector<Digest> piece;
    for (std::uint64_t at = 0; at < leaf_count; at += piece.size()) {
        piece.resize(static_cast<std::size_t>(std::min(kPiece, leaf_count - at)));
        CODEX_CHECK(job.go_on());
        CODEX_CHECK(read(at, piece));
        CODEX_CHECK(spool.write(at, piece));
    }
    CODEX_TRY(root, build_layers(spool, leaf_count, tree_hash(tree), job));
    if (!equal(root, tree.digest()))
        return fail(Errc::merkle_invalid, "tree {}: these leaves have another root", tree.text());
    return replace_tree(impl_->session(job), tree, leaf_count, spool);
}

Result<void> Repo::restore_tree(const Cid& tree, std::span<const Digest> leaves, const Job& job) {
    const auto read = [leaves](std::uint64_t first, std::span<Digest> out) {
        std::ranges::copy(leaves.subspan(static_cast<std::size_t>(first), out.size()), out.begin());
        return Result<void>();
    };
    return restore_tree(tree, leaves.size(), read, job);
}

} // namespace codex::repo

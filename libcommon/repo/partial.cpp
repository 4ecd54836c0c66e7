// Leaves on their way into a partial dataset.
#include "repo/partial.hpp"

#include "repo/partial_impl.hpp"

#include <algorithm>

namespace codex::repo {

using namespace detail;

namespace {

Result<void> check_block(const VerifiedLeaf& leaf) {
    const Cid& cid = leaf.cid;
    if (cid.version() != 1 || cid.codec() != codec::Multicodec::codex_block ||
        cid.hash() != codec::HashCodec::sha2_256 || cid.digest().size() != sizeof(Digest))
        return fail(Errc::cid_wrong_codec, "{}: a leaf is a codex-block with SHA-256", cid.text());
    if (leaf.data.size() > codec::kMaxBlockSizeBytes || leaf.data.empty() != cid.is_empty_block())
        return fail(Errc::limit_exceeded, "block {}: {} bytes are not its", cid.text(),
                    leaf.data.size());
    return {};
}

} // namespace

PartialDataset::PartialDataset(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PartialDataset::~PartialDataset() = default;
PartialDataset::PartialDataset(PartialDataset&&) noexcept = default;
PartialDataset& PartialDataset::operator=(PartialDataset&&) noexcept = default;

const Cid& PartialDataset::cid() const {
    return impl_->cid;
}
const codec::Manifest& PartialDataset::manifest() const {
    return impl_->manifest;
}
std::uint64_t PartialDataset::leaf_count() const {
    return impl_->leaf_count();
}
bool PartialDataset::complete() const {
    return impl_->complete;
}
const PartialTree* PartialDataset::tree() const {
    return impl_->tree ? &*impl_->tree : nullptr;
}
Result<IndexSet> PartialDataset::present() const {
    if (impl_->complete)
        return IndexSet({0, leaf_count()});
    return impl_->tree->present();
}
std::optional<Clock::Instant> PartialDataset::commit_by() const {
    if (impl_->current.leaves.empty())
        return std::nullopt;
    return impl_->current.since +
           std::chrono::milliseconds(impl_->repo->store->limits().partial_ms);
}
Result<void> PartialDataset::commit() {
    return impl_->commit();
}

// --- taking leaves ------------------------------------------------------------------------------

/// An empty batch, which goes on in the segment of the one before.
void PartialDataset::Impl::renew(SegmentLease lease) {
    current = {};
    current.batch = std::make_unique<Batch>(session, std::move(lease));
}

/// It was not committed: its leaves may come again.
void PartialDataset::Impl::forget(const Staged& staged) {
    for (const HeldLeaf& leaf : staged.leaves)
        have.erase(leaf.index);
}

/// Those that are not here yet, each once, and the nodes they prove.
Result<std::vector<const VerifiedLeaf*>>
PartialDataset::Impl::look_at(std::span<const VerifiedLeaf> batch, std::vector<PlacedNode>& nodes) {
    std::vector<const VerifiedLeaf*> fresh;
    IndexSet seen;
    const Digest root = manifest.tree.digest32();
    for (const VerifiedLeaf& leaf : batch) {
        const merkle::Proof& proof = *leaf.proof;
        if (proof.index >= leaf_count() || proof.leaf_count != leaf_count())
            return fail(Errc::merkle_index, "leaf {} of {}: the dataset {} has {}", proof.index,
                        proof.leaf_count, cid.text(), leaf_count());
        CODEX_CHECK(check_block(leaf));
        if (have.contains(proof.index) || !seen.insert(proof.index))
            continue;
        if (auto proved = add_proved(shape, root, proof, leaf.cid.digest32(), nodes); !proved)
            return fail(std::move(proved).error().context(fmt::format("leaf {}", proof.index)));
        fresh.push_back(&leaf);
    }
    return fresh;
}

Result<void> PartialDataset::Impl::stage(const std::vector<const VerifiedLeaf*>& fresh) {
    std::vector<StagedBlock> blocks;
    for (const VerifiedLeaf* leaf : fresh)
        if (!leaf->cid.is_empty_block())
            blocks.push_back({leaf->cid, leaf->data});
    auto staged = current.batch->stage(blocks, {in_flight.batch.get()});
    if (!staged && staged.error().code() == Errc::quota_exceeded && in_flight.batch) {
        // The batch in flight may have been counted twice: once it is committed, we know.
        CODEX_CHECK(wait());
        if (complete)
            return {};
        staged = current.batch->stage(blocks);
    }
    CODEX_CHECK(std::move(staged));
    if (current.leaves.empty())
        current.since = repo->store->around().clock.now();
    for (const VerifiedLeaf* leaf : fresh) {
        have.insert(leaf->proof->index);
        current.leaves.push_back({leaf->proof->index, leaf->cid});
        current.bytes += leaf->data.size();
    }
    return {};
}

Result<void> PartialDataset::Impl::spool_leaves(Spool& spool, const LeafReader& leaves,
                                                const Job& job) const {
    std::vector<Digest> piece;
    for (std::uint64_t at = 0; at < leaf_count(); at += piece.size()) {
        CODEX_CHECK(job.go_on());
        piece.resize(static_cast<std::size_t>(std::min(kPieceNodes, leaf_count() - at)));
        CODEX_CHECK(leaves(at, piece));
        CODEX_CHECK(spool.write(at, piece));
    }
    return {};
}

bool PartialDataset::Impl::due() const {
    const Limits& limits = repo->store->limits();
    return current.bytes >= limits.partial_bytes || current.batch->full() ||
           repo->store->around().clock.now() - current.since >=
               std::chrono::milliseconds(limits.partial_ms);
}

Result<std::size_t> PartialDataset::add(std::span<const VerifiedLeaf> batch) {
    Impl& impl = *impl_;
    if (impl.complete)
        return std::size_t{0};
    CODEX_CHECK(impl.require_here());
    CODEX_CHECK(impl.session.job.go_on());
    std::vector<PlacedNode> nodes;
    CODEX_TRY(fresh, impl.look_at(batch, nodes));
    if (fresh.empty())
        return std::size_t{0};
    // First, so that what is staged is never without its nodes.
    CODEX_CHECK(impl.tree->impl_->file.write(std::move(nodes)));
    CODEX_CHECK(impl.stage(fresh));
    if (impl.have.size() == impl.leaf_count())
        CODEX_CHECK(impl.commit());
    else if (!impl.complete && impl.due())
        CODEX_CHECK(impl.flush());
    return fresh.size();
}

Result<bool> PartialDataset::learn_tree(const LeafReader& leaves, const Job& job) {
    Impl& impl = *impl_;
    if (impl.complete)
        return true;
    CODEX_CHECK(impl.require_here());
    Spool spool = make_spool(impl.repo->store->path(), impl.repo->store->limits());
    CODEX_CHECK(impl.spool_leaves(spool, leaves, job));
    CODEX_TRY(root, build_layers(spool, leaf_count(), merkle::sha256_tree(), job));
    if (root != impl.manifest.tree.digest32())
        return false;
    const std::vector<std::uint64_t>& layers = impl.shape.sizes();
    const std::uint64_t nodes = impl.shape.at(layers.size() - 1, layers.back());
    std::vector<Digest> piece;
    for (std::uint64_t at = 0; at < nodes; at += piece.size()) {
        CODEX_CHECK(job.go_on());
        piece.resize(static_cast<std::size_t>(std::min(kPieceNodes, nodes - at)));
        CODEX_CHECK(spool.read(at, piece));
        std::vector<PlacedNode> placed;
        for (const Digest& digest : piece)
            placed.push_back({at + placed.size(), digest});
        CODEX_CHECK(impl.tree->impl_->file.write(std::move(placed)));
    }
    return true;
}

Result<IndexSet> PartialDataset::recheck(const Job& job) {
    Impl& impl = *impl_;
    if (impl.complete)
        return IndexSet();
    CODEX_CHECK(impl.wait());
    CODEX_TRY(held, present());
    PartialFile& file = impl.tree->impl_->file;
    CODEX_TRY(bad,
              unproved_leaves(file, impl.manifest.tree.digest32(), impl.leaf_count(), held, job));
    if (!bad.empty())
        file.distrust();
    impl.have.subtract(bad);
    return bad;
}

} // namespace codex::repo

#include "exchange/detail/goods.hpp"

#include "base/copy_error.hpp"
#include "dataset/dataset.hpp"

#include <algorithm>

namespace codex::exchange::detail {
namespace {

constexpr std::size_t kLookedUp = 1024;

} // namespace

Result<std::vector<Result<void>>> OneBlock::take(std::vector<Came>& batch) {
    std::vector<Result<void>> verdicts;
    for (Came& came : batch) {
        verdicts.push_back(verify_block(cid_, came.cid, came.data));
        if (verdicts.back() && bytes_.empty())
            bytes_.assign(came.data.begin(), came.data.end());
    }
    return verdicts;
}

Leaves::Leaves(repo::Repo& repo, repo::PartialDataset dataset)
    : repo_(repo), dataset_(std::move(dataset)), tree_(dataset_.manifest().tree),
      count_(dataset_.leaf_count()),
      verifier_(tree_, count_, dataset_.manifest().block_size_bytes) {}

BlockAddress Leaves::address(std::uint64_t index) const {
    BlockAddress address;
    address.cid = tree_;
    address.leaf = true;
    address.index = index;
    return address;
}

std::optional<std::uint64_t> Leaves::index(const BlockAddress& address) const {
    return address.leaf && address.index < count_ && address.cid == tree_
               ? std::optional(address.index)
               : std::nullopt;
}

std::string Leaves::name(std::uint64_t index) const {
    return fmt::format("block {} of {}", index, tree_.text());
}

Result<std::vector<Result<void>>> Leaves::take(std::vector<Came>& batch) {
    // Neighbours one after the other are cheap to verify, and lie together on the disk.
    std::sort(batch.begin(), batch.end(),
              [](const Came& a, const Came& b) { return a.index < b.index; });
    std::vector<ArrivedLeaf> arrived;
    for (const Came& came : batch)
        arrived.push_back({came.index, came.cid, came.data, came.proof});
    const auto proofs = verifier_.verify(arrived);
    std::vector<repo::VerifiedLeaf> right;
    std::vector<Result<void>> verdicts;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (proofs[i]) {
            right.push_back({batch[i].cid, batch[i].data, &*proofs[i]});
            verdicts.emplace_back();
        } else {
            verdicts.emplace_back(Unexpected(copy_of(proofs[i].error())));
        }
    }
    if (!right.empty())
        CODEX_CHECK(keep(right));
    return verdicts;
}

/// A block that is only lost gets its bytes again; the others are new.
Result<void> Leaves::keep(std::span<const repo::VerifiedLeaf> leaves) {
    std::vector<repo::VerifiedLeaf> fresh;
    std::vector<repo::Restored> again;
    for (const repo::VerifiedLeaf& leaf : leaves)
        if (lost_.contains(leaf.proof->index))
            again.push_back({leaf.cid, leaf.data});
        else
            fresh.push_back(leaf);
    if (!again.empty())
        CODEX_CHECK(repo_.restore(again));
    if (!fresh.empty())
        CODEX_CHECK(dataset_.add(fresh));
    return {};
}

Result<Goods::Rest> Leaves::complete(const IndexSet& lost, const codex::Job& job) {
    if (part_) {
        CODEX_TRY(needs, dataset::complete_part(dataset::Job(repo_, job), dataset_, *part_, lost));
        return Rest{std::move(needs.proving), std::move(needs.computed)};
    }
    auto fits = dataset::complete(dataset::Job(repo_, job), dataset_);
    if (fits && *fits)
        return Rest();
    if (!fits && fits.error().code() != Errc::erasure_unrepairable)
        return fail(std::move(fits).error());
    // Whoever made it coded something else; what they made has the right proofs all the same. Or
    // what was here was damaged, and that is known now.
    CODEX_TRY(rest, missing(job));
    if (!fits && lost_.empty())
        return fail(std::move(fits).error());
    return Rest{std::move(rest), {}};
}

Result<void> Leaves::find_lost(const IndexSet& held, const codex::Job& job) {
    lost_.clear();
    std::optional<repo::StoredTree> whole;
    if (dataset_.complete())
        CODEX_SET(whole, repo_.tree(tree_));
    std::vector<BlockRead> batch;
    for (auto index = held.next(0); index; index = held.next(*index + 1)) {
        Digest digest;
        if (whole)
            CODEX_CHECK(whole->leaves(*index, {&digest, 1}));
        else
            CODEX_SET(digest, dataset_.tree()->leaf(*index));
        BlockRead& block = batch.emplace_back();
        block.cid = Cid::block(digest);
        block.leaf = {&tree_, *index};
        if (batch.size() < kLookedUp && held.next(*index + 1))
            continue;
        CODEX_CHECK(job.go_on());
        CODEX_CHECK(repo_.find(batch));
        for (const BlockRead& found : batch)
            if (!found.cid.is_empty_block() && (found.state == BlockRead::State::missing ||
                                                found.state == BlockRead::State::damaged))
                lost_.insert(found.leaf.index);
        batch.clear();
    }
    return {};
}

Result<IndexSet> Leaves::missing(const codex::Job& job) {
    IndexSet missing({0, count_});
    CODEX_TRY(unproved, dataset_.recheck(job));
    CODEX_TRY(present, dataset_.present());
    present.subtract(unproved);
    CODEX_CHECK(find_lost(present, job));
    missing.subtract(present);
    missing.unite(lost_);
    return missing;
}

} // namespace codex::exchange::detail

#include "exchange/detail/goods.hpp"

#include "base/copy_error.hpp"
#include "dataset/dataset.hpp"

#include <algorithm>

namespace codex::exchange::detail {

Result<std::vector<Result<void>>> OneBlock::take(std::vector<Came>& batch) {
    std::vector<Result<void>> verdicts;
    for (Came& came : batch) {
        verdicts.push_back(verify_block(cid_, came.cid, came.data));
        if (verdicts.back() && bytes_.empty())
            bytes_ = came.data;
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
        CODEX_CHECK(dataset_.add(right));
    return verdicts;
}

Result<IndexSet> Leaves::complete(const codex::Job& job) {
    CODEX_TRY(fits, dataset::complete(dataset::Job(repo_, job), dataset_));
    if (fits)
        return IndexSet();
    // Whoever made it coded something else. What they made has the right proofs all the same.
    return missing(job);
}

Result<IndexSet> Leaves::missing(const codex::Job& job) {
    IndexSet missing({0, count_});
    CODEX_TRY(unproved, dataset_.recheck(job));
    CODEX_TRY(present, dataset_.present());
    present.subtract(unproved);
    missing.subtract(present);
    return missing;
}

} // namespace codex::exchange::detail

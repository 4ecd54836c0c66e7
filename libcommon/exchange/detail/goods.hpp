// What is fetched: a manifest, or the leaves of a dataset.
#pragma once

#include "exchange/detail/download.hpp"
#include "exchange/verify.hpp"
#include "repo/repo.hpp"

namespace codex::exchange::detail {

/// One block, by its CID, kept in memory.
/// Threads: as Goods.
class OneBlock final : public Goods {
public:
    explicit OneBlock(const Cid& cid) : cid_(cid) {}

    [[nodiscard]] BlockAddress address(std::uint64_t /*index*/) const override {
        BlockAddress address;
        address.cid = cid_;
        return address;
    }
    [[nodiscard]] std::optional<std::uint64_t> index(const BlockAddress& address) const override {
        return !address.leaf && address.cid == cid_ ? std::optional<std::uint64_t>(0)
                                                    : std::nullopt;
    }
    [[nodiscard]] std::string name(std::uint64_t /*index*/) const override {
        return fmt::format("block {}", cid_.text());
    }
    [[nodiscard]] Result<std::vector<Result<void>>> take(std::vector<Came>& batch) override;
    /// Empty before it has come.
    [[nodiscard]] const Bytes& bytes() const { return bytes_; }

private:
    Cid cid_;
    Bytes bytes_;
};

/// The leaves of a dataset, kept in the repo.
/// Threads: as Goods.
class Leaves final : public Goods {
public:
    /// The repo, whose dataset it is, outlives it.
    Leaves(repo::Repo& repo, repo::PartialDataset dataset);

    [[nodiscard]] BlockAddress address(std::uint64_t index) const override;
    [[nodiscard]] std::optional<std::uint64_t> index(const BlockAddress& address) const override;
    [[nodiscard]] std::string name(std::uint64_t index) const override;
    [[nodiscard]] Result<std::vector<Result<void>>> take(std::vector<Came>& batch) override;
    [[nodiscard]] std::optional<Clock::Instant> commit_by() const override {
        return dataset_.commit_by();
    }
    [[nodiscard]] Result<void> commit() override { return dataset_.commit(); }
    /// Errors: those of dataset::complete(), and of dataset::complete_part().
    [[nodiscard]] Result<Rest> complete(const IndexSet& lost, const codex::Job& job) override;
    /// From now on complete() is about these alone.
    void want_part(IndexSet part) { part_ = std::move(part); }

    /// Those that are not there, those that cannot be proved, and lost(). O(n) hashes and lookups.
    /// Errors: of PartialDataset::recheck(); io.
    [[nodiscard]] Result<IndexSet> missing(const codex::Job& job);
    /// Those of missing() whose place is known, and whose bytes are gone, or known to be damaged.
    [[nodiscard]] const IndexSet& lost() const { return lost_; }
    [[nodiscard]] bool whole() const { return dataset_.complete(); }
    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] std::size_t block_bytes() const { return dataset_.manifest().block_size_bytes; }

private:
    [[nodiscard]] Result<void> find_lost(const IndexSet& held, const codex::Job& job);
    [[nodiscard]] Result<void> keep(std::span<const repo::VerifiedLeaf> leaves);
    repo::Repo& repo_;
    repo::PartialDataset dataset_;
    Cid tree_;
    std::uint64_t count_;
    LeafVerifier verifier_;
    IndexSet lost_;
    std::optional<IndexSet> part_;
};

} // namespace codex::exchange::detail

// The inside of partial datasets, for the files that implement them.
#pragma once

#include "base/side_job.hpp"
#include "repo/index/repo_impl.hpp"
#include "repo/segments/batch.hpp"
#include "repo/upkeep/partials.hpp"

namespace codex::repo {

namespace detail {

struct HeldLeaf {
    std::uint64_t index = 0;
    Cid cid;
};

/// What is committed together.
struct Staged {
    std::unique_ptr<Batch> batch;
    std::vector<HeldLeaf> leaves;
    std::uint64_t bytes = 0;
    Clock::Instant since{}; ///< when the first of them came
};

/// Of a tree, what is read or written at a time.
constexpr std::uint64_t kPieceNodes = 16384;

enum class Outcome : std::uint8_t {
    committed,
    whole, ///< committed, and the dataset with it
    last,  ///< not committed: the dataset would be whole, and that takes its tree
    gone,  ///< another process removed the partial dataset, or made it whole
};

} // namespace detail

struct PartialTree::Impl {
    std::shared_ptr<Repo::Impl> repo;
    Cid manifest;
    Cid tree;
    std::uint64_t id = 0;
    detail::TreeShape shape;
    detail::PartialFile file; ///< whose write() the PartialDataset calls, which is one
};

struct PartialDataset::Impl {
    Impl(std::shared_ptr<Repo::Impl> owner, const Job& job, Cid name, codec::Manifest decoded,
         Bytes bytes)
        : repo(std::move(owner)), session(repo->session(job)), cid(std::move(name)),
          manifest(std::move(decoded)), manifest_bytes(std::move(bytes)),
          shape(manifest.blocks_count()) {}
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() {
        try {
            flusher.wait();
        } catch (const std::bad_alloc&) { // what it held is not committed, as after a kill
        }
    }

    [[nodiscard]] std::uint64_t leaf_count() const { return shape.sizes()[0]; }
    void renew(detail::SegmentLease lease);
    void forget(const detail::Staged& staged);
    Result<std::vector<const VerifiedLeaf*>> look_at(std::span<const VerifiedLeaf> batch,
                                                     std::vector<detail::PlacedNode>& nodes);
    Result<void> stage(const std::vector<const VerifiedLeaf*>& fresh);
    [[nodiscard]] bool due() const;
    Result<void> flush();
    Result<void> wait();
    Result<void> commit();
    Result<void> commit_here(detail::Staged& staged);
    Result<detail::Outcome> try_commit(detail::Staged& staged,
                                       const std::optional<detail::Extent>& tree, bool may_finish);
    Result<detail::Outcome> grow(detail::Ledger& ledger, const detail::Staged& staged,
                                 const std::optional<detail::Extent>& tree, bool may_finish);
    Result<void> finish(detail::Ledger& ledger, const detail::PartialEntry& entry,
                        std::span<const Cid> pins, const std::optional<detail::TreeEntry>& stored,
                        const std::optional<detail::Extent>& tree_at);
    Result<void> drop_tree(detail::Ledger& ledger, const std::optional<detail::Extent>& tree_at);
    Result<void> spool_leaves(detail::Spool& spool, const LeafReader& leaves, const Job& job) const;
    Result<void> spool_tree(detail::Spool& spool);
    Result<void> settle(detail::Outcome outcome);
    [[nodiscard]] Result<void> require_here() const;
    [[nodiscard]] Error gone() const {
        return {Errc::dataset_not_found,
                fmt::format("dataset {}: was removed meanwhile", cid.text())};
    }
    Result<void> go_on(PartialTree opened);

    std::shared_ptr<Repo::Impl> repo;
    detail::Session session;
    Cid cid;
    codec::Manifest manifest;
    Bytes manifest_bytes;
    detail::TreeShape shape;
    std::uint64_t id = 0;
    std::optional<PartialTree> tree; ///< not when it was whole from the start
    bool complete = false;
    bool removed = false; ///< by another process

    IndexSet have; ///< what is held, and what is staged
    detail::Staged current;
    detail::Staged in_flight; ///< being committed by `flusher`
    Result<detail::Outcome> flushed = detail::Outcome::committed;
    SideJob flusher; // last: it uses the others
};

} // namespace codex::repo

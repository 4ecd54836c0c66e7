// The inside of a DatasetWriter, and of a DatasetGroup.
#pragma once

#include "base/side_job.hpp"
#include "repo/index/repo_impl.hpp"
#include "repo/segments/batch.hpp"
#include "repo/upkeep/writer_lock.hpp"

namespace codex::repo {

struct DatasetWriter::Impl {
    Impl(std::shared_ptr<Repo::Impl> owner, const Job& job, DatasetGroup::Impl* shared);
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl();

    // --- writer.cpp
    Result<void> flush();
    Result<void> wait();
    void give_up();
    [[nodiscard]] detail::Ahead ahead() const;
    Result<bool> settle_what_is_ahead();
    Result<void> stage(std::span<const detail::StagedBlock> blocks);
    Result<void> claim(std::span<const LeafInput> batch);
    void unclaim(std::span<const LeafInput> batch);
    Result<void> check_spool_room(std::uint64_t more_leaves);
    Result<void> spool_leaves(std::span<const LeafInput> batch);

    // --- commit.cpp
    Result<Cid> prepare(BytesView manifest_bytes, std::uint64_t expiry, std::string_view label);
    Result<void> check_tree_room();
    Result<void> prepare_tree();
    Result<void> stage_tree(bool apart);
    Result<bool> make_visible(detail::Ledger& ledger);
    [[nodiscard]] detail::Batch::Part part();
    void committed();
    /// In one transaction, all or none.
    static Result<void> commit(std::span<const std::shared_ptr<Impl>> members);

    std::shared_ptr<Repo::Impl> repo;
    detail::Session session;
    detail::Spool spool;
    std::vector<bool> seen; // leaves
    std::uint64_t leaf_count = 0;
    std::optional<Cid> tree;
    std::uint64_t new_bytes = 0;

    DatasetGroup::Impl* group; // nullptr: it is alone
    std::unique_ptr<detail::Batch> current;
    std::unique_ptr<detail::Batch> in_flight; // being committed by `flusher`
    Result<void> flushed;
    std::optional<detail::WriterLock> lock; // from the first flush on
    std::uint32_t sequence = 0;

    /// What becomes visible, from prepare() on.
    struct Ending {
        Cid manifest;
        std::uint64_t dataset_bytes = 0;
        detail::DatasetEntry entry;
        std::string label;
    };
    std::optional<Ending> ending;
    bool tree_is_new = false; // found out in the last transaction
    std::optional<detail::Extent> tree_extent;
    SideJob flusher; // last: it uses the others
};

struct DatasetGroup::Impl {
    explicit Impl(std::shared_ptr<Repo::Impl> owner) : repo(std::move(owner)) {}

    void add(std::shared_ptr<DatasetWriter::Impl> member);
    /// Commits what is prepared, and puts down how each went.
    void commit();
    [[nodiscard]] bool empty() const { return members.empty(); }
    /// The first of the members has waited long enough.
    [[nodiscard]] bool is_old() const;
    /// What the members have staged.
    [[nodiscard]] std::span<const detail::Batch* const> batches() const { return staged; }
    [[nodiscard]] bool has_tree(const Cid& tree) const;
    /// Of blocks and trees.
    [[nodiscard]] std::uint64_t new_bytes() const { return staged_bytes; }
    /// The segment that the next one may go on in.
    [[nodiscard]] detail::SegmentLease lease() const {
        return staged.empty() ? nullptr : staged.back()->lease();
    }

    std::shared_ptr<Repo::Impl> repo;
    std::vector<std::shared_ptr<DatasetWriter::Impl>> members; // prepared
    std::vector<const detail::Batch*> staged;                  // theirs
    std::uint64_t staged_bytes = 0;
    std::uint64_t held_bytes = 0; // what they appended, and their trees, of which each has a copy
    std::uint64_t retained_bytes = 0;
    std::size_t items = 0; // of their batches; as many as one may have are enough
    std::size_t most_items = 0;
    Clock::Instant first_at{}; // when the first of them was prepared
    std::vector<Result<void>> outcomes;
};

} // namespace codex::repo

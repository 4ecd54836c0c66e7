// Records become state.
#pragma once

#include "ledger/detail/state.hpp"
#include "ledger/detail/walk.hpp"

#include <deque>

namespace codex::ledger::detail {

/// The hashes of the last blocks, in memory.
/// Threads: one at a time.
class RecentBlocks final : public market::BlockHashes {
public:
    explicit RecentBlocks(const Digest& genesis) : genesis_(genesis) {}
    /// What a view has of them.
    [[nodiscard]] Result<void> load(const repo::TablesView& view);
    /// The last record of `block`, so far; blocks do not go back.
    void add(std::uint64_t block, const Digest& hash);
    /// Of one of the 256 blocks before the last one that was added.
    [[nodiscard]] Digest hash(std::uint64_t block) const override;

private:
    struct Last {
        std::uint64_t block;
        Digest hash;
    };
    struct Known {
        std::uint64_t block = UINT64_MAX;
        Digest hash{};
    };
    Digest genesis_;
    std::deque<Last> last_;
    mutable std::array<Known, 512> known_; // which does not change any more once it was asked for
};

/// Executes records behind each other, and writes what comes of them into tables.
/// Threads: one at a time.
class Replay {
public:
    struct Options {
        bool rows = true;       ///< also what records are found by, not only what contracts keep
        bool signatures = true; ///< that these were looked at
    };
    /// Goes on behind `mark`; what it refers to outlives it.
    Replay(const Genesis& genesis, const market::Contracts& contracts, const Mark& mark,
           Options options)
        : genesis_(genesis), contracts_(contracts), mark_(mark), options_(options),
          blocks_(mark.genesis) {}

    /// What is kept before the first record, with the mark of no record.
    [[nodiscard]] Result<void> begin(const repo::Tables& tables);
    /// All of them in one transaction, or those before one that is wrong. Errors: ledger_damaged;
    /// those of the tables.
    [[nodiscard]] Result<void> run(const repo::Tables& tables, std::span<const Found> records);
    [[nodiscard]] const Mark& mark() const { return mark_; }

private:
    [[nodiscard]] Result<void> execute(market::Overlay& state, const Found& found,
                                       std::vector<Executed>& executed);
    const Genesis& genesis_;
    const market::Contracts& contracts_;
    Mark mark_;
    Options options_;
    RecentBlocks blocks_;
    bool loaded_ = false;
};

} // namespace codex::ledger::detail

// Records on their way from a journal into tables.
#pragma once

#include "base/side_job.hpp"
#include "ledger/detail/replay.hpp"

namespace codex::ledger::detail {

/// While one step is executed by one thread, form and signatures of the next one are looked at by
/// the others.
/// Threads: one at a time.
class Pipeline {
public:
    Pipeline(Walk& walk, const repo::Tables& tables, Replay& replay, const Job& job)
        : walk_(walk), tables_(tables), replay_(replay), job_(job) {}

    /// To the end of the walk; calls `seen` with each step before it is executed. Errors:
    /// ledger_damaged, of the first record that is wrong: those before it are in the tables then;
    /// cancelled; those of the tables.
    [[nodiscard]] Result<void> run(const std::function<void(std::span<const Found>)>& seen = {});

private:
    [[nodiscard]] Result<void> finish();
    Walk& walk_;
    const repo::Tables& tables_;
    Replay& replay_;
    const Job& job_;
    std::vector<Found> running_;
    Result<void> result_;
    SideJob side_; // ends first
};

} // namespace codex::ledger::detail

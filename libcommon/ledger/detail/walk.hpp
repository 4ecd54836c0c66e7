// Going through a journal in order, many records at a time.
#pragma once

#include "base/job.hpp"
#include "ledger/detail/journal.hpp"
#include "ledger/detail/place.hpp"

namespace codex::ledger::detail {

/// Memory is bounded by kMostRecords and kMostBytes of a step.
/// Threads: one at a time.
class Walk {
public:
    static constexpr std::size_t kMostRecords = 4096;
    static constexpr std::size_t kMostBytes = std::size_t{2} << 20;

    /// From one border between records up to a byte, behind which nothing is looked at.
    Walk(const Journal& journal, std::uint64_t begin, std::uint64_t end, bool signatures)
        : journal_(journal), at_(begin), end_(end), signatures_(signatures) {}

    /// The next records, with form, hash and signature looked at, on the executor of the job. The
    /// last one may be wrong, and is the last of all then; empty at the end. Errors: io, cancelled.
    [[nodiscard]] Result<std::vector<Found>> next(const Job& job);

private:
    [[nodiscard]] Result<std::vector<Found>> split();
    void check(Found& found) const;
    const Journal& journal_;
    std::uint64_t at_;
    std::uint64_t end_;
    bool signatures_;
    bool over_ = false;
    Bytes bytes_;
    std::uint64_t bytes_at_ = 0;
};

/// That a record may stand behind `place`, which it becomes then: number, hash, and time. Errors:
/// ledger_damaged, naming the record, or the one before where that is known to be another one.
/// `signed_`: that its signature was looked at.
[[nodiscard]] Result<void> follow(const Found& found, const Genesis& genesis, bool signed_,
                                  Place& place);

} // namespace codex::ledger::detail

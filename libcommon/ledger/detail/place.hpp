// Where a ledger stands in its journal.
#pragma once

#include "ledger/ledger.hpp"

namespace codex::ledger::detail {

/// Behind a record; as it is made, before the first one of a ledger.
/// Threads: as a number.
struct Place {
    std::uint64_t sequence = 0; ///< of the record
    Digest hash{};              ///< of the record, or of the genesis
    std::uint64_t block = kFirstBlock;
    std::uint64_t begin = 0; ///< where it begins, in bytes of the journal
    std::uint64_t end = 0;   ///< where the next one does

    friend bool operator==(const Place&, const Place&) = default;
};

[[nodiscard]] inline Head head_of(const Place& place, const Genesis& genesis) {
    return {place.sequence, place.hash, place.block, genesis.time_of(place.block)};
}

/// What is wrong with the record that would come behind `place`.
[[nodiscard]] inline Error damage(std::uint64_t sequence, std::uint64_t offset,
                                  std::string_view what) {
    return Error(Errc::ledger_damaged,
                 fmt::format("record {} at byte {}: {}", sequence, offset, what));
}

/// The errors of gates and tables, as those of a ledger.
[[nodiscard]] inline Error as_ledgers(Error error) {
    if (error.code() != Errc::repo_locked)
        return error;
    return Error(Errc::ledger_locked, error.text()).remedy(Remedy::wait_longer);
}

} // namespace codex::ledger::detail

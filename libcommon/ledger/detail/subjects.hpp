// What a call is about: a request, a slot, or both.
#pragma once

#include "ethereum/abi/interface.hpp"
#include "ledger/record.hpp"

#include <optional>

namespace codex::ledger::detail {

struct Subjects {
    std::optional<ethereum::abi::Word> request;
    std::optional<ethereum::abi::Word> slot;
    std::uint64_t slot_index = 0; ///< where both are known
    std::uint64_t posted = 0;     ///< so many slots the request has that the call has posted
};

/// Of a call of the marketplace, which told `logs`. Of a call that names a slot by its id, the
/// request is not known.
[[nodiscard]] Subjects subjects_of(const Record& record, std::span<const ethereum::abi::Log> logs);

} // namespace codex::ledger::detail

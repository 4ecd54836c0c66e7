// What is no whole record in a segment: found without the index, between those that are whole.
#pragma once

#include "base/fd.hpp"
#include "repo/segments/record.hpp"

#include <utility>
#include <vector>

namespace codex::repo::detail {

/// The places of records, or of what is between them: begin and end.
using Places = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

struct DamagedPlace {
    std::uint64_t begin = 0; ///< a boundary of records
    std::uint64_t end = 0;
    Cid cid;              ///< what the header says; null where there is no header
    bool cut_off = false; ///< the file ends within it: so does what a killed writer leaves
};

/// Adds a record to those that are known to be whole; neighbours become one place.
void add_place(Places& whole, std::uint64_t begin, std::uint64_t end);

/// What a segment has beside whole records and zeros, which are what gc leaves of dead ones: a
/// place for each record whose header is good, and one for all up to the next whole record where
/// none is. `whole`: in any order. Reads no payload of a whole record. Errors: io.
[[nodiscard]] Result<std::vector<DamagedPlace>>
damaged_places(const Fd& file, const std::string& name, Places whole);

} // namespace codex::repo::detail

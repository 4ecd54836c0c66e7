// Walks the records of a segment file without the index.
#pragma once

#include "base/fd.hpp"
#include "repo/detail/record.hpp"

#include <functional>

namespace codex::repo {

/// Calls visit(offset, header) for each header found whose record ends within the file, in order.
/// Holes are skipped, and damage is: after it the next 64-byte boundary with a whole header goes
/// on. `visit` says whether the record is good: after one that is not, the search goes on within
/// it. Gives the end of the last good record. Errors: io, those of `visit`.
using VisitRecord = std::function<Result<bool>(std::uint64_t offset, const RecordHeader& header)>;
[[nodiscard]] Result<std::uint64_t> scan_segment(const Fd& file, const std::string& name,
                                                 const VisitRecord& visit);

} // namespace codex::repo

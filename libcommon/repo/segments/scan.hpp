// Walks the records of a segment file without the index.
#pragma once

#include "base/fd.hpp"
#include "repo/segments/record.hpp"

#include <functional>

namespace codex::repo::detail {

/// Calls visit(offset, header) for headers whose record ends within the file. `visit` says whether
/// the record is good. As long as each record begins where the one before it ends, a bad one is
/// passed as a whole. Where no header is (a hole, damage), every 64-byte boundary is looked at from
/// there on, also within records that are not good, in an order that is not always ascending; and
/// since what looks like a header may be content that somebody made to look so, all calls together
/// are for no more than 8 times the bytes of the file and 1 MiB: of places whose records would
/// overlap, those before a good record are tried from it backwards until that is spent.
/// The walk begins at `from`, a boundary between records.
/// Gives the end of the last good record, `from` without any. Errors: io, those of `visit`.
using VisitRecord = std::function<Result<bool>(std::uint64_t offset, const RecordHeader& header)>;
[[nodiscard]] Result<std::uint64_t> scan_segment(const Fd& file, const std::string& name,
                                                 const VisitRecord& visit, std::uint64_t from = 0);

/// Whether the record at `offset` has its payload: that of a block hashes to its CID, all nodes of
/// a tree give its CID; never that of a note. Errors: io.
[[nodiscard]] Result<bool> record_is_whole(const Fd& file, const std::string& name,
                                           std::uint64_t offset, const RecordHeader& header);

} // namespace codex::repo::detail

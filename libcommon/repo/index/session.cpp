#include "repo/index/session.hpp"

#include "repo/segments/io.hpp"
#include "repo/segments/read.hpp"

namespace codex::repo::detail {

Result<void> ensure_synced(const Session& session, Ledger& ledger, const Extent& extent,
                           std::map<std::uint32_t, std::uint64_t>& known) {
    auto synced = known.find(extent.segment);
    if (synced != known.end() && extent.offset < synced->second)
        return {};
    CODEX_TRY(segment, find_segment(ledger.txn(), extent.segment));
    if (!segment || extent.offset < segment->synced_end) {
        known[extent.segment] = segment ? segment->synced_end : 0;
        return {};
    }
    // What cannot be opened cannot be vouched for.
    CODEX_TRY(file, open_segment(session.store->segments(), extent.segment));
    CODEX_CHECK(io::sync_data(session.store->around().disk, file->get(),
                              session.store->segments().path(extent.segment)));
    if (segment->synced_end == 0)
        CODEX_CHECK(session.store->segments().sync_names());
    ledger.mark_synced(extent.segment, segment->committed_end);
    known[extent.segment] = segment->committed_end;
    return {};
}

} // namespace codex::repo::detail

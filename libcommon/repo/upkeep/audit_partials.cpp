// Partial datasets in the audit.
#include "repo/segments/partial_file.hpp"
#include "repo/upkeep/audit.hpp"
#include "repo/upkeep/partials.hpp"

#include <fcntl.h>

namespace codex::repo::detail {

/// Their pins are counted as those of all writers.
Result<void> Audit::check_partials() {
    return for_each_partial(txn_, {}, [&](const Cid& cid, PartialEntry entry) -> Result<bool> {
        CODEX_CHECK(session_.job.go_on());
        ++manifests_[cid];
        totals_.tree_bytes += tree_node_bytes(entry.leaf_count);
        if (entry.expiry != 0)
            missing_expiries_.push_back({entry.expiry, ExpiryKind::dataset, cid});
        CODEX_CHECK(check_partial(cid, entry));
        return true;
    });
}

Result<void> Audit::check_partial(const Cid& cid, const PartialEntry& entry) {
    CODEX_TRY(held, held_leaves(txn_, entry));
    if (held.size() != entry.held)
        report_(ProblemKind::counter_wrong, cid,
                fmt::format("{} blocks of the partial dataset are here, counted {}", entry.held,
                            held.size()));
    const auto file = open_partial_file(*session_.store, entry.id, O_RDONLY);
    if (!file) {
        const bool gone = file.error().code() == Errc::not_found;
        report_(gone ? ProblemKind::tree_missing : ProblemKind::tree_unreadable, entry.tree,
                file.error().text());
        return {};
    }
    CODEX_TRY(bad,
              unproved_leaves(*file, entry.tree.digest32(), entry.leaf_count, held, session_.job));
    if (!file->header())
        report_(ProblemKind::tree_damaged, entry.tree,
                "the file of what is here of it has a damaged beginning: remove the partial "
                "dataset, and fetch it again");
    else if (!bad.empty())
        report_(ProblemKind::tree_damaged, entry.tree,
                fmt::format("{} of the {} blocks that are here of it cannot be proved: fetch it "
                            "again",
                            bad.size(), held.size()));
    return {};
}

} // namespace codex::repo::detail

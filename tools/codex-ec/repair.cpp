// codex-ec repair: every block that parity covers.
#include "commands.hpp"
#include "toolkit/loops.hpp"

#include <memory>

namespace codex::ec {

namespace {

Result<void> repair_one(cli::Context& context, const dataset::Job& job, const Cid& cid) {
    CODEX_TRY(report, dataset::repair(job, cid));
    const std::string done =
        fmt::format("{}: restored {} data and {} parity blocks{}", cid.text(), report.restored_data,
                    report.restored_parity, report.tree_restored ? ", and the tree record" : "");
    context.inform(done);
    context.add_total("restoredData", report.restored_data);
    context.add_total("restoredParity", report.restored_parity);
    if (!report.lost_blocks.empty()) {
        CODEX_TRY(info, job.repo->dataset(cid));
        CODEX_TRY(layout, erasure::Layout::of(info.manifest));
        return fail(dataset::unrepaired(info.manifest, layout, report));
    }
    return context.print(cli::Record("repaired")
                             .field("cid", cid)
                             .json("restoredData", report.restored_data)
                             .json("restoredParity", report.restored_parity)
                             .json("treeRestored", report.tree_restored));
}

} // namespace

void declare_repair(cli::Command& root) {
    auto cids = std::make_shared<std::vector<std::string>>();
    root.command("repair", "restore missing and damaged blocks; prints the CIDs of whole datasets")
        .arguments("CID", *cids, "protected datasets; default: from stdin")
        .takes_unordered()
        .example("codex-ec repair zDvZRwzm...")
        .example("codex-chunk ls | codex-ec repair -v")
        .run([cids](cli::Context& context) {
            for (const char* name : {"restoredData", "restoredParity"})
                context.add_total(name, 0);
            return toolkit::for_each_dataset(context, toolkit::Access::write, "repair", *cids,
                                             [&](const dataset::Job& job, const Cid& cid) {
                                                 return repair_one(context, job, cid);
                                             });
        });
}

} // namespace codex::ec

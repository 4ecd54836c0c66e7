// codex-prove roots: the slot roots that a verifiable dataset lists.
#include "commands.hpp"
#include "session.hpp"

#include <memory>

namespace codex::prove_tool {

namespace {

Result<void> roots_one(cli::Context& context, const dataset::Job& job, const Cid& cid) {
    CODEX_TRY(dataset, proof::open_verifiable(job.repo, cid));
    for (std::uint32_t slot = 0; slot < dataset.shape.slots; ++slot)
        CODEX_CHECK(
            context.print(cli::Record("slotRoot")
                              .field("slotRoot", proof::slot_root_cid(dataset.slot_root(slot)))
                              .field("slot", std::uint64_t{slot})
                              .json("cid", cid)
                              .json("element", decimal(dataset.slot_root(slot)))));
    return {};
}

} // namespace

void declare_roots(cli::Command& root) {
    auto cids = std::make_shared<std::vector<std::string>>();
    root.command("roots", "list the slot roots of verifiable datasets")
        .arguments("CID", *cids, "verifiable datasets; default: from stdin")
        .example("codex-prove roots zDvZRwzm...")
        .example("codex-prove slots zDvZRwzm... | codex-prove roots")
        .run([cids](cli::Context& context) {
            return toolkit::for_each_dataset(context, toolkit::Access::read, "roots", *cids,
                                             [&](const dataset::Job& job, const Cid& cid) {
                                                 return roots_one(context, job, cid);
                                             });
        });
}

} // namespace codex::prove_tool

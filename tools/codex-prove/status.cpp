// codex-prove status: what a verifiable dataset says about itself.
#include "commands.hpp"
#include "session.hpp"

#include <bit>
#include <memory>

namespace codex::prove_tool {

namespace {

/// Levels of a tree of so many leaves.
std::uint64_t depth(std::uint64_t leaves) {
    return leaves <= 1 ? 1 : static_cast<std::uint64_t>(std::bit_width(leaves - 1));
}

Result<void> status_one(cli::Context& context, const dataset::Job& job, const Cid& cid) {
    CODEX_TRY(dataset, proof::open_verifiable(job.repo, cid));
    const proof::SlotShape& shape = dataset.shape;
    std::uint64_t stored = 0;
    for (std::uint32_t slot = 0; slot < shape.slots; ++slot)
        stored += job.repo.tree(proof::slot_root_cid(dataset.slot_root(slot))).has_value() ? 1 : 0;
    const Digest& root = dataset.dataset_tree.root();
    CODEX_CHECK(context.print(
        cli::Record("status")
            .field("cid", cid)
            .field("verifyRoot", proof::proving_root_cid(root))
            .field("slots", std::uint64_t{shape.slots})
            .field("blocks", shape.blocks)
            .field("cells", shape.cells())
            .field("storedTrees", stored)
            .json_hex("merkleRoot", root)
            .json("dataSetRoot", decimal(root))
            .json("dataBlocks", shape.data_blocks)
            .json("padBlocks", shape.blocks - shape.data_blocks)
            .json("slotSize", shape.slot_bytes())
            .json("blockSize", std::uint64_t{shape.block_size_bytes})
            .json("cellSize", std::uint64_t{shape.cell_size_bytes})
            .json("blockDepth", depth(shape.block_cells))
            .json("slotDepth", depth(shape.blocks))
            .json("datasetDepth", depth(shape.slots))
            .json("strategy", shape.strategy == codec::Strategy::linear ? "linear" : "stepped")));
    return {};
}

} // namespace

void declare_status(cli::Command& root) {
    auto cids = std::make_shared<std::vector<std::string>>();
    root.command("status", "show roots, sizes and depths of verifiable datasets")
        .arguments("CID", *cids, "verifiable datasets; default: from stdin")
        .example("codex-prove status zDvZRwzm...")
        .example("codex-chunk ls | codex-prove status --json")
        .run([cids](cli::Context& context) {
            return toolkit::for_each_dataset(context, toolkit::Access::read, "status", *cids,
                                             [&](const dataset::Job& job, const Cid& cid) {
                                                 return status_one(context, job, cid);
                                             });
        });
}

} // namespace codex::prove_tool

// codex-prove roots, status: what a verifiable dataset says about itself.
#include "commands.hpp"
#include "crypto/field/text.hpp"
#include "session.hpp"

#include <bit>
#include <memory>

namespace codex::prove_tool {

namespace {

std::string decimal(const Digest& element) {
    return crypto::field_to_text(Fr::from_bytes_reduced(element));
}

/// Levels of a tree of so many leaves.
std::uint64_t depth(std::uint64_t leaves) {
    return leaves <= 1 ? 1 : static_cast<std::uint64_t>(std::bit_width(leaves - 1));
}

Result<void> roots_one(cli::Context& context, const dataset::Job& job, const Cid& cid) {
    CODEX_TRY(dataset, proof::open_verifiable(*job.repo, cid));
    for (std::uint32_t slot = 0; slot < dataset.shape.slots; ++slot)
        CODEX_CHECK(
            context.print(cli::Record("slotRoot")
                              .field("slotRoot", proof::slot_root_cid(dataset.slot_root(slot)))
                              .field("slot", std::uint64_t{slot})
                              .json("cid", cid)
                              .json("element", decimal(dataset.slot_root(slot)))));
    return {};
}

Result<void> status_one(cli::Context& context, const dataset::Job& job, const Cid& cid) {
    CODEX_TRY(dataset, proof::open_verifiable(*job.repo, cid));
    const proof::SlotShape& shape = dataset.shape;
    std::uint64_t stored = 0;
    for (std::uint32_t slot = 0; slot < shape.slots; ++slot)
        stored += job.repo->tree(proof::slot_root_cid(dataset.slot_root(slot))).has_value() ? 1 : 0;
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

using Show = Result<void> (*)(cli::Context&, const dataset::Job&, const Cid&);

void declare_show(cli::Command& command, const std::string& label, Show show) {
    auto cids = std::make_shared<std::vector<std::string>>();
    command.arguments("CID", *cids, "verifiable datasets; default: from stdin")
        .run([cids, label, show](cli::Context& context) {
            return toolkit::for_each_dataset(
                context, toolkit::Access::read, label, *cids,
                [&](const dataset::Job& job, const Cid& cid) { return show(context, job, cid); });
        });
}

} // namespace

void declare_roots(cli::Command& root) {
    cli::Command& command = root.command("roots", "list the slot roots of verifiable datasets")
                                .example("codex-prove roots zDvZRwzm...")
                                .example("codex-prove slots zDvZRwzm... | codex-prove roots");
    declare_show(command, "roots", roots_one);
}

void declare_status(cli::Command& root) {
    cli::Command& command =
        root.command("status", "show roots, sizes and depths of verifiable datasets")
            .example("codex-prove status zDvZRwzm...")
            .example("codex-chunk ls | codex-prove status --json");
    declare_show(command, "status", status_one);
}

} // namespace codex::prove_tool

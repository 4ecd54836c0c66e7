// codex-prove sample: which cells a challenge asks for.
#include "commands.hpp"
#include "proof/sampler.hpp"
#include "session.hpp"

#include <memory>

namespace codex::prove_tool {

namespace {

struct SampleOptions {
    SlotFlag slot;
    ChallengeFlags challenge;
    std::vector<std::string> cids;
    std::uint64_t samples = 5;
};

Result<int> sample(cli::Context& context, const SampleOptions& options) {
    CODEX_TRY(slot, options.slot.value());
    CODEX_TRY(entropy, options.challenge.value());
    if (options.samples > UINT32_MAX)
        return fail(Errc::usage, "--samples: {} is more than {}", options.samples, UINT32_MAX);
    CODEX_TRY(opened, toolkit::open_with(context, options.cids, repo::Named::dataset));
    auto& [repo, cid] = opened;
    CODEX_TRY(dataset, proof::open_verifiable(repo, cid));
    const proof::SlotShape& shape = dataset.shape;
    if (slot >= shape.slots)
        return fail(shape.no_slot(slot));
    const auto index = static_cast<std::uint32_t>(slot);
    CODEX_TRY(sampler,
              proof::CellSampler::of(entropy, Fr::from_bytes_reduced(dataset.slot_root(index)),
                                     shape.cells()));
    for (std::uint64_t i = 0; i < options.samples; ++i) {
        const std::uint64_t cell = sampler.next();
        const std::uint64_t position = cell / shape.block_cells;
        cli::Record record("cell");
        record.field("cell", cell)
            .field("block", position)
            .field("cellInBlock", cell % shape.block_cells);
        if (position < shape.data_blocks)
            record.json("treeIndex", shape.tree_index(index, position));
        else
            record.json("treeIndex", nullptr); // padding: zeros
        CODEX_CHECK(context.print(record));
    }
    return 0;
}

} // namespace

void declare_sample(cli::Command& root) {
    auto options = std::make_shared<SampleOptions>();
    cli::Command& command = root.command("sample", "list the cells that a challenge asks for");
    options->slot.declare(command);
    options->challenge.declare(command);
    command.option("--samples S", options->samples, "how many cells")
        .arguments("CID", options->cids, "the verifiable dataset; default: from stdin")
        .example("codex-prove sample zDvZRwzm... --slot 3 --challenge 0x5f39...")
        .example("codex-prove sample zDvZRwzm... --slot 0 --entropy 7 --samples 100 | cut -f2")
        .run([options](cli::Context& context) { return sample(context, *options); });
}

} // namespace codex::prove_tool

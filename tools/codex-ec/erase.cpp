// codex-ec erase: fault injection for scripts and tests.
#include "base/counted.hpp"
#include "base/random.hpp"
#include "commands.hpp"
#include "dataset/coverage.hpp"
#include "picture.hpp"
#include "selection.hpp"
#include "toolkit/loops.hpp"

#include <algorithm>
#include <fmt/ranges.h>
#include <memory>

namespace codex::ec {

namespace {

struct EraseOptions {
    Selection selection;
    std::optional<std::uint64_t> seed;
    std::vector<std::string> cids;
};

/// "5,9-12", as --blocks takes it.
std::string list_of(std::span<const std::uint64_t> blocks) {
    std::string list;
    for (std::size_t begin = 0, end = 0; begin < blocks.size(); begin = end) {
        for (end = begin + 1; end < blocks.size() && blocks[end] == blocks[end - 1] + 1;)
            ++end;
        list += fmt::format("{}{}", list.empty() ? "" : ",", blocks[begin]);
        if (end - begin > 1)
            list += fmt::format("-{}", blocks[end - 1]);
    }
    return list;
}

/// "12 other blocks have the same bytes and go with them (slots 0, 2)".
std::string goes_along(const codec::Manifest& manifest, const dataset::SharedLoss& beside) {
    constexpr std::size_t kShown = 8;
    std::string text = fmt::format("{} the same bytes and {} with them",
                                   counted(beside.blocks, "other block has", "other blocks have"),
                                   beside.blocks == 1 ? "goes" : "go");
    if (!manifest.is_protected())
        return text;
    return text +
           fmt::format(
               " ({} {}{})", beside.slots.size() == 1 ? "slot" : "slots",
               fmt::join(std::span(beside.slots).first(std::min(kShown, beside.slots.size())),
                         ", "),
               beside.slots.size() > kShown ? ", ..." : "");
}

/// Short enough to be typed again.
Result<std::uint64_t> drawn_seed() {
    return Random::system().below(std::uint64_t{1} << 32);
}

Result<void> erase_one(cli::Context& context, const EraseOptions& options, const dataset::Job& job,
                       const Cid& cid) {
    CODEX_TRY(info, job.repo.dataset(cid));
    if (!info.manifest.is_protected() && !options.selection.slots.empty())
        return fail(Error(Errc::unsupported, "a plain dataset has no slots")
                        .hint("--blocks and --random work on plain datasets, too"));
    CODEX_TRY(layout, drawn_layout(info.manifest));
    CODEX_TRY(blocks, select(options.selection, layout));
    CODEX_TRY(beside, dataset::lost_beside(job, info.manifest, blocks));
    if (beside.blocks != 0)
        context.warn(cid.text(), goes_along(info.manifest, beside));
    CODEX_TRY(erased, context.dry_run() ? dataset::erasable(job, cid, blocks)
                                        : dataset::erase(job, cid, blocks));
    cli::Record record("erased");
    record.field("cid", cid).field("blocks", std::uint64_t{blocks.size()});
    record.field("erased", erased).text(list_of(blocks)).json("indices", blocks);
    record.json("dryRun", context.dry_run());
    record.json("blocksBeside", beside.blocks).json("slotsBeside", beside.slots);
    if (options.selection.random != 0)
        record.json("seed", options.selection.seed);
    context.add_total("blocks", blocks.size());
    context.add_total("erased", erased);
    return context.print(record);
}

Result<int> erase(cli::Context& context, EraseOptions& options) {
    Selection& selection = options.selection;
    if (selection.slots.empty() && selection.blocks.empty() && selection.random == 0)
        return fail(Error(Errc::usage, "nothing to erase was named")
                        .hint("--slots 1,3, --blocks 5,9-12, or --random 10"));
    CODEX_CHECK(check(selection));
    if (options.seed)
        selection.seed = *options.seed;
    else
        CODEX_SET(selection.seed, drawn_seed());
    if (selection.random != 0)
        context.inform(fmt::format("--seed {} takes the same blocks again", selection.seed));
    return toolkit::for_each_dataset(
        context, context.dry_run() ? toolkit::Access::read : toolkit::Access::write, "erase",
        options.cids, [&](const dataset::Job& job, const Cid& cid) {
            return erase_one(context, options, job, cid);
        });
}

} // namespace

void declare_erase(cli::Command& root) {
    auto options = std::make_shared<EraseOptions>();
    root.command("erase", "fault injection: take blocks away; prints how many were there")
        .option("--slots LIST", options->selection.slots, "whole slots, 0 to k+m-1")
        .option("--blocks LIST", options->selection.blocks, "blocks by tree index")
        .option("--random N", options->selection.random, "N random blocks beside those")
        .option("--seed S", options->seed, "choose the same random blocks again")
        .takes_dry_run()
        .arguments("CID", options->cids, "datasets; default: from stdin")
        .example("codex-ec erase --slots 1,3 zDvZRwzm...")
        .example("codex-ec erase -n --blocks 5,9-12 --random 10 --seed 7 zDvZRwzm...")
        .run([options](cli::Context& context) { return erase(context, *options); });
}

} // namespace codex::ec

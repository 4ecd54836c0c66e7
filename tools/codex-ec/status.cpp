// codex-ec status: what is missing, and whether it can be repaired.
#include "base/json_writer.hpp"
#include "commands.hpp"
#include "coverage_text.hpp"
#include "picture.hpp"
#include "toolkit/loops.hpp"

#include <memory>
#include <unistd.h>

namespace codex::ec {

namespace {

using dataset::Health;
using erasure::Layout;

struct StatusOptions {
    bool data = false;
    bool map = false;
    std::vector<std::string> cids;
};

std::string_view state_of(const Health& health) {
    return health.whole() ? "whole" : health.repairable() ? "repairable" : "lost";
}

/// [{"slot":0,"missing":1,"damaged":0},...], every slot.
std::string slots_json(const Health& health, const Layout& layout) {
    std::vector<std::uint64_t> missing(layout.rows()), damaged(missing.size());
    for (const std::uint64_t index : health.missing)
        ++missing[layout.position(index)];
    for (const std::uint64_t index : health.damaged)
        ++damaged[layout.position(index)];
    JsonWriter json;
    json.begin_array();
    for (std::size_t slot = 0; slot < missing.size(); ++slot)
        json.begin_object()
            .member("slot", slot)
            .member("missing", missing[slot])
            .member("damaged", damaged[slot])
            .end_object();
    return std::move(json.end_array()).text();
}

/// [{"column":3,"lost":4,"repairable":false},...], the columns that lost something.
std::string columns_json(const Health& health, const Layout& layout) {
    std::vector<std::uint64_t> losses(layout.steps);
    for (const auto* list : {&health.missing, &health.damaged})
        for (const std::uint64_t index : *list)
            ++losses[layout.column(index)];
    JsonWriter json;
    json.begin_array();
    for (std::uint64_t column = 0; column < layout.steps; ++column)
        if (losses[column] != 0)
            json.begin_object()
                .member("column", column)
                .member("lost", losses[column])
                .member("repairable", losses[column] <= layout.m())
                .end_object();
    return std::move(json.end_array()).text();
}

/// What parity covers of a whole dataset; nothing of a plain one, and where the tree is damaged.
Result<std::optional<dataset::Coverage>> coverage_of(const dataset::Job& job,
                                                     const Health& health) {
    if (!health.manifest.is_protected() || health.tree_damaged)
        return std::nullopt;
    CODEX_TRY(coverage, dataset::coverage(job, health.manifest));
    return coverage;
}

Result<void> status_one(cli::Context& context, const StatusOptions& options,
                        const dataset::Job& job, const Cid& cid) {
    CODEX_TRY(health, dataset::health(job, cid, options.data));
    CODEX_TRY(layout, drawn_layout(health.manifest));
    CODEX_TRY(coverage, coverage_of(job, health));
    cli::Record record("status");
    record.field("cid", cid)
        .field("state", state_of(health))
        .field("blocks", health.blocks)
        .field("missing", std::uint64_t{health.missing.size()})
        .field("damaged", std::uint64_t{health.damaged.size()})
        .field("lostColumns", std::uint64_t{health.lost_columns.size()})
        .field("tree", health.tree_damaged ? "tree-damaged" : "tree-whole")
        .text(coverage ? fmt::format("{}", coverage->any_slots) : "-");
    if (context.json()) {
        const bool coded = health.manifest.is_protected();
        record.json("protected", coded).json("dataRead", options.data);
        record.json("missingBlocks", health.missing).json("damagedBlocks", health.damaged);
        if (coded)
            record.json("k", std::uint64_t{layout.k()})
                .json("m", std::uint64_t{layout.m()})
                .json("steps", layout.steps)
                .json_raw("slots", slots_json(health, layout))
                .json_raw("columns", columns_json(health, layout));
        if (coverage)
            with_coverage(record, *coverage);
    }
    context.add_total(state_of(health), 1);
    if (!health.whole())
        context.answer_no();
    std::string after;
    if (!context.json() && (options.map || ::isatty(STDOUT_FILENO) == 1)) {
        after = picture(health, layout, context.columns(), context.color());
        if (coverage && coverage->any_slots < layout.m())
            after += fmt::format("  {}\n", shortfall(health.manifest, *coverage));
    }
    return context.print(record, after);
}

} // namespace

void declare_status(cli::Command& root) {
    auto options = std::make_shared<StatusOptions>();
    root.command("status", "show what is missing per slot and column, and whether parity covers it")
        .flag("--data", options->data, "read and hash all blocks, do not trust the index")
        .flag("--map", options->map, "draw the map also when stdout is no terminal")
        .arguments("CID", options->cids, "datasets; default: from stdin")
        .takes_unordered()
        .example("codex-ec status zDvZRwzm...")
        .example("codex-chunk ls | codex-ec status --data --json")
        .run([options](cli::Context& context) {
            for (const char* state : {"whole", "repairable", "lost"})
                context.add_total(state, 0);
            return toolkit::for_each_dataset(context, toolkit::Access::read, "status",
                                             options->cids,
                                             [&](const dataset::Job& job, const Cid& cid) {
                                                 return status_one(context, *options, job, cid);
                                             });
        });
}

} // namespace codex::ec

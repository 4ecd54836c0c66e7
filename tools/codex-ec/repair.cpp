// codex-ec repair: every block that parity covers.
#include "base/counted.hpp"
#include "base/json_writer.hpp"
#include "commands.hpp"
#include "toolkit/loops.hpp"

#include <fmt/ranges.h>
#include <memory>

namespace codex::ec {

namespace {

using Needed = std::vector<std::pair<std::uint64_t, Cid>>;

/// The blocks that must come from somewhere else, with their CIDs; `most` of them.
Result<Needed> needed_blocks(const dataset::Job& job, const codec::Manifest& manifest,
                             const dataset::Beyond& beyond, std::size_t most) {
    CODEX_TRY(tree, job.repo.tree(manifest.tree));
    Needed needed;
    for (const std::uint64_t index :
         std::span(beyond.needed).first(std::min(most, beyond.needed.size()))) {
        Digest leaf{};
        CODEX_CHECK(tree.leaves(index, {&leaf, 1}));
        needed.emplace_back(index, Cid::block(leaf));
    }
    return needed;
}

/// [{"index":5,"cid":"zDx..."},...]
std::string needed_json(const Needed& needed) {
    JsonWriter json;
    json.begin_array();
    for (const auto& [index, cid] : needed)
        json.begin_object().member("index", index).member("cid", cid.text()).end_object();
    return std::move(json.end_array()).text();
}

/// What brings the blocks, and repairs the rest: in one line, for a shell.
Remedy way_to_needed(const Needed& needed, std::size_t all) {
    if (needed.size() == 1)
        return Remedy(Remedy::get_block,
                      "get it from a repo OTHER that has it, then repair the rest")
            .by(fmt::format("codex-chunk -r OTHER block get CID@{} | codex-chunk block put "
                            "--expires 1d; codex-ec repair CID",
                            needed.front().first));
    std::vector<std::uint64_t> indices;
    for (const auto& [index, cid] : needed)
        indices.push_back(index);
    const std::string begin = needed.size() < all ? fmt::format("get the first {}", needed.size())
                                                  : std::string("get them");
    return Remedy(Remedy::get_block,
                  fmt::format("{} from a repo OTHER that has them, then repair the rest", begin))
        .by(fmt::format("for i in {}; do codex-chunk -r OTHER block get CID@$i | codex-chunk block "
                        "put --expires 1d; done; codex-ec repair CID",
                        fmt::join(indices, " ")));
}

/// Reports that columns are beyond repair: which, and what it takes. In JSON all of it.
Result<void> report_lost(cli::Context& context, const dataset::Job& job, const Cid& cid,
                         const dataset::RepairReport& report) {
    CODEX_TRY(info, job.repo.dataset(cid));
    CODEX_TRY(layout, erasure::Layout::of(info.manifest));
    if (report.unknown_blocks != 0)
        return fail(dataset::unrepaired(info.manifest, layout, report));
    const dataset::Beyond beyond = dataset::beyond_repair(layout, report.lost_blocks);
    CODEX_TRY(named, needed_blocks(job, info.manifest, beyond, dataset::kMostNamed));
    std::string list;
    for (const auto& [index, block] : named)
        list += fmt::format("{}{} {}", list.empty() ? "" : ", ", index, block.text());
    Error error = dataset::unrepaired(info.manifest, layout, report);
    const std::string text = fmt::format("{}: {}{}", error.text(), list,
                                         named.size() < beyond.needed.size() ? ", ..." : "");
    error = Error(error.code(), text).remedy(way_to_needed(named, beyond.needed.size()));

    cli::Record more("error");
    if (context.json()) {
        JsonWriter columns;
        columns.begin_array();
        for (const auto& [column, lost] : beyond.columns)
            columns.begin_object().member("column", column).member("lost", lost).end_object();
        CODEX_TRY(needed, needed_blocks(job, info.manifest, beyond, beyond.needed.size()));
        more.json_raw("lostColumns", columns.end_array().text())
            .json_raw("neededBlocks", needed_json(needed));
    }
    context.report(cid.text(), error, more);
    return {};
}

Result<void> repair_one(cli::Context& context, const dataset::Job& job, const Cid& cid) {
    CODEX_TRY(report, dataset::repair(job, cid));
    context.inform(cid.text(),
                   fmt::format("restored {} and {}{}", counted(report.restored_data, "data block"),
                               counted(report.restored_parity, "parity block"),
                               report.tree_restored ? ", and the tree record" : ""));
    context.add_total("restoredData", report.restored_data);
    context.add_total("restoredParity", report.restored_parity);
    if (!report.lost_blocks.empty())
        return report_lost(context, job, cid, report);
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

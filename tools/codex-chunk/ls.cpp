#include "chunk.hpp"

#include "base/units.hpp"

namespace codex::chunk {

namespace {

cli::Record block_record(const repo::BlockInfo& block) {
    cli::Record record("block");
    record.field("cid", block.cid)
        .field("size", std::uint64_t{block.size_bytes})
        .field("state", block.present ? "present" : "missing")
        .field("references", block.references)
        .text(block.kept ? format_time(block.expiry) : "-")
        .json("kept", block.kept)
        .json("expiry", block.expiry)
        .json("storedBytes", std::uint64_t{block.stored_bytes});
    return record;
}

/// Prints until a write fails; gives that failure.
template <class Info, class Walk, class Describe>
Result<void> print_all(cli::Context& context, Walk walk, Describe describe) {
    Result<void> printed;
    CODEX_CHECK(walk([&](const Info& info) {
        printed = context.print(describe(info));
        return printed.has_value();
    }));
    return printed;
}

Result<int> run(cli::Context& context, bool blocks) {
    CODEX_TRY(repo, open_repo(context, Access::read));
    if (blocks)
        CODEX_CHECK(print_all<repo::BlockInfo>(
            context, [&](auto visit) { return repo.for_each_block(visit); }, block_record));
    else
        CODEX_CHECK(print_all<repo::DatasetInfo>(
            context, [&](auto visit) { return repo.for_each_dataset(visit); }, dataset_record));
    return 0;
}

} // namespace

void declare_ls(cli::Command& root) {
    const auto blocks = std::make_shared<bool>(false);
    root.command("ls", "list the datasets, or the blocks, of the repo")
        .flag("--blocks", *blocks, "every known block instead")
        .example("codex-chunk ls")
        .example("codex-chunk ls | sort -k2n | tail -n 3")
        .run([blocks](cli::Context& context) { return run(context, *blocks); });
}

} // namespace codex::chunk

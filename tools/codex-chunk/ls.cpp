#include "chunk.hpp"

namespace codex::chunk {

namespace {

/// Prints until a write fails; gives that failure.
template <class Info, class Walk, class Describe>
Result<void> print_all(cli::Context& context, Walk walk, Describe describe) {
    cli::Records records(context);
    Result<void> printed;
    CODEX_CHECK(walk([&](const Info& info) {
        printed = records.add(describe(info));
        return printed.has_value();
    }));
    CODEX_CHECK(std::move(printed));
    return records.flush();
}

Result<int> run_ls(cli::Context& context, bool blocks) {
    CODEX_TRY(repo, open_repo(context, Access::read));
    context.add_total("bytes", 0);
    if (blocks) {
        CODEX_CHECK(print_all<repo::BlockInfo>(
            context, [&](auto visit) { return repo.for_each_block(visit); },
            [&](const repo::BlockInfo& block) {
                context.add_total("bytes", block.present ? block.size_bytes : 0);
                return block_record(block);
            }));
        return 0;
    }
    CODEX_CHECK(print_all<repo::DatasetInfo>(
        context, [&](auto visit) { return repo.for_each_dataset(visit); },
        [&](const repo::DatasetInfo& dataset) {
            context.add_total("bytes", dataset.manifest.content_size_bytes());
            return dataset_record(dataset);
        }));
    CODEX_CHECK(print_all<repo::PartialInfo>(
        context, [&](auto visit) { return repo.for_each_partial(visit); },
        [&](const repo::PartialInfo& partial) {
            context.add_total("bytes", held_bytes(partial));
            return partial_record(partial);
        }));
    return 0;
}

} // namespace

void declare_ls(cli::Command& root) {
    const auto blocks = std::make_shared<bool>(false);
    root.command("ls", "list the datasets, or the blocks, of the repo")
        .flag("--blocks", *blocks, "every known block instead")
        .example("codex-chunk ls")
        .example("codex-chunk ls | sort -k2n | tail -n 3")
        .run([blocks](cli::Context& context) { return run_ls(context, *blocks); });
}

} // namespace codex::chunk

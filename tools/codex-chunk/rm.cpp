#include "chunk.hpp"

namespace codex::chunk {

namespace {

Result<void> print_removed(cli::Context& context, const std::string& item, std::uint64_t bytes) {
    context.add_total("bytes", bytes);
    cli::Record record("removed");
    record.field("cid", item)
        .text(context.dry_run() ? "would-remove" : "removed")
        .field("size", bytes)
        .json("dryRun", context.dry_run());
    return context.print(record);
}

/// The block stays known, so that it shows as missing and can be repaired.
Result<void> forget_block(cli::Context& context, repo::Repo& repo, const Address& address) {
    CODEX_TRY(cid, block_cid(repo, address));
    if (cid.is_empty_block())
        return fail(Errc::unsupported, "is padding, which is never stored");
    CODEX_TRY(block, repo.stat(cid));
    if (!block || !block->present)
        return fail(Errc::block_not_found, "its block {} is missing already", cid.text());
    if (!context.dry_run())
        CODEX_CHECK(repo.drop_bytes({&cid, 1}));
    return print_removed(context, fmt::format("{}@{}", address.cid.text(), *address.index),
                         block->size_bytes);
}

Result<void> remove_dataset(cli::Context& context, repo::Repo& repo, const Cid& cid) {
    auto dataset = repo.dataset(cid);
    std::uint64_t bytes = 0;
    if (!dataset && dataset.error().code() == Errc::dataset_partial) {
        CODEX_TRY(partial, repo.partial(cid));
        bytes = held_bytes(partial);
    } else if (!dataset) {
        return fail(std::move(dataset).error());
    } else {
        bytes = dataset->manifest.content_size_bytes();
    }
    if (!context.dry_run())
        CODEX_CHECK(repo.remove_dataset(cid));
    return print_removed(context, cid.text(), bytes);
}

Result<int> run_rm(cli::Context& context, const std::vector<std::string>& items) {
    const auto remove = [&](repo::Repo& repo, const std::string& item, Progress&) -> Result<void> {
        CODEX_TRY(address, parse_address(repo, item, repo::Named::dataset));
        if (address.index)
            return forget_block(context, repo, address);
        return remove_dataset(context, repo, address.cid);
    };
    const Access access = context.dry_run() ? Access::read : Access::write;
    context.add_total("bytes", 0);
    return for_each_input(context, access, "rm", listed(items), remove);
}

} // namespace

void declare_rm(cli::Command& root) {
    const auto items = std::make_shared<std::vector<std::string>>();
    root.command("rm", "remove datasets, or the bytes of single blocks")
        .arguments("CID", *items, "CID@INDEX: only that block's bytes; - or nothing: from stdin")
        .takes_dry_run()
        .example("codex-chunk rm zDvZ...")
        .example("codex-chunk ls | grep '\\.log$' | codex-chunk rm -n")
        .run([items](cli::Context& context) { return run_rm(context, *items); });
}

} // namespace codex::chunk

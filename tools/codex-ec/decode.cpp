// codex-ec decode: protected datasets back to plain ones.
#include "commands.hpp"
#include "toolkit/loops.hpp"

#include <memory>

namespace codex::ec {

namespace {

struct DecodeOptions {
    cli::ExpiryValue expires;
    std::vector<std::string> cids;
};

Result<int> decode(cli::Context& context, const DecodeOptions& options) {
    std::optional<std::uint64_t> expiry;
    if (options.expires.given)
        expiry = options.expires.unix_seconds;
    context.add_total("bytes", 0);
    return toolkit::for_each_dataset(
        context, toolkit::Access::write, "decode", options.cids,
        [&](const dataset::Job& job, const Cid& protected_dataset) -> Result<void> {
            CODEX_TRY(cid, dataset::decode(job, protected_dataset, expiry));
            CODEX_TRY(info, job.repo.dataset(cid));
            context.add_total("bytes", info.manifest.dataset_size_bytes);
            return context.print(cli::Record("decoded")
                                     .field("cid", cid)
                                     .json("protected", protected_dataset)
                                     .json("treeCid", info.manifest.tree)
                                     .json("datasetSize", info.manifest.dataset_size_bytes)
                                     .json("expiry", info.expiry));
        });
}

} // namespace

void declare_decode(cli::Command& root) {
    auto options = std::make_shared<DecodeOptions>();
    root.command("decode", "make the plain datasets again; prints their CIDs")
        .option("--expires WHEN", options->expires,
                "keep until then; default: as long as the protected dataset")
        .arguments("CID", options->cids, "protected datasets; default: from stdin")
        .takes_unordered()
        .example("codex-ec decode zDvZRwzm...")
        .example("codex-ec decode zDvZRwzm... | xargs codex-chunk get -o photos.tar")
        .run([options](cli::Context& context) { return decode(context, *options); });
}

} // namespace codex::ec

// codex-ec verify: every byte read, all parity computed again and compared.
#include "base/counted.hpp"
#include "commands.hpp"
#include "toolkit/loops.hpp"

#include <memory>

namespace codex::ec {

namespace {

void add(std::string& text, std::uint64_t count, std::string_view what) {
    if (count != 0)
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ",
                            counted(count, "block is", "blocks are"), what);
}

/// What is wrong, in one line, and the way out.
Result<Error> verdict(const dataset::Job& job, const dataset::Verification& found) {
    std::string text;
    add(text, found.health.missing.size(), "missing");
    add(text, found.health.damaged.size(), "damaged");
    if (found.health.tree_damaged)
        text += text.empty() ? "its tree record is damaged" : ", its tree record is damaged";
    if (!text.empty()) {
        CODEX_TRY(way, dataset::way_back(job, found.health));
        return Error(Errc::dataset_damaged, std::move(text)).way_out_of(way);
    }
    const codec::ErasureInfo& code = *found.health.manifest.erasure; // else there is no more to it
    if (!found.original_tree_matches)
        return Error(Errc::dataset_damaged,
                     "its data blocks are not those of the dataset it says it protects")
            .remedy(
                Remedy(Remedy::encode_dataset, "do not rely on it; encode the plain dataset again")
                    .by(fmt::format("codex-ec encode -k {} -m {} PLAIN", code.k, code.m)));
    return Error(Errc::dataset_damaged, fmt::format("{}, from block {} on, not what its data gives",
                                                    counted(found.wrong_parity.size(),
                                                            "parity block is", "parity blocks are"),
                                                    found.wrong_parity.front()))
        .remedy(Remedy(Remedy::decode_dataset, "do not rely on it; decode it and encode it again")
                    .by(fmt::format("codex-ec decode CID | codex-ec encode -k {} -m {}", code.k,
                                    code.m)));
}

Result<void> verify_one(cli::Context& context, const dataset::Job& job, const Cid& cid) {
    CODEX_TRY(found, dataset::verify(job, cid));
    if (!found.right()) {
        CODEX_TRY(wrong, verdict(job, found));
        return fail(std::move(wrong));
    }
    const codec::Manifest& manifest = found.health.manifest;
    context.add_total("blocks", found.health.blocks);
    context.add_total("bytes", manifest.dataset_size_bytes);
    return context.print(cli::Record("verified")
                             .field("cid", cid)
                             .json("blocks", found.health.blocks)
                             .json("datasetSize", manifest.dataset_size_bytes)
                             .json("protected", manifest.is_protected()));
}

} // namespace

void declare_verify(cli::Command& root) {
    auto cids = std::make_shared<std::vector<std::string>>();
    root.command("verify", "read all blocks and code them again; prints the CIDs that are right")
        .arguments("CID", *cids, "datasets; default: from stdin")
        .takes_unordered()
        .example("codex-ec verify zDvZRwzm...")
        .example("codex-chunk ls | codex-ec verify")
        .run([cids](cli::Context& context) {
            for (const char* name : {"blocks", "bytes"})
                context.add_total(name, 0);
            return toolkit::for_each_dataset(context, toolkit::Access::read, "verify", *cids,
                                             [&](const dataset::Job& job, const Cid& cid) {
                                                 return verify_one(context, job, cid);
                                             });
        });
}

} // namespace codex::ec

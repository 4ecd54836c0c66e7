// codex-prove slots: protected datasets to verifiable ones.
#include "commands.hpp"
#include "session.hpp"

#include <fmt/ranges.h>
#include <memory>

namespace codex::prove_tool {

namespace {

struct SlotsOptions {
    bool check = false;
    cli::SizeValue cell_size;
    std::string strategy = "linear";
    cli::ExpiryValue expires;
    std::vector<std::string> cids;
};

Result<void> check_one(cli::Context& context, const dataset::Job& job, const Cid& cid) {
    CODEX_TRY(wrong, proof::check_slots(job, cid));
    if (!wrong.empty())
        return fail(Error(Errc::dataset_damaged,
                          fmt::format("the blocks of slot {} do not give the root that the "
                                      "manifest lists",
                                      fmt::join(wrong, ", ")))
                        .remedy({Remedy::recompute_slots,
                                 "do not rely on this manifest; make a right one of the protected "
                                 "dataset"}));
    return context.print(cli::Record("checked").field("cid", cid));
}

Result<void> build_one(cli::Context& context, const SlotsOptions& options, const dataset::Job& job,
                       const Cid& cid) {
    proof::SlotsOptions wanted;
    if (options.cell_size.given) {
        if (options.cell_size.bytes == 0 || options.cell_size.bytes > codec::kMaxBlockSizeBytes)
            return fail(Errc::usage, "--cell-size: {} is not between 1 and {} bytes",
                        options.cell_size.bytes, codec::kMaxBlockSizeBytes);
        wanted.cell_size_bytes = static_cast<std::uint32_t>(options.cell_size.bytes);
    }
    if (options.strategy == "stepped")
        wanted.strategy = codec::Strategy::stepped;
    if (options.expires.given)
        wanted.expiry = options.expires.unix_seconds;
    CODEX_TRY(built, proof::build_slots(job, cid, wanted));
    const codec::VerificationInfo& info = *built.verifiable.erasure->verification;
    context.add_total("slots", info.slot_roots.size());
    context.add_total("computedSlots", built.computed_slots);
    return context.print(cli::Record("slots")
                             .field("cid", built.manifest)
                             .json("protected", cid)
                             .json("verifyRoot", info.verify_root)
                             .json("slots", std::uint64_t{info.slot_roots.size()})
                             .json("computedSlots", std::uint64_t{built.computed_slots}));
}

} // namespace

void declare_slots(cli::Command& root) {
    auto options = std::make_shared<SlotsOptions>();
    root.command("slots", "compute the slot trees; prints the verifiable datasets' CIDs")
        .flag("--check", options->check,
              "of verifiable datasets: compute all again and compare, store nothing")
        .option("--cell-size SIZE", options->cell_size, "bytes a proof samples, 2048")
        .choice("--strategy", options->strategy, {"linear", "stepped"}, "which blocks a slot has")
        .option("--expires WHEN", options->expires,
                "keep until then; default: as long as the protected dataset")
        .arguments("CID", options->cids, "protected datasets; default: from stdin")
        .takes_unordered()
        .example("codex-prove slots zDvZRwzm...")
        .example("codex-chunk put photos.tar | codex-ec encode -k 4 -m 2 | codex-prove slots")
        .run([options](cli::Context& context) {
            return toolkit::for_each_dataset(
                context, options->check ? toolkit::Access::read : toolkit::Access::write, "slots",
                options->cids, [&](const dataset::Job& job, const Cid& cid) {
                    return options->check ? check_one(context, job, cid)
                                          : build_one(context, *options, job, cid);
                });
        });
}

} // namespace codex::prove_tool

// codex-ec encode: plain datasets to protected ones.
#include "commands.hpp"
#include "coverage_text.hpp"
#include "erasure/shape.hpp"
#include "toolkit/input.hpp"
#include "toolkit/loops.hpp"

#include <algorithm>
#include <bit>
#include <memory>

namespace codex::ec {

namespace {

struct EncodeOptions {
    std::optional<std::uint64_t> k, m, nodes, tolerance;
    cli::ExpiryValue expires;
    std::vector<std::string> cids;
};

/// The options that are missing, so that what was given makes sense.
std::string missing_options(const EncodeOptions& options) {
    if (options.k && !options.m && !options.nodes && !options.tolerance)
        return fmt::format("-m {}", std::clamp<std::uint64_t>(*options.k / 2, 1, 2));
    if (options.m && !options.k && !options.nodes && !options.tolerance)
        return fmt::format("-k {}", std::max<std::uint64_t>(2 * *options.m, 2));
    if (options.nodes && !options.tolerance && !options.k && !options.m)
        return "--tolerance 1";
    if (options.tolerance && !options.nodes && !options.k && !options.m)
        return fmt::format("--nodes {}", 3 * *options.tolerance);
    return "-k 4 -m 2";
}

/// The command as it was meant, with the datasets that were named.
Remedy way_to_shape(const cli::Context& context, const EncodeOptions& options) {
    const bool mixed = (options.k || options.m) && (options.nodes || options.tolerance);
    std::string datasets;
    for (const std::string& cid : options.cids)
        if (cid.find_first_not_of("0123456789") != std::string::npos) // else it is a k or an m
            datasets += " " + toolkit::typed(cid);
    return Remedy(Remedy::retry_command)
        .by(fmt::format("{} {}{}", mixed ? "codex-ec encode" : context.command_with_options(),
                        missing_options(options), datasets.empty() ? " CID" : datasets));
}

Result<erasure::Shape> shape_of(const cli::Context& context, const EncodeOptions& options) {
    const bool shape = options.k && options.m && !options.nodes && !options.tolerance;
    const bool nodes = options.nodes && options.tolerance && !options.k && !options.m;
    if (!shape && !nodes)
        return fail(Error(Errc::usage, "either -k and -m or --nodes and --tolerance are needed")
                        .remedy(way_to_shape(context, options)));
    return shape ? erasure::Shape::create(*options.k, *options.m)
                 : erasure::Shape::for_nodes(*options.nodes, *options.tolerance);
}

/// The protected dataset's line, and a warning where m slots are more than may be lost here.
Result<void> tell(cli::Context& context, const dataset::Job& job, const Cid& plain,
                  const repo::DatasetInfo& info) {
    const codec::Manifest& manifest = info.manifest;
    const std::uint64_t m = manifest.erasure->m;
    CODEX_TRY(coverage, dataset::coverage(job, manifest));
    if (coverage.any_slots < m)
        context.warn(info.cid.text(), shortfall(manifest, coverage));
    context.add_total("bytes", manifest.dataset_size_bytes);
    cli::Record record("encoded");
    record.field("cid", info.cid)
        .json("plain", plain)
        .json("treeCid", manifest.tree)
        .json("k", std::uint64_t{manifest.erasure->k})
        .json("m", m)
        .json("blocks", manifest.blocks_count())
        .json("expiry", info.expiry);
    return context.print(with_coverage(record, coverage));
}

/// The error of a dataset that has not enough blocks, with what makes a protected one of it all the
/// same: as many data blocks as it has, or smaller blocks.
Error with_ways(Error error, const codec::Manifest& manifest, const erasure::Shape& shape) {
    constexpr std::uint64_t kUnit = 64; // of block sizes that can be coded (codex-erasure(5))
    const std::uint64_t blocks = manifest.blocks_count();
    const std::uint64_t most = (manifest.content_size_bytes() - 1) / (shape.k() - 1);
    const bool can_be_cut = most >= kUnit;
    if (blocks > 1 || !can_be_cut)
        error = std::move(error).remedy(
            Remedy(Remedy::encode_dataset, "as many data blocks as it has")
                .by(fmt::format("codex-ec encode -k {} -m {} CID", blocks,
                                std::min<std::uint64_t>(blocks, shape.m()))));
    if (!can_be_cut)
        return error;
    return std::move(error).remedy(
        Remedy(Remedy::put_dataset, "or in smaller blocks")
            .by(fmt::format("codex-chunk get CID | codex-chunk put --block-size {} - | codex-ec "
                            "encode -k {} -m {}",
                            std::bit_floor(most), shape.k(), shape.m())));
}

Result<int> encode(cli::Context& context, const EncodeOptions& options) {
    // Before any dataset is looked at: it is not about them.
    CODEX_TRY(shape, shape_of(context, options));
    std::optional<std::uint64_t> expiry;
    if (options.expires.given)
        expiry = options.expires.unix_seconds;
    context.add_total("bytes", 0);
    return toolkit::for_each_dataset(
        context, toolkit::Access::write, "encode", options.cids,
        [&](const dataset::Job& job, const Cid& plain) -> Result<void> {
            auto cid = dataset::encode(job, plain, shape, expiry);
            if (!cid && cid.error().code() == Errc::erasure_too_few) {
                CODEX_TRY(of, job.repo.dataset(plain));
                return fail(with_ways(std::move(cid).error(), of.manifest, shape));
            }
            if (!cid)
                return fail(std::move(cid).error());
            CODEX_TRY(info, job.repo.dataset(*cid));
            return tell(context, job, plain, info);
        });
}

} // namespace

void declare_encode(cli::Command& root) {
    auto options = std::make_shared<EncodeOptions>();
    root.command("encode", "add parity to plain datasets; prints the protected datasets' CIDs")
        .option("-k K", options->k, "data blocks of a column")
        .option("-m M", options->m, "parity blocks of a column: how many may be lost")
        .option("--nodes N", options->nodes, "storage nodes, k + m: an other way to say k")
        .option("--tolerance T", options->tolerance, "nodes that may be lost, m")
        .option("--expires WHEN", options->expires,
                "keep until then; default: as long as the plain dataset")
        .arguments("CID", options->cids, "plain datasets; default: from stdin")
        .takes_unordered()
        .example("codex-ec encode -k 4 -m 2 zDvZRwzm...")
        .example("codex-chunk put photos.tar | codex-ec encode --nodes 15 --tolerance 5")
        .run([options](cli::Context& context) { return encode(context, *options); });
}

} // namespace codex::ec

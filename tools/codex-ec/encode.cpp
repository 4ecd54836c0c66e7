// codex-ec encode: plain datasets to protected ones.
#include "base/counted.hpp"
#include "commands.hpp"
#include "coverage_text.hpp"
#include "erasure/code.hpp"
#include "toolkit/loops.hpp"

#include <memory>

namespace codex::ec {

namespace {

struct Options {
    std::optional<std::uint64_t> k, m, nodes, tolerance;
    cli::ExpiryValue expires;
    std::vector<std::string> cids;
};

/// The limits of a storage request: nodes = k + m, tolerance = m (codex-erasure(5), LIMITS).
Result<dataset::EncodeOptions> from_nodes(std::uint64_t nodes, std::uint64_t tolerance) {
    if (tolerance == 0)
        return fail(Error(Errc::erasure_parameters, "--tolerance 0: no loss would be survived")
                        .hint("--tolerance is at least 1"));
    if (nodes > UINT32_MAX || tolerance >= nodes || nodes - tolerance < 2)
        return fail(
            Error(Errc::erasure_parameters,
                  fmt::format("--nodes {} --tolerance {}: fewer than 2 nodes would hold data",
                              nodes, tolerance))
                .hint(fmt::format("--nodes is at least {} with this tolerance",
                                  tolerance > 1 ? "twice the tolerance" : "3")));
    if (nodes - tolerance < tolerance)
        return fail(Error(Errc::erasure_parameters,
                          fmt::format("--nodes {} --tolerance {}: more than half may not be lost",
                                      nodes, tolerance))
                        .hint(fmt::format("--tolerance is at most {} with {}", nodes / 2,
                                          counted(nodes, "node"))));
    return dataset::EncodeOptions{.k = static_cast<std::uint32_t>(nodes - tolerance),
                                  .m = static_cast<std::uint32_t>(tolerance)};
}

Result<dataset::EncodeOptions> from_shape(std::uint64_t k, std::uint64_t m) {
    // The code has its own limits, but not these two.
    if (m == 0)
        return fail(Error(Errc::erasure_parameters, "-m 0: without parity nothing is protected")
                        .hint("-m is at least 1"));
    if (k > UINT32_MAX || m > UINT32_MAX)
        return fail(Error(Errc::erasure_parameters,
                          fmt::format("-k {} -m {}: k + m is more than 65536", k, m))
                        .hint("a column has at most 65536 blocks"));
    return dataset::EncodeOptions{.k = static_cast<std::uint32_t>(k),
                                  .m = static_cast<std::uint32_t>(m)};
}

Result<dataset::EncodeOptions> parameters(const Options& options) {
    const bool shape = options.k && options.m && !options.nodes && !options.tolerance;
    const bool nodes = options.nodes && options.tolerance && !options.k && !options.m;
    if (!shape && !nodes)
        return fail(Error(Errc::usage, "either -k and -m or --nodes and --tolerance are needed")
                        .hint("for example: codex-ec encode -k 4 -m 2 CID"));
    CODEX_TRY(wanted, shape ? from_shape(*options.k, *options.m)
                            : from_nodes(*options.nodes, *options.tolerance));
    // Before any dataset is looked at: it is not about them.
    CODEX_CHECK(erasure::Code::create(wanted.k, wanted.m));
    return wanted;
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

Result<int> encode(cli::Context& context, const Options& options) {
    CODEX_TRY(wanted, parameters(options));
    if (options.expires.given)
        wanted.expiry = options.expires.unix_seconds;
    context.add_total("bytes", 0);
    return toolkit::for_each_dataset(
        context, toolkit::Access::write, "encode", options.cids,
        [&](const dataset::Job& job, const Cid& plain) -> Result<void> {
            CODEX_TRY(cid, dataset::encode(job, plain, wanted));
            CODEX_TRY(info, job.repo->dataset(cid));
            return tell(context, job, plain, info);
        });
}

} // namespace

void declare_encode(cli::Command& root) {
    auto options = std::make_shared<Options>();
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

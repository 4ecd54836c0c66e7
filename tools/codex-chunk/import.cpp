#include "chunk.hpp"

#include "base/counted.hpp"
#include "base/printable.hpp"
#include "toolkit/input.hpp"

#include <algorithm>

namespace codex::chunk {

namespace {

struct Import {
    std::vector<std::string> files;
    cli::ExpiryValue expires;
    std::optional<std::string> from_nim;
};

/// How a dataset of a node's folder is completed whose order is not known; its manifest and blocks
/// are here.
Remedy way_for_unordered(const repo::Repo& repo, const Cid& cid) {
    const auto bytes = repo.get(cid);
    const auto manifest = bytes ? codec::decode_manifest(*bytes)
                                : Result<codec::Manifest>(fail(Errc::block_not_found));
    if (manifest && manifest->is_verifiable())
        return {Remedy::import_dataset, "its blocks are imported; an archive of it, made where it "
                                        "is whole, completes it"};
    if (manifest && manifest->is_protected())
        return Remedy(Remedy::encode_dataset,
                      "its blocks are imported; the file that was encoded completes it")
            .by(fmt::format("codex-chunk put FILE | codex-ec encode -k {} -m {}",
                            manifest->erasure->k, manifest->erasure->m));
    return {Remedy::put_dataset,
            "its blocks are imported; the file, or an archive of the dataset, completes it"};
}

/// What one import gave, after the CIDs that were printed as they became durable.
void take_note(cli::Context& context, const repo::Repo& repo, const dataset::ImportReport& report) {
    context.add_total("datasets", report.datasets.size());
    context.add_total("blocks", report.blocks);
    context.add_total("looseBlocks", report.loose_blocks);
    for (const Cid& cid : report.unordered)
        context.report(cid.text(),
                       Error(Errc::dataset_damaged, "the order of its blocks is not known")
                           .remedy(way_for_unordered(repo, cid)));
    for (const Error& problem : report.problems)
        context.report(problem);
    if (report.loose_blocks > 0)
        context.inform(fmt::format("{} to no dataset that was imported",
                                   counted(report.loose_blocks, "block belongs", "blocks belong")));
}

Result<dataset::ImportReport> import_file(const dataset::Job& job, const std::string& file,
                                          std::uint64_t expiry,
                                          const std::function<void(const Cid&)>& on_dataset) {
    CODEX_TRY(input, toolkit::open_input(
                         file, Remedy(Remedy::import_dataset, "read it as a node's data folder")
                                   .by(fmt::format("codex-chunk import --from-nim {}",
                                                   shell_quoted(file)))));
    CODEX_TRY(source, input.source());
    return dataset::import_car(job, source, expiry, on_dataset);
}

/// Of what is no archive: what import takes, and where the rest goes.
Error named_archive(const std::string& file, Error error) {
    const bool none =
        !error.has_way_out() || std::ranges::any_of(error.remedies(), [](const Remedy& remedy) {
            return remedy.action() == Remedy::export_dataset;
        });
    if (error.code() != Errc::car_invalid || !none)
        return error;
    return std::move(error)
        .hint("import takes CAR archives, zstd or not, as export makes them")
        .remedy(Remedy(Remedy::put_dataset, "a file is stored so")
                    .by(fmt::format("codex-chunk put {}", toolkit::typed(file))));
}

Result<void> import_one(cli::Context& context, const Import& given, const dataset::Job& job,
                        const std::string& file) {
    const std::uint64_t expiry = expiry_of(context, given.expires, job.repo);
    Result<void> printed;
    const auto print = [&](const Cid& cid) {
        if (printed)
            printed = context.print(cli::Record("dataset").field("cid", cid));
    };
    auto report = given.from_nim ? dataset::import_nim(job, *given.from_nim, expiry, print)
                                 : import_file(job, file, expiry, print);
    if (!report)
        return fail(named_archive(file, std::move(report).error()));
    take_note(context, job.repo, *report);
    return printed;
}

Result<int> run_import(cli::Context& context, const Import& given) {
    if (given.from_nim && !given.files.empty())
        return fail(Errc::usage, "--from-nim reads a folder: no FILE goes with it");
    std::vector<std::string> sources;
    if (given.from_nim) {
        sources = {*given.from_nim};
    } else {
        CODEX_SET(sources,
                  files_or_stdin(given.files, "import", "name an archive, or pipe one in"));
    }
    for (const char* name : {"datasets", "blocks", "looseBlocks"})
        context.add_total(name, 0);
    return for_each_input(
        context, Access::create, "import", cli::Inputs::exactly(std::move(sources)),
        [&](repo::Repo& repo, const std::string& file, Progress& progress) {
            return import_one(context, given, {repo, {context.pool(), progress}}, file);
        });
}

} // namespace

void declare_import(cli::Command& root) {
    const auto given = std::make_shared<Import>();
    root.command("import", "read CAR archives, or a reference node's folder, checking every hash")
        .arguments("FILE", given->files, "archives, zstd or not; - or nothing: stdin")
        .option("--expires", given->expires, "when gc may remove the datasets; default: the repo's")
        .option("--from-nim DIR", given->from_nim, "data folder of a reference node")
        .takes_unordered()
        .example("codex-chunk import photos.car.zst")
        .example("ssh host codex-chunk export zDvZ... | codex-chunk import")
        .run([given](cli::Context& context) { return run_import(context, *given); });
}

} // namespace codex::chunk

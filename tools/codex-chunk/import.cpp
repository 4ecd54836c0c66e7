#include "chunk.hpp"

#include "base/fd.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace codex::chunk {

namespace {

struct Import {
    std::vector<std::string> files;
    cli::ExpiryValue expires;
    std::optional<std::string> from_nim;
};

/// What one import gave, after the CIDs that were printed as they became durable.
Result<void> finish(cli::Context& context, const dataset::ImportReport& report) {
    for (const Cid& cid : report.unordered)
        context.report(cid.text(),
                       Error(Errc::dataset_damaged, "the order of its blocks is not known")
                           .hint("its blocks are imported; 'codex-chunk put' of the file, or an "
                                 "archive of the dataset, completes it"));
    for (const Error& problem : report.problems)
        context.report(problem);
    if (context.json())
        return context.print(cli::Record("summary")
                                 .json("datasets", std::uint64_t{report.datasets.size()})
                                 .json("blocks", report.blocks)
                                 .json("looseBlocks", report.loose_blocks)
                                 .json("milliseconds", context.elapsed_ms()));
    if (report.loose_blocks > 0)
        context.inform(
            fmt::format("{} blocks belong to no dataset that was imported", report.loose_blocks));
    return {};
}

Result<dataset::ImportReport> import_file(const dataset::Job& job, const std::string& file,
                                          std::uint64_t expiry,
                                          const std::function<void(const Cid&)>& on_dataset) {
    if (file == "-")
        return dataset::import_car(job, STDIN_FILENO, "stdin", expiry, on_dataset);
    CODEX_TRY(fd, open_file(file, O_RDONLY));
    return dataset::import_car(job, fd.get(), file, expiry, on_dataset);
}

Result<int> run(cli::Context& context, const Import& given) {
    std::vector<std::string> files = given.files;
    if (given.from_nim && !files.empty())
        return fail(Errc::usage, "--from-nim reads a folder: no FILE goes with it");
    if (!given.from_nim && files.empty()) {
        if (::isatty(STDIN_FILENO) == 1)
            return fail(
                Error(Errc::usage, "nothing to import").hint("name an archive, or pipe one in"));
        files.emplace_back("-");
    }
    CODEX_TRY(repo, open_repo(context, Access::create));
    const std::uint64_t expiry = expiry_of(given.expires, repo);
    Progress progress;
    const auto view = context.show(progress, "import");
    const dataset::Job job{&repo, &context.pool(), &progress};
    Result<void> printed;
    const auto print = [&](const Cid& cid) {
        if (printed)
            printed = context.print(cli::Record("dataset").field("cid", cid));
    };
    if (given.from_nim) {
        CODEX_TRY(report, dataset::import_nim(job, *given.from_nim, expiry, print));
        CODEX_CHECK(finish(context, report));
    }
    for (const std::string& file : files) {
        auto report = import_file(job, file, expiry, print);
        if (report)
            CODEX_CHECK(finish(context, *report));
        else if (!context.report(file == "-" ? "stdin" : file, std::move(report).error()))
            break;
    }
    CODEX_CHECK(std::move(printed));
    return context.exit_code();
}

} // namespace

void declare_import(cli::Command& root) {
    const auto given = std::make_shared<Import>();
    root.command("import", "read CAR archives, or a reference node's folder, checking every hash")
        .arguments("FILE", given->files, "archives, zstd or not; - or nothing: stdin")
        .option("--expires", given->expires, "when gc may remove the datasets; default: the repo's")
        .option("--from-nim DIR", given->from_nim, "data folder of a reference node")
        .example("codex-chunk import photos.car.zst")
        .example("ssh host codex-chunk export zDvZ... | codex-chunk import")
        .run([given](cli::Context& context) { return run(context, *given); });
}

} // namespace codex::chunk

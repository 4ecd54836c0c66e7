#include "chunk.hpp"

#include "toolkit/output.hpp"

#include <unistd.h>

namespace codex::chunk {

namespace {

struct Export {
    std::vector<std::string> cids;
    bool zstd = false;
    std::optional<std::string> to_nim;
};

/// All of them: half of a list makes an archive that nobody asked for, so a bad one ends it.
Result<std::vector<std::string>> names_of(const Export& given) {
    std::vector<std::string> names;
    cli::Inputs inputs(given.cids, STDIN_FILENO);
    for (;;) {
        CODEX_TRY(item, inputs.next());
        if (!item)
            return names;
        names.push_back(std::move(*item));
    }
}

Result<std::vector<Cid>> manifests_of(cli::Context& context, const repo::Repo& repo,
                                      const std::vector<std::string>& names) {
    std::vector<Cid> manifests;
    for (const std::string& name : names) {
        auto cid = repo.named(name, repo::Named::dataset);
        if (!cid) {
            context.about(name);
            return fail(repo.explain(name, std::move(cid).error()));
        }
        manifests.push_back(*cid);
    }
    return manifests;
}

/// The dataset that an error is about: the one that its text names, else the only one.
void tell_subject(cli::Context& context, const std::vector<Cid>& manifests, const Error& error) {
    for (const Cid& manifest : manifests)
        if (manifests.size() == 1 || error.text().find(manifest.text()) != std::string::npos)
            return context.about(manifest.text());
}

Result<std::uint64_t> write_nim(cli::Context& context, const dataset::Job& job,
                                const std::vector<Cid>& manifests, const std::string& folder) {
    std::vector<Cid> unordered;
    auto files = dataset::export_nim(job, manifests, folder,
                                     [&](const Cid& cid) { unordered.push_back(cid); });
    if (!files) {
        tell_subject(context, manifests, files.error());
        return files;
    }
    for (const Cid& cid : unordered) {
        CODEX_TRY(info, job.repo.dataset(cid));
        context.warn(cid.text(),
                     fmt::format("the order of a {} dataset's blocks is not in such a folder, and "
                                 "import does not find it{}; to send it to another repo, make an "
                                 "archive: codex-chunk export CID -o ARCHIVE",
                                 info.manifest.is_protected() ? "protected" : "plain",
                                 info.manifest.is_protected() ? "" : " for this one"));
    }
    return files;
}

Result<int> run_export(cli::Context& context, const Export& given) {
    CODEX_TRY(names, names_of(given));
    if (names.empty())
        return fail(Errc::usage, "no dataset is named");
    CODEX_TRY(repo, open_repo(context, Access::read));
    CODEX_TRY(manifests, manifests_of(context, repo, names));
    Progress progress;
    const auto view = context.show(progress, "export");
    const dataset::Job job{repo, {context.pool(), progress}};
    context.add_total("datasets", manifests.size());
    if (given.to_nim) {
        if (given.zstd || !context.output_path().empty())
            return fail(Errc::usage, "--to-nim writes a folder: --zst and -o do not go with it");
        CODEX_CHECK(context.require_outside_of_repo(*given.to_nim));
        CODEX_TRY(files, write_nim(context, job, manifests, *given.to_nim));
        cli::Record record("exported");
        record.field("path", *given.to_nim).field("files", files);
        CODEX_CHECK(context.print(record));
        return 0;
    }
    CODEX_TRY(sink, toolkit::binary_sink(context));
    auto done = dataset::export_car(job, manifests, sink, given.zstd);
    if (!done) {
        tell_subject(context, manifests, done.error());
        return fail(std::move(done).error());
    }
    return 0;
}

} // namespace

void declare_export(cli::Command& root) {
    const auto given = std::make_shared<Export>();
    root.command("export", "write datasets as one CAR archive, or as a reference node's folder")
        .arguments("CID", given->cids, "datasets; - or nothing: from stdin")
        .flag("--zst", given->zstd, "compress with zstd")
        .option("--to-nim DIR", given->to_nim, "block files as the reference node lays them out")
        .takes_output()
        .example("codex-chunk export zDvZ... --zst -o photos.car.zst")
        .example("codex-chunk export zDvZ... | ssh host codex-chunk import")
        .run([given](cli::Context& context) { return run_export(context, *given); });
}

} // namespace codex::chunk

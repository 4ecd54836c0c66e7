#include "chunk.hpp"

#include "base/counted.hpp"
#include "base/printable.hpp"
#include "codec/media_type.hpp"
#include "toolkit/input.hpp"

namespace codex::chunk {

namespace {

struct Put {
    std::vector<std::string> files;
    std::optional<std::string> name;
    std::optional<std::string> mime;
    cli::SizeValue block_size;
    std::optional<std::uint64_t> compress;
    cli::ExpiryValue expires;
    std::string label;
    std::string layout = "classic";
};

Result<dataset::PutOptions> options_of(const Put& put) {
    dataset::PutOptions options;
    if (put.name) {
        CODEX_CHECK(codec::check_filename(*put.name));
        options.filename = put.name;
    }
    if (put.mime) {
        CODEX_CHECK(codec::check_media_type(*put.mime));
        options.mimetype = put.mime;
    }
    if (put.block_size.given) {
        if (put.block_size.bytes == 0 || put.block_size.bytes > codec::kMaxBlockSizeBytes)
            return fail(Errc::usage, "--block-size: {} is not between 1 and {} bytes",
                        put.block_size.bytes, codec::kMaxBlockSizeBytes);
        options.block_size_bytes = static_cast<std::uint32_t>(put.block_size.bytes);
    }
    CODEX_CHECK(repo::check_label(put.label));
    options.label = put.label;
    if (put.layout == "v0-2026")
        options.layout = codec::ManifestLayout::v0_2026;
    return options;
}

Remedy way_for_folder(const std::string& folder) {
    return Remedy(Remedy::put_dataset, "store it as one file")
        .by(fmt::format("tar c {} | codex-chunk put -", shell_quoted(folder)));
}

Result<void> put_one_file(cli::Context& context, const dataset::Job& job, const std::string& file,
                          const dataset::PutOptions& options, bool named) {
    CODEX_TRY(input, toolkit::open_input(file, way_for_folder(file)));
    CODEX_TRY(source, input.source());
    CODEX_TRY(result, dataset::put(job, source, options));
    if (result.announced_bytes != 0 && result.announced_bytes != result.size_bytes)
        context.warn(input.name, fmt::format("had {} when it was opened, {} read and stored",
                                             counted(result.announced_bytes, "byte"),
                                             counted(result.size_bytes, "byte was", "bytes were")));
    context.add_total("datasets", 1);
    context.add_total("bytes", result.size_bytes);
    context.add_total("newBytes", result.new_bytes);
    cli::Record record("dataset");
    record.field("cid", result.manifest);
    if (named)
        record.text(file);
    record.json("file", file)
        .json("treeCid", result.tree)
        .json("datasetSize", result.size_bytes)
        .json("blocks", result.blocks)
        .json("newBytes", result.new_bytes);
    return context.print(record);
}

Result<int> run_put(cli::Context& context, const Put& put) {
    CODEX_TRY(files, files_or_stdin(put.files, "put", "name a file, or - for what is typed here"));
    if (put.name && files.size() > 1)
        return fail(Errc::usage, "--name is for one file, not for {}", files.size());
    CODEX_TRY(options, options_of(put));
    std::optional<int> zstd_level;
    if (put.compress) {
        CODEX_SET(zstd_level, parse_compression(*put.compress));
    }
    CODEX_TRY(repo, open_repo(context, Access::create, zstd_level));
    options.expiry = expiry_of(context, put.expires, repo);
    for (const char* name : {"datasets", "bytes", "newBytes"})
        context.add_total(name, 0);
    const bool named = files.size() > 1;
    return cli::for_each(context, cli::Inputs::exactly(std::move(files)),
                         {"put", [] { return Result<void>(); },
                          [&](const std::string& file, Progress& progress) {
                              const dataset::Job job{repo, {context.pool(), progress}};
                              return put_one_file(context, job, file, options, named);
                          }});
}

} // namespace

void declare_put(cli::Command& root) {
    const auto put = std::make_shared<Put>();
    root.command("put", "store files, print the CID of each")
        .arguments("FILE", put->files, "what to store; - or nothing: stdin")
        .option("--name NAME", put->name, "file name to keep in the manifest; changes the CID")
        .option("--mime TYPE", put->mime, "media type to keep in the manifest; changes the CID")
        .option("--block-size", put->block_size, "default 64KiB, which is what the network uses")
        .option("--compress LEVEL", put->compress,
                "zstd level 1 to 19 for these blocks at rest, 0: none; default: the repo's")
        .option("--expires", put->expires, "when gc may remove it: 30d, 2027-01-31, never")
        .option("--label", put->label, "what ls shows it as, in this repo only; not in the CID")
        .choice("--layout", put->layout, {"classic", "v0-2026"}, "of the manifest")
        .takes_unordered()
        .example("codex-chunk put report.pdf notes.txt")
        .example("tar c photos | codex-chunk put - --name photos.tar --expires 30d")
        .run([put](cli::Context& context) { return run_put(context, *put); });
}

} // namespace codex::chunk

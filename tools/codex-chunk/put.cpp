#include "chunk.hpp"

#include "base/counted.hpp"
#include "base/printable.hpp"
#include "codec/media_type.hpp"
#include "toolkit/input.hpp"

#include <sys/stat.h>

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

/// Whether others could wait long for what comes of it: a pipe, or much.
bool keeps_waiting(const std::string& file) {
    constexpr off_t kSmallBytes = off_t{1} << 20;
    struct stat st{};
    return file == "-" || (::stat(file.c_str(), &st) == 0 &&
                           (!S_ISREG(st.st_mode) || st.st_size == 0 || st.st_size > kSmallBytes));
}

/// The files of a command: small ones that are neighbours are committed together.
class Puts {
public:
    Puts(cli::Context& context, repo::Repo& repo, const dataset::PutOptions& options, bool named)
        : context_(context), repo_(repo), options_(options), named_(named),
          group_(repo.dataset_group()) {}

    /// With --unordered what keeps others waiting comes in several threads, and is stored alone.
    Result<void> add(const std::string& file, Progress& progress) {
        const bool waits = keeps_waiting(file);
        const bool alone = waits && context_.unordered();
        if (waits && !alone)
            settle();
        auto opened = toolkit::open_input(file, way_for_folder(file));
        if (!opened)
            return alone ? fail(std::move(opened).error())
                         : put_off(file, std::move(opened).error());
        const toolkit::InputFile input = std::move(*opened);
        CODEX_TRY(source, input.source());
        const dataset::Job job{repo_, {context_.pool(), progress}};
        if (alone) {
            CODEX_TRY(result, dataset::put(job, source, options_));
            return print(file, input.name, result);
        }
        prepared_.push_back({file, input.name, std::nullopt, std::nullopt});
        CODEX_SET(prepared_.back().result, dataset::put(job, source, options_, group_));
        if (group_.due())
            settle();
        return {};
    }

    void settle() {
        std::vector<Result<void>> outcomes = group_.commit();
        const std::vector<Prepared> prepared = std::exchange(prepared_, {});
        auto outcome = outcomes.begin();
        for (const auto& [file, name, result, failure] : prepared) {
            if (failure)
                context_.report(name, *failure);
            if (!result)
                continue;
            Result<void> done = std::move(*outcome++);
            if (done)
                done = print(file, name, *result);
            if (!done)
                context_.report(name, done.error());
        }
    }

private:
    struct Prepared {
        std::string file;
        std::string name;
        std::optional<dataset::PutResult> result; ///< nothing: it failed
        std::optional<Error> failure;             ///< that is not reported yet
    };

    /// A file that is not there does not cut the transaction of those before it short, and is
    /// reported behind them. With --fail-fast at once, for nothing behind it is to be stored.
    Result<void> put_off(const std::string& file, Error error) {
        if (prepared_.empty() || context_.fail_fast())
            return fail(std::move(error));
        prepared_.push_back({file, toolkit::input_name(file), std::nullopt, std::move(error)});
        if (group_.due())
            settle();
        return {};
    }

    Result<void> print(const std::string& file, const std::string& name,
                       const dataset::PutResult& result) {
        if (result.announced_bytes != 0 && result.announced_bytes != result.size_bytes)
            context_.warn(name, fmt::format("had {} when it was opened, {} read and stored",
                                            counted(result.announced_bytes, "byte"),
                                            counted(result.size_bytes, "byte was", "bytes were")));
        context_.add_total("datasets", 1);
        context_.add_total("bytes", result.size_bytes);
        context_.add_total("newBytes", result.new_bytes);
        cli::Record record("dataset");
        record.field("cid", result.manifest);
        if (named_)
            record.text(file);
        record.json("file", file)
            .json("treeCid", result.tree)
            .json("datasetSize", result.size_bytes)
            .json("blocks", result.blocks)
            .json("newBytes", result.new_bytes);
        return context_.print(record);
    }

    cli::Context& context_;
    repo::Repo& repo_;
    const dataset::PutOptions& options_;
    bool named_;
    repo::DatasetGroup group_;
    std::vector<Prepared> prepared_;
};

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
    Puts puts(context, repo, options, files.size() > 1);
    return cli::for_each(
        context, cli::Inputs::exactly(std::move(files)),
        {"put", [] { return Result<void>(); },
         [&](const std::string& file, Progress& progress) { return puts.add(file, progress); },
         [&] { puts.settle(); }, [](const std::string& file) { return !keeps_waiting(file); }});
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

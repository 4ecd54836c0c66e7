#include "base/counted.hpp"
#include "chunk.hpp"
#include "toolkit/byte_range.hpp"
#include "toolkit/output.hpp"

#include <unistd.h>

namespace codex::chunk {

namespace {

struct Get {
    std::vector<std::string> cids;
    std::optional<std::string> range;
};

struct Stream {
    cli::Context& context;
    dataset::Job job;
    ByteSink& sink;
    std::optional<toolkit::RangeOption> range;
};

Result<void> append(Stream& stream, const std::string& item) {
    CODEX_TRY(cid, stream.job.repo.named(item, repo::Named::dataset));
    dataset::ByteRange range;
    if (stream.range) {
        CODEX_TRY(dataset, stream.job.repo.dataset(cid));
        range = stream.range->of(dataset.manifest.content_size_bytes());
    }
    CODEX_TRY(done, dataset::get(stream.job, cid, range, stream.sink));
    stream.context.add_total("bytes", done.bytes);
    stream.context.add_total("reconstructedBlocks", done.reconstructed_blocks);
    if (done.reconstructed_blocks > 0)
        stream.context.warn(
            cid.text(),
            fmt::format("{} missing, damaged or unreadable and computed from parity; restore "
                        "what is lost: codex-ec repair CID",
                        counted(done.reconstructed_blocks, "block was", "blocks were")));
    return {};
}

Result<int> run_get(cli::Context& context, const Get& get) {
    std::optional<toolkit::RangeOption> range;
    if (get.range) {
        auto parsed = toolkit::parse_range(*get.range);
        if (!parsed)
            return fail(cli::bad_value("--range", parsed.error()));
        range = *parsed;
    }
    cli::Inputs inputs(get.cids, STDIN_FILENO);
    CODEX_TRY(item, inputs.next());
    if (!item)
        return 0;
    if (range) { // before a byte of the first one is out
        CODEX_TRY(second, inputs.next());
        if (second)
            return fail(Errc::usage, "--range is for one dataset");
    }
    CODEX_TRY(repo, open_repo(context, Access::read));
    CODEX_TRY(sink, toolkit::binary_sink(context));
    Progress progress;
    const auto view = context.show(progress, "get");
    Stream stream{context, {repo, {context.pool(), progress}}, sink, range};
    while (item) {
        // One stream: after a gap nothing may follow, so the first failure ends it.
        if (auto done = append(stream, *item); !done) {
            context.report(*item, repo.explain(*item, std::move(done).error()));
            return context.exit_code();
        }
        CODEX_SET(item, inputs.next());
    }
    return 0;
}

} // namespace

void declare_get(cli::Command& root) {
    const auto get = std::make_shared<Get>();
    root.command("get", "write the content of datasets to stdout or -o FILE")
        .arguments("CID", get->cids, "datasets, one after the other; - or nothing: from stdin")
        .option("--range A-B", get->range, "only these bytes, both ends included; A- or -N, too")
        .takes_output()
        .example("codex-chunk get zDvZ... | tar x")
        .example("codex-chunk get zDvZ... --range 0-1023 -o head.bin")
        .run([get](cli::Context& context) { return run_get(context, *get); });
}

} // namespace codex::chunk

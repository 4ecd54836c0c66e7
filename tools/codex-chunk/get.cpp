#include "base/counted.hpp"
#include "chunk.hpp"
#include "toolkit/output.hpp"

#include <charconv>
#include <unistd.h>

namespace codex::chunk {

namespace {

struct Get {
    std::vector<std::string> cids;
    std::optional<std::string> range;
};

Result<std::uint64_t> parse_offset(std::string_view digits, std::string_view range) {
    std::uint64_t value = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || stop != digits.data() + digits.size() || digits.empty())
        return fail(Error(Errc::usage, fmt::format("--range: '{}' is no range", range))
                        .hint("A-B with both ends included, A- to the end, or -N for the last N"));
    return value;
}

/// What --range says, before the size of the content is known.
struct Range {
    dataset::ByteRange bytes;
    std::optional<std::uint64_t> last; ///< of -N: that many from the end, and `bytes` is not set

    [[nodiscard]] dataset::ByteRange of(std::uint64_t content_bytes) const {
        dataset::ByteRange range = bytes;
        if (last)
            range.begin = content_bytes - std::min(*last, content_bytes);
        return range;
    }
};

/// "A-B", "A-", "-N" as in HTTP (RFC 9110 section 14.1.2), as a half-open range.
Result<Range> parse_range(std::string_view text) {
    const std::size_t dash = std::min(text.find('-'), text.size());
    const std::string_view first = text.substr(0, dash);
    const std::string_view last =
        dash == text.size() ? std::string_view("?") : text.substr(dash + 1);
    Range range;
    if (first.empty()) {
        CODEX_SET(range.last, parse_offset(last, text));
        return range;
    }
    CODEX_TRY(begin, parse_offset(first, text));
    range.bytes.begin = begin;
    if (last.empty())
        return range;
    CODEX_TRY(end, parse_offset(last, text));
    if (end < begin)
        return fail(Errc::usage, "--range: '{}' ends before it begins", text);
    range.bytes.end = end == UINT64_MAX ? end : end + 1;
    return range;
}

struct Stream {
    cli::Context& context;
    dataset::Job job;
    ByteSink& sink;
    std::optional<Range> range;
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
    std::optional<Range> range;
    if (get.range) {
        CODEX_SET(range, parse_range(*get.range));
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

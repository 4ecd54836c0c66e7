// A tool with every kind of option and command, for the tests of what all tools have.
#pragma once

#include "base/fd.hpp"
#include "cli/for_each.hpp"
#include "run_tool.hpp"

#include <unistd.h>

namespace codex::cli::test {

/// What the sample tool was given, as one line.
struct Given {
    std::vector<std::string> files;
    std::string first;
    bool flag = false;
    std::string name = "-";
    std::optional<std::string> label;
    std::vector<std::string> tags;
    std::uint64_t count = 7;
    std::optional<std::uint64_t> level;
    SizeValue size;
    DurationValue life;
    ExpiryValue until;
    std::string kind = "a";
};

inline void declare(Command& root) {
    const auto g = std::make_shared<Given>();
    root.command("show", "print what was given")
        .arguments("FILE", g->files, "files")
        .flag("-f,--flag", g->flag, "a flag")
        .option("--name NAME", g->name, "a text")
        .option("--label", g->label, "an optional text")
        .option("--tag", g->tags, "texts")
        .option("-k,--count", g->count, "a number")
        .option("--level", g->level, "an optional number")
        .option("--size", g->size, "a size")
        .option("--life", g->life, "a duration")
        .option("--until", g->until, "a point in time")
        .choice("--kind", g->kind, {"a", "b"}, "one of two")
        .example("codex-sample show file")
        .run([g](Context& context) -> Result<int> {
            std::string text = fmt::format(
                "{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}", fmt::join(g->files, ","), g->flag, g->name,
                g->label.value_or("none"), fmt::join(g->tags, ","), g->count,
                g->level ? fmt::format("{}", *g->level) : "none", g->size.bytes, g->life.seconds,
                g->until.given, g->until.unix_seconds, g->kind);
            CODEX_CHECK(context.print_text(text + "\n"));
            return 0;
        });
    root.command("globals", "print the global flags")
        .takes_output()
        .takes_dry_run()
        .run([](Context& c) -> Result<int> {
            CODEX_CHECK(c.print_text(
                fmt::format("{}|{}|{}|{}|{}|{}|{}|{}|{}\n", c.repo_path().value_or("none"),
                            c.json(), c.quiet(), c.verbose(), c.dry_run(), c.sync(), c.fail_fast(),
                            c.lock_timeout_seconds(), c.pool().size())));
            return 0;
        });
    root.command("two", "two arguments")
        .argument("FIRST", g->first, "the first")
        .arguments("REST", g->files, "the rest", true)
        .run([g](Context& context) -> Result<int> {
            CODEX_CHECK(
                context.print_text(fmt::format("{}:{}\n", g->first, fmt::join(g->files, ","))));
            return 0;
        });
    root.command("echo", "print each input")
        .arguments("CID", g->files, "inputs")
        .run([g](Context& context) -> Result<int> {
            const auto turn = [&](const std::string& item, Progress&) -> Result<void> {
                if (item == "bad")
                    return fail(Errc::cid_invalid, "is bad");
                if (item == "gone")
                    return fail(Errc::block_not_found);
                return context.print(Record("item").field("cid", item));
            };
            return for_each(context, Inputs(g->files, STDIN_FILENO),
                            {"echo", [] { return Result<void>(); }, turn});
        });
    root.command("stream", "a stream")
        .argument("TEXT", g->first, "what to write")
        .takes_output()
        .run([g](Context& context) -> Result<int> {
            CODEX_CHECK(context.print_text(g->first));
            if (g->first == "fail")
                return fail(Error(Errc::dataset_damaged, "half of it").hint("try the other half"));
            return g->first == "no" ? 1 : 0;
        });
    root.command("warn", "all voices").run([](Context& context) -> Result<int> {
        context.warn("careful");
        context.inform("by the way");
        return 0;
    });
    Command& group = root.command("block", "a group");
    group.command("get", "a command in it").run([](Context& context) -> Result<int> {
        CODEX_CHECK(context.print_text("block get\n"));
        return 0;
    });
}

inline Outcome run(std::vector<std::string> arguments, std::string input = {}) {
    return test::run(declare, {std::move(arguments), std::move(input), {}});
}

inline void expect_out(const std::vector<std::string>& arguments, const std::string& out) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.out, out);
    EXPECT_EQ(outcome.err, "");
    EXPECT_EQ(outcome.exit_code, 0);
}

} // namespace codex::cli::test

// The loop over inputs: its order, its failures, what it counts.
#include "cli/command.hpp"
#include "cli/for_each.hpp"
#include "run_tool.hpp"

#include <algorithm>
#include <atomic>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <thread>
#include <unistd.h>

namespace codex::cli {
namespace {

using test::Outcome;
using ::testing::HasSubstr;

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
        lines.push_back(text.substr(at, text.find('\n', at) - at));
    return lines;
}

/// Ends when `value` is `wanted`, or after ten seconds, which is too long for anything here.
bool reaches(const std::atomic<int>& value, int wanted) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (value < wanted && std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
    return value >= wanted;
}

struct Sample {
    std::vector<std::string> items;
    std::atomic<int> begun{0};
    std::atomic<int> finished{0};
};

Result<void> no_repo() {
    return {};
}

void declare_loops(Command& root) {
    const auto s = std::make_shared<Sample>();
    const auto each = [s](Context& context, auto turn) {
        return for_each(context, Inputs(s->items, STDIN_FILENO), {"sample", no_repo, turn});
    };
    // The first turn ends only when the second has ended: in order, that would never be.
    root.command("cross", "two turns, the second first")
        .arguments("CID", s->items, "inputs")
        .takes_unordered()
        .run([=](Context& context) {
            return each(context, [=, &context](const std::string& item, Progress&) -> Result<void> {
                if (item == "first" && !reaches(s->finished, 1))
                    return fail(Errc::timeout, "the other turn has not ended");
                CODEX_CHECK(context.print(Record("turn").field("cid", item)));
                ++s->finished;
                return {};
            });
        });
    root.command("count", "prints each; 'bad' fails, 'no' is no")
        .arguments("CID", s->items, "inputs")
        .takes_unordered()
        .run([=](Context& context) {
            context.add_total("letters", 0);
            return each(context, [&](const std::string& item, Progress&) -> Result<void> {
                if (item == "bad")
                    return fail(Errc::cid_invalid, "is bad");
                if (item == "no")
                    context.answer_no();
                context.add_total("letters", item.size());
                return context.print(Record("turn").field("cid", item));
            });
        });
    root.command("begin", "cannot begin")
        .arguments("CID", s->items, "inputs")
        .run([=](Context& context) {
            return for_each(context, Inputs(s->items, STDIN_FILENO),
                            {"begin", []() -> Result<void> { return fail(Errc::repo_missing); },
                             [](const std::string&, Progress&) { return Result<void>(); }});
        });
    // Prints two inputs together; those of three letters at once.
    root.command("pairs", "puts off")
        .arguments("CID", s->items, "inputs")
        .takes_unordered()
        .run([=](Context& context) -> Result<int> {
            std::vector<std::string> off;
            const auto settle = [&] {
                for (const std::string& item : std::exchange(off, {}))
                    if (auto printed = context.print(Record("turn").text(item)); !printed)
                        context.report(item, printed.error());
            };
            const auto turn = [&](const std::string& item, Progress&) -> Result<void> {
                if (item == "bad")
                    return fail(Errc::cid_invalid, "is bad");
                off.push_back(item);
                if (off.size() == 2 || item.size() == 3)
                    settle();
                return {};
            };
            return for_each(context, Inputs(s->items, STDIN_FILENO),
                            {"pairs", no_repo, turn, settle});
        });
    // Those that begin with q are quick, and printed together; another one waits until that was
    // done.
    root.command("quick", "puts off beside others")
        .arguments("CID", s->items, "inputs")
        .takes_unordered()
        .run([=](Context& context) -> Result<int> {
            std::vector<std::string> off;
            const auto quick = [](const std::string& item) { return item.starts_with('q'); };
            const auto settle = [&] {
                for (const std::string& item : std::exchange(off, {})) {
                    if (auto printed = context.print(Record("turn").text(item)); !printed)
                        context.report(item, printed.error());
                    ++s->finished;
                }
            };
            const auto turn = [&](const std::string& item, Progress&) -> Result<void> {
                if (quick(item)) {
                    off.push_back(item);
                    return {};
                }
                if (!reaches(s->finished, 3))
                    return fail(Errc::timeout, "the quick ones are not done");
                return context.print(Record("turn").text(item));
            };
            return for_each(context, Inputs::exactly(s->items),
                            {"quick", no_repo, turn, settle, quick});
        });
    root.command("exact", "items as they are")
        .arguments("FILE", s->items, "inputs")
        .run([=](Context& context) {
            return for_each(context, Inputs::exactly(s->items),
                            {"exact", no_repo, [&](const std::string& item, Progress&) {
                                 return item == "-" ? Result<void>(fail(Errc::io, "broken"))
                                                    : context.print(Record("turn").text(item));
                             }});
        });
    root.command("document", "a document").takes_output().run([](Context& context) -> Result<int> {
        CODEX_CHECK(context.print_text("{}\n"));
        return 0;
    });
    root.command("stream", "bytes").takes_output().run([](Context& context) -> Result<int> {
        CODEX_CHECK(context.binary_output());
        CODEX_CHECK(context.write(as_bytes("bytes")));
        context.note_total("whole", true);
        return 0;
    });
    root.command("many", "many records").run([](Context& context) -> Result<int> {
        Records records(context);
        for (std::uint64_t i = 0; i < 1000; ++i)
            CODEX_CHECK(records.add(Record("number").field("number", i)));
        CODEX_CHECK(records.flush());
        return 0;
    });
    root.command("look", "a lookup")
        .arguments("CID", s->items, "inputs")
        .takes_batch()
        .run([=](Context& context) {
            return each(context, [&](const std::string& item, Progress&) {
                return context.print(Record("answer").field("cid", item));
            });
        });
}

Outcome run_loops(std::vector<std::string> arguments, std::string input = {}) {
    return test::run(declare_loops, {std::move(arguments), std::move(input), {}});
}

nlohmann::json summary_of(const Outcome& outcome) {
    auto object = nlohmann::json::parse(lines_of(outcome.out).back());
    EXPECT_EQ(object["type"], "summary");
    EXPECT_TRUE(object["milliseconds"].is_number_unsigned());
    object.erase("milliseconds");
    object.erase("type");
    return object;
}

TEST(ForEach, UnorderedTurnsOverlapAndPrintAsTheyEnd) {
    const Outcome outcome = run_loops({"cross", "--unordered", "first", "second"});
    EXPECT_EQ(outcome.err, "");
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.out, "second\nfirst\n");
}

TEST(ForEach, UnorderedTakesEveryInputOnce) {
    std::string input;
    std::vector<std::string> wanted;
    for (int i = 0; i < 500; ++i) {
        input += fmt::format("item{}\n", i);
        wanted.push_back(fmt::format("item{}", i));
    }
    for (const std::string threads : {"1", "3", "32"}) {
        const Outcome outcome = run_loops({"count", "--unordered", "-j", threads}, input);
        std::vector<std::string> lines = lines_of(outcome.out);
        std::ranges::sort(lines);
        std::ranges::sort(wanted);
        EXPECT_EQ(lines, wanted);
    }
    EXPECT_EQ(run_loops({"count"}, input).out, input);
}

TEST(ForEach, FailuresAreReportedAndTheOthersFollow) {
    for (const std::vector<std::string>& more : {std::vector<std::string>{}, {"--unordered"}}) {
        std::vector<std::string> words = {"count", "a", "bad", "no", "b"};
        words.insert(words.end(), more.begin(), more.end());
        const Outcome outcome = run_loops(words);
        EXPECT_EQ(outcome.exit_code, 65);
        EXPECT_EQ(outcome.err, "codex-sample: error: bad: is bad\n");
        EXPECT_EQ(lines_of(outcome.out).size(), 3U);
    }
    EXPECT_EQ(run_loops({"count", "no", "b"}).exit_code, 1);
    const Outcome stopped = run_loops({"count", "--fail-fast", "a", "bad", "b"});
    EXPECT_EQ(stopped.out, "a\n");
    EXPECT_EQ(stopped.exit_code, 65);
    // Those that were begun end, but no other one is begun.
    std::string input = "bad\n";
    for (int i = 0; i < 10'000; ++i)
        input += "x\n";
    const Outcome unordered = run_loops({"count", "--fail-fast", "--unordered", "-j2"}, input);
    EXPECT_EQ(unordered.exit_code, 65);
    EXPECT_LT(lines_of(unordered.out).size(), 10'000U);
}

TEST(ForEach, WhatWasPutOffIsDoneBeforeAFailureIsReportedAndAtTheEnd) {
    EXPECT_EQ(run_loops({"pairs", "a"}).out, "a\n");
    const Outcome outcome = run_loops({"pairs", "a", "b", "c", "bad", "d", "e", "f"});
    EXPECT_EQ(outcome.out, "a\nb\nc\nd\ne\nf\n");
    EXPECT_EQ(outcome.err, "codex-sample: error: bad: is bad\n");
    const Outcome stopped = run_loops({"pairs", "--fail-fast", "a", "bad", "b"});
    EXPECT_EQ(stopped.out, "a\n");
    // The list ends with an error of its own.
    const Outcome cut = run_loops({"pairs"}, "a\n{]\nb\n");
    EXPECT_EQ(cut.out, "a\n");
    EXPECT_EQ(cut.exit_code, 65);
}

TEST(ForEach, UnorderedQuickOnesAreSettledBeforeAnythingIsWaitedFor) {
    EXPECT_EQ(run_loops({"quick", "--unordered", "a", "q1", "q2", "q3"}).out, "q1\nq2\nq3\na\n");
    EXPECT_EQ(run_loops({"quick", "--unordered", "-j1", "q1", "a", "q2", "b", "q3"}).exit_code, 0);
    // All threads are taken, so the last one is waited for; before that the quick ones are done.
    std::vector<std::string> words = {"quick", "--unordered", "-j2", "a", "b",
                                      "q1",    "q2",          "q3",  "c"};
    EXPECT_EQ(run_loops(words).exit_code, 0);
}

TEST(ForEach, WhatCannotBeginEndsItAll) {
    EXPECT_EQ(run_loops({"begin", "a", "b"}).exit_code, 66);
    const Outcome none = run_loops({"begin"}, "");
    EXPECT_EQ(none.exit_code, 66);
    EXPECT_THAT(none.err, HasSubstr("stdin: empty: no CID came")) << "nothing was opened";
}

TEST(ForEach, ExactItemsAreNoListOfItems) {
    const Outcome outcome = run_loops({"exact", "a", "-", "b"}, "x\n");
    EXPECT_EQ(outcome.out, "a\nb\n");
    EXPECT_EQ(outcome.err, "codex-sample: error: stdin: broken\n");
    EXPECT_EQ(run_loops({"exact"}, "x\n").out, "");
}

TEST(Summary, EndsEveryJsonOutput) {
    const Outcome outcome = run_loops({"count", "--json", "abc", "bad", "de"});
    EXPECT_EQ(lines_of(outcome.out).size(), 3U);
    EXPECT_EQ(summary_of(outcome),
              nlohmann::json::parse(R"({"records":2,"failures":1,"letters":5})"));
    EXPECT_EQ(summary_of(run_loops({"count", "--json", "bad"})),
              nlohmann::json::parse(R"({"records":0,"failures":1,"letters":0})"));
    EXPECT_EQ(summary_of(run_loops({"many", "--json"}))["records"], 1000);
    EXPECT_EQ(lines_of(run_loops({"many"}).out).size(), 1000U);
}

TEST(Summary, IsNotThereWhenTheCommandEndedBeforeItsTime) {
    EXPECT_EQ(run_loops({"begin", "--json", "a"}).out, "");
}

TEST(Summary, DoesNotFollowDocumentsAndStreams) {
    EXPECT_EQ(run_loops({"document", "--json"}).out, "{}\n");
    EXPECT_EQ(run_loops({"stream", "--json"}).out, "bytes");
    const Outcome to_file = run_loops({"stream", "--json", "-o", "/dev/null"});
    EXPECT_EQ(summary_of(to_file),
              nlohmann::json::parse(R"({"records":0,"failures":0,"whole":true})"));
}

TEST(Batch, BelongsToLookups) {
    EXPECT_EQ(run_loops({"look", "--batch"}, "a\nb\n").out, "a\nb\n");
    EXPECT_EQ(run_loops({"look", "--batch", "--buffer"}, "a\nb\n").out, "a\nb\n");
    EXPECT_EQ(run_loops({"look", "--batch", "--buffer", "--json"}, "a\n").out.substr(0, 27),
              R"({"type":"answer","cid":"a"})");
    for (const std::string option : {"--batch", "--buffer"})
        EXPECT_THAT(run_loops({"count", option}).err, HasSubstr(option + " means nothing to"));
    EXPECT_THAT(run_loops({"look", "--buffer"}).err, HasSubstr("means nothing without --batch"));
    EXPECT_EQ(run_loops({"look", "--unordered"}).exit_code, 64);
    EXPECT_THAT(run_loops({"many", "--unordered"}).err, HasSubstr("--unordered means nothing to"));
}

} // namespace
} // namespace codex::cli

#include "cli/command.hpp"
#include "cli/context.hpp"

#include "sample_tool.hpp"

#include <nlohmann/json.hpp>
#include <sstream>

namespace codex::cli {
namespace {

using test::Call;
using test::declare;
using test::expect_out;
using test::Outcome;
using test::run;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// Exit 64, nothing on stdout, the message and where to read on.
void expect_misuse(const std::vector<std::string>& arguments, const std::string& message,
                   const std::string& help) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 64);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, StartsWith("codex-sample: error: " + message + "\n"));
    EXPECT_THAT(outcome.err, HasSubstr("see: " + help + " --help\n"));
}

TEST(Options, DefaultsStay) {
    expect_out({"show"}, "|false|-|none||7|none|0|0|false|0|a\n");
}

TEST(Options, EveryKindInEverySpelling) {
    expect_out({"show",   "x",       "-f",      "--name",      "n",      "--label=l", "--tag",
                "1",      "--tag=2", "-k3",     "--level",     "0",      "--size",    "64KiB",
                "--life", "12h",     "--until", "@1800000000", "--kind", "b",         "y"},
               "x,y|true|n|l|1,2|3|0|65536|43200|true|1800000000|b\n");
    expect_out({"show", "--until", "never"}, "|false|-|none||7|none|0|0|true|0|a\n");
}

TEST(Options, WordsThatLookLikeSomethingElse) {
    expect_out({"show", "show", "block", "[a,b]", "++", "-"},
               "show,block,[a,b],++,-|false|-|none||7|none|0|0|false|0|a\n");
    expect_out({"show", "--", "-f", "--name", "--"},
               "-f,--name,--|false|-|none||7|none|0|0|false|0|a\n");
    expect_out({"show", "--name=-f", "--label", "[x]"}, "|false|-f|[x]||7|none|0|0|false|0|a\n");
    expect_misuse({"show", "--name="}, "--name: NAME is empty", "codex-sample show");
    expect_out({"show", "--label", ""}, "|false|-|||7|none|0|0|false|0|a\n");
    expect_out({"show", "a b", "\xc3\xa9"}, "a b,\xc3\xa9|false|-|none||7|none|0|0|false|0|a\n");
}

TEST(Options, PositionalArgumentsFillInOrder) {
    expect_out({"two", "a", "b", "c"}, "a:b,c\n");
    expect_misuse({"two", "a"}, "REST is missing: the rest", "codex-sample two");
    expect_misuse({"two"}, "FIRST is missing: the first", "codex-sample two");
    expect_misuse({"warn", "x"}, "unexpected argument 'x'", "codex-sample warn");
}

TEST(Misuse, IsNamedWithTheHelpToRead) {
    expect_misuse({}, "codex-sample: a command is missing", "codex-sample");
    expect_misuse({"block"}, "codex-sample block: a command is missing", "codex-sample block");
    expect_misuse({"nonsense"}, "unknown command 'nonsense'", "codex-sample");
    expect_misuse({"show", "--nonsense"}, "unknown option --nonsense", "codex-sample show");
    expect_misuse({"show", "-k", "x"}, "--count: 'x' is no whole number", "codex-sample show");
    expect_misuse({"show", "-k", "-1"}, "--count: '-1' is no whole number", "codex-sample show");
    expect_misuse({"show", "-k", "18446744073709551616"},
                  "--count: '18446744073709551616' is too large", "codex-sample show");
    expect_misuse({"show", "--kind", "c"}, "--kind: 'c' is none of a|b", "codex-sample show");
    expect_misuse({"show", "-k", "1", "-k", "2"}, "--count is given 2 times", "codex-sample show");
    expect_misuse({"show", "--color", "red"}, "--color: 'red' is none of auto|always|never",
                  "codex-sample show");
    expect_misuse({"show", "-j", "5000"}, "--threads: 5000 is more than 1024", "codex-sample show");
    expect_misuse({"show", "-r", ""}, "--repo: the folder name is empty", "codex-sample show");
    EXPECT_EQ(run({"show", "--name"}).exit_code, 64);
    EXPECT_EQ(run({"show", "--flag=maybe"}).exit_code, 64);
    EXPECT_EQ(run({"show", "--size", "lots"}).exit_code, 64);
    EXPECT_EQ(run({"show", "--life", "-3s"}).exit_code, 64);
    EXPECT_EQ(run({"show", "--until", "tomorrow"}).exit_code, 64);
    EXPECT_EQ(run({"show", "--log-level", "loud"}).exit_code, 64);
}

TEST(Misuse, IsAnObjectWithJson) {
    const Outcome outcome = run({"show", "--json", "-k", "x"});
    EXPECT_EQ(outcome.exit_code, 64);
    const auto object = nlohmann::json::parse(outcome.err);
    EXPECT_EQ(object["type"], "error");
    EXPECT_EQ(object["code"], "usage");
    EXPECT_EQ(object["exit"], 64);
    EXPECT_EQ(object["message"], "--count: 'x' is no whole number");
    EXPECT_EQ(object["hint"], "see: codex-sample show --help");
}

TEST(Globals, BeforeAndAfterTheCommand) {
    const std::string all = "/r|true|true|true|true|false|true|3|2\n";
    expect_out({"-r", "/r", "--json", "-q", "-v", "-n", "--no-sync", "--fail-fast",
                "--lock-timeout", "3s", "-j", "2", "globals"},
               all);
    expect_out({"globals", "-r", "/r", "--json", "-qv", "-n", "--no-sync", "--fail-fast",
                "--lock-timeout=3s", "-j2"},
               all);
    EXPECT_THAT(run({"globals"}).out,
                StartsWith("/home/test/.local/share/codex|false|false|false|false|true|false|10|"));
    expect_out({"block", "get", "-q"}, "block get\n");
}

TEST(Globals, EnvironmentStandsBehindFlags) {
    const auto repo_of = [](const Call& call) {
        const std::string out = test::run(declare, call).out;
        return out.substr(0, out.find('|'));
    };
    EXPECT_EQ(repo_of({{"globals"}, "", {{"XDG_DATA_HOME", "/x"}}}), "/x/codex");
    EXPECT_EQ(repo_of({{"globals"}, "", {{"XDG_DATA_HOME", "/x"}, {"CODEX_REPO", "/e"}}}), "/e");
    EXPECT_EQ(repo_of({{"globals", "-r", "/f"}, "", {{"CODEX_REPO", "/e"}}}), "/f");
    const Outcome threads = test::run(declare, {{"globals"}, "", {{"CODEX_THREADS", "3"}}});
    EXPECT_THAT(threads.out, ::testing::EndsWith("|3\n"));
    const Outcome bad = test::run(declare, {{"globals"}, "", {{"CODEX_PROGRESS", "loud"}}});
    EXPECT_EQ(bad.exit_code, 78);
    EXPECT_THAT(bad.err, HasSubstr("$CODEX_PROGRESS: 'loud' is none of"));
}

TEST(Globals, RefusedWhereTheyMeanNothing) {
    expect_misuse({"show", "-o", "x"},
                  "-o means nothing to codex-sample show: redirect what it prints, with >",
                  "codex-sample show");
    expect_misuse({"-n", "show"},
                  "-n means nothing to codex-sample show: it deletes and spends nothing",
                  "codex-sample show");
}

TEST(Globals, TheClockOfSummariesRuns) {
    const auto timed = [](Command& root) {
        root.command("time", "two readings").run([](Context& context) -> Result<int> {
            const std::uint64_t first = context.elapsed_ms();
            while (context.elapsed_ms() == first) {
            }
            CODEX_CHECK(context.print_text(first < 60'000 ? "runs" : "is off"));
            return 0;
        });
    };
    EXPECT_EQ(test::run(timed, {{"time"}, "", {}}).out, "runs");
}

TEST(Errors, HaveTheirExitCodeAndHint) {
    const Outcome outcome = run({"stream", "fail"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(outcome.err, "codex-sample: error: half of it\n"
                           "codex-sample: hint: try the other half\n");
    const auto object = nlohmann::json::parse(run({"stream", "fail", "--json"}).err);
    EXPECT_EQ(object["code"], "dataset.damaged");
    EXPECT_EQ(object["exit"], 1);
    EXPECT_EQ(run({"stream", "no"}).exit_code, 1);
}

TEST(Errors, SeveralInputsGoOnAndTheHighestCodeWins) {
    const Outcome outcome = run({"echo", "a", "gone", "bad", "b"});
    EXPECT_EQ(outcome.exit_code, 65);
    EXPECT_EQ(outcome.out, "a\nb\n");
    EXPECT_EQ(outcome.err, "codex-sample: error: gone: block.not_found\n"
                           "codex-sample: error: bad: is bad\n");
    const Outcome fast = run({"echo", "--fail-fast", "a", "gone", "bad", "b"});
    EXPECT_EQ(fast.exit_code, 1);
    EXPECT_EQ(fast.out, "a\n");
}

TEST(Errors, NameTheirObjectOnce) {
    const auto said = [](const std::string& item, const std::string& text) {
        const auto one = [&](Command& root) {
            root.command("one", "an error").run([&](Context& context) -> Result<int> {
                context.report(item, Error(Errc::io, text));
                return context.exit_code();
            });
        };
        return test::run(one, {{"one"}, "", {}}).err;
    };
    const std::string prefix = "codex-sample: error: ";
    EXPECT_EQ(said("x", "is lost"), prefix + "x: is lost\n");
    EXPECT_EQ(said("a", "is a folder"), prefix + "a: is a folder\n");
    EXPECT_EQ(said("a", "open a: no such file"), prefix + "open a: no such file\n");
    EXPECT_EQ(said("zDv1", "zDv1: is lost"), prefix + "zDv1: is lost\n");
    EXPECT_EQ(said("zDv1", "dataset zDv12: is lost"), prefix + "zDv1: dataset zDv12: is lost\n");
    EXPECT_EQ(said("zDv1", "dataset zDv1: is lost"), prefix + "dataset zDv1: is lost\n");
    EXPECT_EQ(said("x y", "\"x y\" is no CID"), prefix + "\"x y\" is no CID\n");
    EXPECT_EQ(said("x", ""), prefix + "x: io.failed\n");
}

TEST(Errors, JsonNamesTheObject) {
    const auto object = nlohmann::json::parse(run({"echo", "--json", "bad"}).err);
    EXPECT_EQ(object["object"], "bad");
    EXPECT_EQ(object["message"], "is bad");
}

TEST(Errors, WarningsAndInformation) {
    EXPECT_EQ(run({"warn"}).err, "codex-sample: warning: careful\n");
    EXPECT_EQ(run({"warn", "-v"}).err,
              "codex-sample: warning: careful\ncodex-sample: by the way\n");
    EXPECT_EQ(run({"warn", "-q", "-v"}).err, "");
    EXPECT_EQ(run({"warn", "--json"}).err, "{\"type\":\"warning\",\"message\":\"careful\"}\n");
}

TEST(Errors, WhatACommandIsAboutIsTheObject) {
    const auto about = [](Command& root) {
        root.command("one", "an error").run([](Context& context) -> Result<int> {
            context.warn("zDv1", "is old");
            context.inform("zDv1", "was looked at");
            context.about("zDv1");
            return fail(Error(Errc::io, "cannot be read").hint("repair it: codex-ec repair CID"));
        });
    };
    EXPECT_EQ(test::run(about, {{"one", "-v"}, "", {}}).err,
              "codex-sample: warning: zDv1: is old\n"
              "codex-sample: zDv1: was looked at\n"
              "codex-sample: error: zDv1: cannot be read\n"
              "codex-sample: hint: repair it: codex-ec repair zDv1\n");
    std::istringstream lines(test::run(about, {{"one", "-v", "--json"}, "", {}}).err);
    std::vector<std::string> types;
    for (std::string line; std::getline(lines, line);) {
        const auto object = nlohmann::json::parse(line);
        EXPECT_EQ(object["object"], "zDv1");
        types.push_back(object["type"]);
    }
    EXPECT_THAT(types, ::testing::ElementsAre("warning", "info", "error"));
}

TEST(Errors, MayHaveMembersOfTheirOwn) {
    const auto more = [](Command& root) {
        root.command("each", "inputs").run([](Context& context) -> Result<int> {
            const auto turn = [&](const std::string& item, Progress&) -> Result<void> {
                context.report(item, Error(Errc::io, "is short"),
                               Record("error").json("lost", std::uint64_t{3}));
                return {};
            };
            return for_each(context, Inputs::exactly({"a", "b"}),
                            {"each", [] { return Result<void>(); }, turn});
        });
    };
    const auto first = test::run(more, {{"each", "--json", "--fail-fast"}, "", {}});
    EXPECT_EQ(first.exit_code, 74);
    const auto object = nlohmann::json::parse(first.err); // one: the first has ended it
    EXPECT_EQ(object["object"], "a");
    EXPECT_EQ(object["lost"], 3);
    EXPECT_EQ(test::run(more, {{"each"}, "", {}}).err, "codex-sample: error: a: is short\n"
                                                       "codex-sample: error: b: is short\n");
}

TEST(Hints, CommandsAskTheRepoAndNameTheDataset) {
    const auto hints = [](Command& root) {
        root.command("one", "an error").run([](Context& context) -> Result<int> {
            context.report(
                "zDvAbc@5",
                Error(Errc::io, "is lost")
                    .hint("a CID is long; get it: codex-chunk -r OTHER block get CID@5 | "
                          "codex-chunk block put; CIDs of codex-ec; codex-ec repair CID"));
            context.report("zDxAbc", Error(Errc::io, "is lost").hint("codex-ec repair CID"));
            return context.exit_code();
        });
    };
    EXPECT_EQ(
        test::run(hints, {{"one", "-r", "my repo"}, "", {}}).err,
        "codex-sample: error: zDvAbc@5: is lost\n"
        "codex-sample: hint: a CID is long; get it: codex-chunk -r OTHER block get zDvAbc@5 | "
        "codex-chunk -r 'my repo' block put; CIDs of codex-ec; codex-ec -r 'my repo' repair "
        "zDvAbc\n"
        "codex-sample: error: zDxAbc: is lost\n"
        "codex-sample: hint: codex-ec -r 'my repo' repair CID\n");
}

TEST(Errors, ColourOnlyWhenAskedFor) {
    EXPECT_THAT(run({"stream", "fail", "--color", "always"}).err, HasSubstr("\x1b[1;31merror:"));
    EXPECT_THAT(run({"stream", "fail"}).err, Not(HasSubstr("\x1b")));
}

TEST(InputItems, FromStdinInEveryForm) {
    const Outcome outcome =
        run({"echo"}, "one\tfile name\n\n  two three\r\n{\"type\":\"x\",\"cid\":\"four\"}\n"
                      "{\"type\":\"summary\",\"n\":1}\nfive");
    EXPECT_EQ(outcome.out, "one\ntwo\nfour\nfive\n");
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(run({"echo", "a", "-", "b"}, "x\ny\n").out, "a\nx\ny\nb\n");
    EXPECT_EQ(run({"echo"}, "").out, "");
}

TEST(InputItems, BadJsonNamesTheLine) {
    for (const std::string line : {"{\"cid\":", "{\"cid\":5}", "{}", "{\"type\":\"error\"}"}) {
        const Outcome outcome = run({"echo"}, "one\n" + line + "\n");
        EXPECT_EQ(outcome.exit_code, 65) << line;
        EXPECT_EQ(outcome.out, "one\n");
        EXPECT_THAT(outcome.err, HasSubstr("stdin line 2: ")) << line;
    }
}

TEST(InputItems, ALineHasABound) {
    const Outcome outcome = run({"echo"}, std::string(3 << 20, 'x'));
    EXPECT_EQ(outcome.exit_code, 65);
    EXPECT_THAT(outcome.err, HasSubstr("stdin line 1: longer than 1048576 bytes"));
}

TEST(Help, BeginsWithUsageAndEndsWithExamples) {
    const Outcome outcome = run({"show", "--help"});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_THAT(outcome.out, StartsWith("usage: codex-sample show [OPTIONS] [FILE...]\n"));
    EXPECT_THAT(outcome.out, HasSubstr("      --name NAME           a text\n"));
    EXPECT_THAT(outcome.out, HasSubstr("  -k, --count N             a number\n"));
    EXPECT_THAT(outcome.out, ::testing::EndsWith("\nEXAMPLES\n  codex-sample show file\n"));
    EXPECT_THAT(outcome.out, Not(HasSubstr("--dry-run")));
    EXPECT_EQ(run({"-h", "show"}).out, outcome.out);
    EXPECT_EQ(run({"show", "--count", "x", "-h"}).out, outcome.out);
    EXPECT_THAT(run({"-h"}).out, HasSubstr("  block                     a group\n"));
    EXPECT_THAT(run({"block", "-h"}).out, StartsWith("usage: codex-sample block COMMAND"));
}

TEST(Help, VersionSaysWhatWasBuilt) {
    const Outcome outcome = run({"--version"});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_THAT(
        outcome.out,
        ::testing::MatchesRegex(
            "codex-sample [0-9.]+ \\([0-9a-z]+, (gcc|clang) [0-9.]+, cpu: [a-z0-9_ ]+\\)\n"));
}

TEST(Help, DumpHoldsTheWholeTree) {
    const auto dump = nlohmann::json::parse(run({"--dump-commands"}).out);
    EXPECT_EQ(dump["tool"], "codex-sample");
    std::vector<std::string> names;
    for (const auto& command : dump["commands"])
        names.push_back(command["name"]);
    EXPECT_THAT(names,
                ::testing::IsSupersetOf({"codex-sample", "codex-sample show",
                                         "codex-sample block get", "codex-sample completion"}));
    const auto& show = dump["commands"][1];
    EXPECT_EQ(show["examples"], nlohmann::json({"codex-sample show file"}));
    EXPECT_EQ(show["options"][0]["names"], nlohmann::json({"-f", "--flag"}));
    EXPECT_EQ(show["options"].back()["choices"], nlohmann::json({"a", "b"}));
    EXPECT_EQ(dump["globalOptions"][0]["names"], nlohmann::json({"-r", "--repo"}));
}

TEST(Completion, EveryShellKnowsCommandsOptionsAndChoices) {
    for (const std::string shell : {"bash", "zsh", "fish"}) {
        const Outcome outcome = run({"completion", shell});
        EXPECT_EQ(outcome.exit_code, 0);
        for (const std::string word : {"show", "block", "count", "kind", "lock-timeout", "a b"})
            EXPECT_THAT(outcome.out, HasSubstr(word)) << shell;
    }
    EXPECT_EQ(run({"completion", "tcsh"}).exit_code, 64);
    EXPECT_EQ(run({"completion"}).exit_code, 64);
}

} // namespace
} // namespace codex::cli

// What is said of words of the command line that are not understood.
#include "sample_tool.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace codex::cli {
namespace {

using test::Outcome;
using test::run;
using ::testing::HasSubstr;
using ::testing::StartsWith;

void expect_suggested(const std::vector<std::string>& arguments, const std::string& message,
                      const std::string& hint) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 64);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err,
                StartsWith("codex-sample: error: " + message + "\ncodex-sample: hint: " + hint));
}

TEST(Suggestions, NearMisses) {
    expect_suggested({"shwo"}, "unknown command 'shwo'", "did you mean: codex-sample show; see: ");
    expect_suggested({"block", "gte"}, "unknown command 'gte'",
                     "did you mean: codex-sample block get; see: codex-sample block --help");
    expect_suggested({"show", "--nmae=x"}, "unknown option --nmae", "did you mean: --name");
    expect_suggested({"show", "--jsno"}, "unknown option --jsno", "did you mean: --json");
    expect_suggested({"xyzzy"}, "unknown command 'xyzzy'", "see: ");
}

TEST(Suggestions, OptionsThatAreNotWrittenToTheirEnd) {
    expect_suggested({"show", "--lev"}, "unknown option --lev", "did you mean: --level");
    expect_suggested({"show", "--lo"}, "unknown option --lo", "see: "); // --log-level, --log-format
    expect_suggested({"show", "-V"}, "unknown option -V", "did you mean: --version");
}

TEST(Suggestions, OptionsOfOtherCommands) {
    expect_suggested({"echo", "--level", "3"}, "unknown option --level",
                     "that is an option: codex-sample show --level; see: ");
    expect_suggested({"echo", "-x"}, "unknown option -x", "see: "); // one letter is near to none
}

TEST(Suggestions, OptionsBeforeTheirCommand) {
    const auto moved = [](const std::vector<std::string>& arguments, const std::string& name,
                          const std::string& command) {
        expect_suggested(arguments, name + " stands before its command",
                         "options of a command stand behind it: " + command + "; see: ");
    };
    moved({"--name", "my file", "show", "x y"}, "--name",
          "codex-sample show --name 'my file' 'x y'");
    moved({"--name=a b", "-q", "-k", "4", "-f", "--lock-timeout", "1s", "show", "--", "x"},
          "--name", "codex-sample show -q --lock-timeout 1s --name='a b' -k 4 -f -- x");
    moved({"-k4", "show"}, "-k4", "codex-sample show -k4");
    // The name of the command, or its value, may be what follows.
    moved({"--name", "show", "show"}, "--name", "codex-sample show --name show");
    moved({"--name", "show"}, "--name", "codex-sample show --name NAME");
    // What belongs to no command, or to another one, is said as ever.
    expect_suggested({"--level", "3", "echo"}, "unknown option --level", "that is an option: ");
    expect_suggested({"--nonsense", "show"}, "unknown option --nonsense", "see: ");
}

TEST(Suggestions, OptionsWithoutTheirCommand) {
    expect_suggested({"level"}, "unknown command 'level'",
                     "that is an option: codex-sample show --level; see: ");
    expect_suggested({"json"}, "unknown command 'json'", "did you mean: --json; see: ");
    expect_suggested({"map"}, "unknown command 'map'",
                     "that is an option: codex-ec status --map; see: ");
    expect_suggested({"show", "--map"}, "unknown option --map",
                     "that is an option: codex-ec status --map; see: ");
    expect_suggested({"--codec"}, "unknown option --codec",
                     "that is an option: codex-chunk block put --codec; see: ");
}

TEST(Suggestions, CommandsAtAnotherPlace) {
    expect_suggested({"block", "show"}, "unknown command 'show'",
                     "did you mean: codex-sample show");
}

TEST(Suggestions, CommandsOfOtherTools) {
    expect_suggested({"put"}, "unknown command 'put'",
                     "that is a command of another tool: codex-chunk put");
    expect_suggested({"verify"}, "unknown command 'verify'",
                     "that is a command of other tools: codex-chunk verify; codex-ec verify; "
                     "codex-merkle verify; codex-prove verify");
    expect_suggested({"upload"}, "unknown command 'upload'", "did you mean: codex-chunk put");
    expect_suggested({"version"}, "unknown command 'version'",
                     "did you mean: codex-sample --version");
}

TEST(OptionErrors, HaveTheFormOfAllOthers) {
    const std::string help = "see: codex-sample show --help\n";
    expect_suggested({"show", "--name"}, "--name needs a value: --name NAME", help);
    expect_suggested({"show", "-k"}, "--count needs a value: --count N", help);
    expect_suggested({"show", "-qk"}, "--count needs a value: --count N", help);
    expect_suggested({"show", "--repo"}, "--repo needs a value: --repo DIR", help);
    expect_suggested({"-r"}, "--repo needs a value: --repo DIR", "see: codex-sample --help\n");
    // What stands behind it is an option, and no value that was meant.
    expect_suggested({"show", "-k", "--name", "x"},
                     "-k needs a value: -k N; what stands behind it is the option --name", help);
    expect_suggested({"show", "--name", "-k", "5"},
                     "--name needs a value: --name NAME; what stands behind it is the option -k",
                     "if that is the value, join them: --name=-k; " + help);
    expect_suggested(
        {"show", "--repo", "--quiet"},
        "--repo needs a value: --repo DIR; what stands behind it is the option --quiet",
        "if that is the value, join them: --repo=--quiet; " + help);
    expect_suggested({"show", "-k", "--help"},
                     "-k needs a value: -k N; what stands behind it is the option --help", help);
    expect_suggested({"show", "--name", "--", "x"}, "--name needs a value: --name NAME", help);
    expect_suggested({"show", "--flag=maybe"}, "--flag takes no value", help);
    expect_suggested({"show", "--flag="}, "--flag takes no value", help);
    expect_suggested({"show", "--json=5"}, "--json takes no value", help);
    expect_suggested({"show", "-q5"}, "-q takes no value", help);
    expect_suggested({"show", "-v=3"}, "-v takes no value", help);
    expect_suggested({"show", "-vvv=2"}, "-v takes no value", help);
}

TEST(OptionErrors, NumbersBelowZeroMayBeArguments) {
    EXPECT_THAT(run({"show", "--", "-5"}).out, StartsWith("-5|"));
}

TEST(HelpCommand, IsTheHelpOfTheCommand) {
    EXPECT_EQ(run({"help"}).out, run({"--help"}).out);
    EXPECT_EQ(run({"help", "block", "get"}).out, run({"block", "get", "--help"}).out);
    EXPECT_EQ(run({"help", "nonsense"}).exit_code, 64);
    const std::string json = run({"help", "--json", "show"}).out;
    const auto object = nlohmann::json::parse(json.substr(0, json.find('\n')));
    EXPECT_EQ(object["command"], "codex-sample show");
    EXPECT_EQ(object["text"], run({"show", "--help"}).out);
    EXPECT_EQ(run({"--json", "show", "-h"}).out.substr(0, json.find('\n')),
              json.substr(0, json.find('\n')));
}

} // namespace
} // namespace codex::cli

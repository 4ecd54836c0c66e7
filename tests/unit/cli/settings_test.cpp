// Flag > environment > configuration file > default.
#include "base/fd.hpp"
#include "cli/command.hpp"
#include "cli/detail/config_file.hpp"
#include "run_tool.hpp"
#include "temporary_folder.hpp"

#include <nlohmann/json.hpp>

namespace codex::cli {
namespace {

using test::Call;
using test::Outcome;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Result<std::string> parsed(std::string_view text) {
    CODEX_TRY(entries, detail::parse_config(as_bytes(text), "f"));
    std::string out;
    for (const auto& [key, value, is_list, line] : entries)
        out += fmt::format("{}:{}={}{};", line, key, is_list ? "*" : "", value);
    return out;
}

void expect_refused(std::string_view text, const std::string& why) {
    const auto refused = parsed(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code(), Errc::config_invalid) << text;
    EXPECT_THAT(refused.error().text(), HasSubstr(why)) << text;
}

TEST(ConfigFile, HoldsStringsNumbersAndTruth) {
    EXPECT_EQ(*parsed("# a comment\n\nthreads = 3\nrepo = \"/a b\" # more\r\nno-sync = true\n"),
              "3:threads=3;4:repo=/a b;5:no-sync=true;");
    EXPECT_EQ(*parsed("z = 'C:\\x'\na = 0x10"), "1:z=C:\\x;2:a=16;");
    EXPECT_EQ(*parsed(""), "");
    EXPECT_EQ(*parsed("a = [1]\nb = ['x', \"y\", ] # c\nc = [ ]\n"), "1:a=*1;2:b=*x\ny;3:c=*;");
}

TEST(ConfigFile, NamesTheLineOfWhatItRefuses) {
    for (const char* bare : {"/a", "none", "True", "~/x", "a@b", "info;debug:x # more", "inf"})
        expect_refused(fmt::format("threads = 1\nrepo = {}\n", bare),
                       fmt::format("f:2: repo: {}: a text stands in quotes",
                                   std::string(bare).substr(0, std::string_view(bare).find(' '))));
    expect_refused("threads 1\n", "f:1: ");
    expect_refused("a = 1\na = 2\n", "f:2: ");
    expect_refused("\n[codex-chunk]\nthreads = 1\n", "f:2: a section");
    expect_refused("a = [[1]]\n", "f:1: a: neither a string");
    expect_refused("a = 1.5\n", "f:1: a: neither a string");
    expect_refused("a = 2027-01-31\n", "f:1: a: neither a string");
    expect_refused("a.b = 1\n", "f:1: a: a table");
    expect_refused("a = \"\xff\"\n", "f:1: ");
    expect_refused("a = " + std::string(5000, '[') + "\n", "f:1: ");
    for (const char* section : {"[\n", " [\r\n\na = 1", "\xef\xbb\xbf[\n", "[[\n"})
        expect_refused(section, "f:1: a section");
    for (const char* other : {"a [\nb = 1", "= 1", "a", "a 1", "'a b' = 1", "\xc3\xa9 = 1"})
        expect_refused(other, "f:1: not of the form");
    for (const char* more : {"a = ''\xc3\xa9\n", "a = 1 2", "a = \"\" \"\"", "a = '''\nx'''\n"})
        expect_refused(more, "f:1: a: more than a value");
    for (const char* open : {"a =", "a = \"b\\\"", "a = 'b", "a = {}", "a = \n1"})
        expect_refused(open, "f:1: a: neither a string");
    EXPECT_EQ(*parsed("a = '[' # [b]\n# [c]\n"), "1:a=[;");
    for (const std::string_view control :
         {std::string_view("a = 1\0b = 2", 11), std::string_view("# \0\na = 1", 9),
          std::string_view("a = '\x1b'\n"), std::string_view("a = 1 # \x7f\n")})
        expect_refused(std::string(control), ": a control character");
    EXPECT_EQ(*parsed("a = \"\\\"\xc3\xa9#\"#"), "1:a=\"\xc3\xa9#;");
}

TEST(ConfigFile, HasABound) {
    const auto refused = parsed(std::string(detail::kMaxConfigBytes + 1, '\n'));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::limit_exceeded);
    EXPECT_TRUE(parsed(std::string(detail::kMaxConfigBytes, '\n')));
}

class Settings : public ::testing::Test {
protected:
    void configure(std::string_view text) {
        std::filesystem::create_directory(folder_.file("codex"));
        ASSERT_TRUE(write_file_atomic(file_, as_bytes(text)));
    }
    Outcome run(std::vector<std::string> arguments,
                std::map<std::string, std::string> environment = {}) {
        environment.emplace("XDG_CONFIG_HOME", folder_.path());
        return test::run([](Command&) {}, {std::move(arguments), "", std::move(environment)});
    }
    /// What `config --show-origin` says of one setting.
    std::string origin(const std::string& name, std::vector<std::string> arguments = {},
                       std::map<std::string, std::string> environment = {}) {
        arguments.insert(arguments.begin(), {"config", "--show-origin"});
        const Outcome outcome = run(std::move(arguments), std::move(environment));
        EXPECT_EQ(outcome.err, "");
        const std::size_t at = outcome.out.find(name + "\t");
        if (at == std::string::npos)
            return "";
        const std::size_t value = at + name.size() + 1;
        return outcome.out.substr(value, outcome.out.find('\n', value) - value);
    }
    const codex::test::TemporaryFolder folder_;
    const std::string file_ = folder_.file("codex/config.toml");
};

TEST_F(Settings, TheStrongerOneWins) {
    EXPECT_EQ(origin("threads"), "0\tdefault\t");
    configure("threads = 2\n");
    EXPECT_EQ(origin("threads"), "2\tfile\t" + file_ + ":1");
    EXPECT_EQ(origin("threads", {}, {{"CODEX_THREADS", "3"}}), "3\tenvironment\tCODEX_THREADS");
    EXPECT_EQ(origin("threads", {"-j4"}, {{"CODEX_THREADS", "3"}}), "4\tflag\t--threads");
}

TEST_F(Settings, EachHasItsPlaces) {
    configure("repo = \"/r\"\nprogress = \"json\"\ncolor = \"always\"\nlog-level = \"info\"\n"
              "log-format = \"json\"\nlock-timeout = \"3s\"\nno-sync = true\n");
    EXPECT_EQ(origin("repo"), "/r\tfile\t" + file_ + ":1");
    EXPECT_EQ(origin("repo", {}, {{"CODEX_REPO", "/e"}}), "/e\tenvironment\tCODEX_REPO");
    EXPECT_EQ(origin("progress"), "json\tfile\t" + file_ + ":2");
    EXPECT_EQ(origin("color"), "always\tfile\t" + file_ + ":3");
    EXPECT_EQ(origin("color", {}, {{"NO_COLOR", "1"}}), "never\tenvironment\tNO_COLOR");
    EXPECT_EQ(origin("color", {"--color", "auto"}, {{"NO_COLOR", "1"}}), "auto\tflag\t--color");
    EXPECT_EQ(origin("log-level", {}, {{"CODEX_LOG", "debug"}}), "debug\tenvironment\tCODEX_LOG");
    EXPECT_EQ(origin("log-format"), "json\tfile\t" + file_ + ":5");
    EXPECT_EQ(origin("lock-timeout"), "3s\tfile\t" + file_ + ":6");
    EXPECT_EQ(origin("lock-timeout", {"--lock-timeout", "1m"}), "1m\tflag\t--lock-timeout");
    EXPECT_EQ(origin("no-sync"), "true\tfile\t" + file_ + ":7");
    EXPECT_EQ(origin("config-file"), file_ + "\tdefault\t");
}

TEST_F(Settings, TheFileCanBeNamed) {
    configure("threads = 2\n");
    const std::map<std::string, std::string> none = {{"CODEX_CONFIG", "/dev/null"}};
    EXPECT_EQ(origin("threads", {}, none), "0\tdefault\t");
    EXPECT_EQ(origin("config-file", {}, none), "/dev/null\tenvironment\tCODEX_CONFIG");
    EXPECT_EQ(origin("threads", {"--config-file", file_}, none), "2\tfile\t" + file_ + ":1");
    EXPECT_EQ(run({"config"}, {{"CODEX_CONFIG", "/no/such"}}).exit_code, 66);
    EXPECT_EQ(run({"config", "--config-file", ""}).exit_code, 64);
}

TEST_F(Settings, MistakesAreNamedAndEndWith78) {
    const auto expect_wrong = [this](const std::string& text, const std::string& why) {
        configure(text);
        const Outcome outcome = run({"config"});
        EXPECT_EQ(outcome.exit_code, 78) << text;
        EXPECT_EQ(outcome.out, "");
        EXPECT_THAT(outcome.err, StartsWith("codex-sample: error: " + file_ + ":" + why)) << text;
    };
    expect_wrong("\nthread = 1\n", "2: there is no setting 'thread'");
    expect_wrong("json = true\n", "1: there is no setting 'json'");
    expect_wrong("config-file = 'x'\n", "1: there is no setting 'config-file'");
    expect_wrong("threads = 'many'\n", "1: threads: 'many' is no whole number");
    expect_wrong("no-sync = 1\n", "1: no-sync: '1' is neither true nor false");
    expect_wrong("progress = 'loud'\n", "1: progress: 'loud' is none of");
    configure("log-level = 'loud'\n");
    EXPECT_EQ(run({"config"}).exit_code, 78);
    EXPECT_THAT(run({"config"}).err, HasSubstr(file_ + ":1: "));
    const Outcome json = run({"config", "--json"});
    EXPECT_EQ(nlohmann::json::parse(json.err)["code"], "config.invalid");
    EXPECT_EQ(run({"--help"}).exit_code, 0) << "help is there for whoever made a mistake";
}

TEST_F(Settings, WithoutAHomeThereAreNoDefaultPlaces) {
    for (const char* home : {"", "relative", "."}) {
        const std::map<std::string, std::string> environment = {
            {"HOME", home}, {"XDG_CONFIG_HOME", ""}, {"XDG_DATA_HOME", "also/relative"}};
        EXPECT_EQ(origin("repo", {}, environment), "\tdefault\t") << home;
        EXPECT_EQ(origin("config-file", {}, environment), "\tdefault\t") << home;
    }
    EXPECT_EQ(origin("repo", {}, {{"XDG_DATA_HOME", "relative"}}),
              "/home/test/.local/share/codex\tdefault\t");
}

TEST_F(Settings, AFileThatNobodyNamedMayBeOutOfReach) {
    for (const char* home : {"/dev/null", "/no/such/home"})
        EXPECT_EQ(origin("threads", {}, {{"HOME", home}, {"XDG_CONFIG_HOME", ""}}), "0\tdefault\t");
    EXPECT_EQ(origin("threads", {}, {{"XDG_CONFIG_HOME", "/" + std::string(5000, 'x')}}),
              "0\tdefault\t");
    std::filesystem::create_directories(file_); // a folder in its place
    EXPECT_EQ(run({"config"}).exit_code, 78);
    std::filesystem::remove(file_);
    ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0); // is not waited for
    EXPECT_EQ(run({"config"}).exit_code, 78);
    EXPECT_EQ(run({"config"}, {{"CODEX_CONFIG", "/no/such"}}).exit_code, 66) << "named: needed";
}

TEST_F(Settings, EveryVariableOfOursIsChecked) {
    for (const char* variable : {"CODEX_CPU", "CODEX_NOW", "CODEX_THREADS", "CODEX_PROGRESS",
                                 "CODEX_LOG", "CODEX_LOG_FORMAT"}) {
        const Outcome outcome = run({"config"}, {{variable, "@wrong"}});
        EXPECT_EQ(outcome.exit_code, 78) << variable;
        EXPECT_EQ(outcome.out, "");
        EXPECT_THAT(outcome.err, HasSubstr(variable));
        EXPECT_EQ(run({"config"}, {{variable, ""}}).exit_code, 0) << "empty is not set";
    }
    for (const char* now : {"-1", "1e9", "18446744073709551616", "1 "})
        EXPECT_EQ(run({"config"}, {{"CODEX_NOW", now}}).exit_code, 78) << now;
    EXPECT_EQ(run({"config"}, {{"CODEX_NOW", "0"}, {"CODEX_CPU", "portable"}}).err, "");
}

TEST_F(Settings, ASlipInAVariableIsNoted) {
    EXPECT_THAT(run({"config"}, {{"CODEX_REOP", "x"}}).err,
                HasSubstr("warning: $CODEX_REOP means nothing here: is $CODEX_REPO meant?"));
    EXPECT_THAT(run({"config"}, {{"CODEX_THREAD", "1"}}).err, HasSubstr("$CODEX_THREADS"));
    for (const char* other : {"CODEX_ETH_PROVIDER", "CODEX_BIN", "CODEX_", "CODEXREPO"})
        EXPECT_EQ(run({"config"}, {{other, "x"}}).err, "") << other;
}

TEST_F(Settings, JsonHasTheOrigin) {
    configure("threads = 2\n");
    const Outcome outcome = run({"config", "--json", "--show-origin"});
    EXPECT_THAT(outcome.out, HasSubstr(R"({"type":"setting","name":"threads","value":"2",)"
                                       R"("origin":"file","from":")" +
                                       file_ + R"(:1"})"));
    EXPECT_THAT(run({"config"}).out, HasSubstr("threads\t2\n"));
}

} // namespace
} // namespace codex::cli

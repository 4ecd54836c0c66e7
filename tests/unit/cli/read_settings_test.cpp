// Settings of a process that has no command line.
#include "cli/settings.hpp"

#include "base/fd.hpp"
#include "must.hpp"
#include "temporary_folder.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

namespace codex::cli {
namespace {

using codex::test::must;
using codex::test::must_fail;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// A variable of the environment, as long as it lives.
class Variable {
public:
    Variable(const char* name, const std::string& value) : name_(name) {
        ::setenv(name, value.c_str(), 1);
    }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;
    ~Variable() { ::unsetenv(name_); }

private:
    const char* name_;
};

class ReadSettings : public ::testing::Test {
protected:
    std::string configured(std::string_view text) {
        const std::string path = folder_.file("settings.toml");
        must(write_file_atomic(path, as_bytes(text)));
        return path;
    }

    codex::test::TemporaryFolder folder_;
    std::string listen_ = "127.0.0.1";
    std::string peers_;
    std::vector<SettingRule> rules_ = {
        {"listen", "CODEX_TEST_LISTEN", listen_, false,
         [this](const std::string& value) -> Result<void> {
             if (value.empty())
                 return fail(Errc::usage, "no address");
             listen_ = value;
             return {};
         }},
        {"peers", "", "8", true,
         [this](const std::string& value) -> Result<void> {
             peers_ = value;
             return {};
         }},
    };
};

std::vector<std::string> shown(const std::vector<Setting>& settings) {
    std::vector<std::string> lines;
    for (const Setting& setting : settings)
        if (setting.name != kConfigFileSetting)
            lines.push_back(
                fmt::format("{}={} {}", setting.name, setting.value, name_of(setting.origin)));
    return lines;
}

TEST_F(ReadSettings, TheEnvironmentGoesBeforeTheFileAndBothBeforeTheDefault) {
    EXPECT_THAT(shown(must(read_settings(rules_, configured("")))),
                ElementsAre("listen=127.0.0.1 default", "peers=8 default"));
    const std::string path = configured("peers = 12\nlisten = '::1'\n");
    const std::vector<Setting> settings = must(read_settings(rules_, path));
    EXPECT_THAT(shown(settings), ElementsAre("listen=::1 file", "peers=12 file"));
    EXPECT_EQ(settings.front().name, kConfigFileSetting);
    EXPECT_EQ(settings.front().value, path);
    EXPECT_EQ(settings[1].from, path + ":2");
    EXPECT_EQ(listen_, "::1");
    EXPECT_EQ(peers_, "12");
    const Variable variable("CODEX_TEST_LISTEN", "0.0.0.0");
    EXPECT_THAT(shown(must(read_settings(rules_, path))),
                ElementsAre("listen=0.0.0.0 environment", "peers=12 file"));
    EXPECT_EQ(listen_, "0.0.0.0");
}

TEST_F(ReadSettings, MistakesThatNothingNeededDependsOnArePassedOver) {
    std::vector<Error> passed_over;
    const auto read = [&](const std::string& path) {
        passed_over.clear();
        return read_settings(rules_, path.empty() ? "" : path, kSettingsPatience, &passed_over);
    };
    rules_[1].needed = false;
    // A list, where there is one value; a name that is none; a variable that no rule stands for.
    const Variable cpu("CODEX_CPU", "z80");
    const std::string wrong = configured("peers = 3\nport = 1\nlisten = '::1'\n");
    EXPECT_THAT(shown(must(read(wrong))), ElementsAre("listen=::1 file", "peers=3 file"));
    ASSERT_EQ(passed_over.size(), 2U);
    EXPECT_THAT(passed_over[0].text(), HasSubstr("$CODEX_CPU"));
    EXPECT_EQ(passed_over[1].text(), wrong + ":2: there is no setting 'port'");
    // What is needed is refused, also a name that may be meant to be its, and a file that may say
    // it.
    for (const char* text : {"listen = ''\n", "lisen = '::1'\n", "listen = '::1'\nno = {}\n"})
        EXPECT_EQ(must_fail(read(configured(text))).code(), Errc::config_invalid) << text;
    // Unless something stronger says it, or it is not needed, either.
    const Variable listen("CODEX_TEST_LISTEN", "0.0.0.0");
    for (const char* text : {"listen = ''\n", "lisen = '::1'\n", "listen = '::1'\nno = {}\n"}) {
        const std::string path = configured(text);
        const Variable named("CODEX_CONFIG", path); // which the command line does not name
        EXPECT_THAT(shown(must(read(""))),
                    ElementsAre("listen=0.0.0.0 environment", "peers=8 default"));
        EXPECT_EQ(passed_over.size(), 2U) << text;
    }
    EXPECT_EQ(must_fail(read(folder_.file("none"))).code(), Errc::not_found);
    rules_[0].needed = false;
    rules_[0].apply = [](const std::string&) { return Result<void>(fail(Errc::usage, "no")); };
    EXPECT_THAT(shown(must(read(configured("")))),
                ElementsAre("listen=127.0.0.1 default", "peers=8 default"));
    EXPECT_THAT(passed_over[1].text(), HasSubstr("$CODEX_TEST_LISTEN: no"));
}

TEST_F(ReadSettings, WhatIsWrongIsNamedWithItsPlace) {
    const std::string path = configured("\nlisten = ''\n");
    Error error = must_fail(read_settings(rules_, path));
    EXPECT_EQ(error.code(), Errc::config_invalid);
    EXPECT_EQ(error.text(), path + ":2: listen: no address");
    error = must_fail(read_settings(rules_, configured("port = 1\n")));
    EXPECT_EQ(error.text(), path + ":1: there is no setting 'port'");
    // One file has the settings of all tools.
    const std::string all(error.hint());
    EXPECT_THAT(all, StartsWith("there are listen, peers, agent-string, "));
    EXPECT_THAT(all, HasSubstr(", listen-addrs, max-peers, "));
    error = must_fail(read_settings(rules_, configured("max-pears = 1\n")));
    EXPECT_EQ(error.hint(), all + "; did you mean: max-peers");
    error = must_fail(read_settings(rules_, folder_.file("none")));
    EXPECT_EQ(error.code(), Errc::not_found);
    const Variable cpu("CODEX_CPU", "z80");
    EXPECT_THAT(must_fail(read_settings(rules_, configured(""))).text(), HasSubstr("$CODEX_CPU"));
}

TEST_F(ReadSettings, AListIsTakenWhereThereMayBeSeveralValues) {
    must(read_settings(rules_, configured("peers = [ 'one', \"two, three\",4 , ] # so many\n")));
    EXPECT_EQ(peers_, "one\ntwo, three\n4");
    peers_ = "as it was";
    must(read_settings(rules_, configured("peers = []\n")));
    EXPECT_EQ(peers_, "as it was"); // there is none to be taken
    std::string path = configured("listen = ['::1']\n");
    EXPECT_EQ(must_fail(read_settings(rules_, path)).text(),
              path + ":1: listen: a list, where there is one value");
    for (const char* wrong :
         {"peers = [", "peers = ['a'", "peers = ['a' 'b']", "peers = [,]", "peers = [['a']]",
          "peers = ['a'] 'b'", "peers = [1.5]", "peers = [\"a\\nb\"]", "peers = ['a',\n'b']",
          "peers = ['']", "peers = ['a', '']"})
        EXPECT_EQ(must_fail(read_settings(rules_, configured(wrong))).code(), Errc::config_invalid)
            << wrong;
}

TEST_F(ReadSettings, AVariableThatLooksLikeOneOfTheRulesIsDoubtful) {
    const Variable slip("CODEX_TEST_LISTEM", "x");
    const Variable other("CODEX_OF_SOMEBODY_ELSE", "x");
    EXPECT_THAT(doubtful_variables(rules_),
                ElementsAre("$CODEX_TEST_LISTEM means nothing here: is $CODEX_TEST_LISTEN meant?"));
}

TEST_F(ReadSettings, AVariableThatIsCalledAsTheOptionIsDoubtful) {
    const Variable option("CODEX_LISTEN", "x");
    const Variable without("CODEX_PEERS", "x"); // no variable speaks for that setting
    EXPECT_THAT(doubtful_variables(rules_),
                ElementsAre("$CODEX_LISTEN means nothing here: is $CODEX_TEST_LISTEN meant?"));
}

TEST_F(ReadSettings, NobodyWaitsForAPipeForEver) {
    const std::string path = folder_.file("fifo");
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    Error error = must_fail(read_settings(rules_, path, std::nullopt));
    EXPECT_EQ(error.code(), Errc::config_invalid);
    EXPECT_THAT(error.text(), HasSubstr(path + ": is no regular file"));
    error = must_fail(read_settings(rules_, path, Clock::Duration::zero()));
    EXPECT_EQ(error.code(), Errc::timeout);
    // What has been written is read to its end.
    const Fd writer = must(open_file(path, O_RDWR));
    must(write_full(writer.get(), as_bytes(std::string_view("listen = '::1'\n")), path));
    error = must_fail(read_settings(rules_, path, std::chrono::milliseconds(1)));
    EXPECT_EQ(error.code(), Errc::timeout); // there may be more: somebody has it open
    must(read_settings(rules_, "/dev/null", std::nullopt));
    EXPECT_EQ(must_fail(read_settings(rules_, "/dev/zero", std::nullopt)).code(),
              Errc::limit_exceeded);
}

} // namespace
} // namespace codex::cli

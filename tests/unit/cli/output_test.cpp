// Where results go: files of -o, and streams that fail.
#include "cli/tool.hpp"
#include "sample_tool.hpp"
#include "temporary_folder.hpp"

#include <cstdio>
#include <sys/wait.h>
#include <unistd.h>

namespace codex::cli {
namespace {

using test::declare;
using test::expect_out;
using test::Outcome;
using test::run;
using ::testing::HasSubstr;

/// A folder of its own for each test.
class OutputOption : public ::testing::Test {
protected:
    void TearDown() override {
        for (const char* name : {"out", "link", "pipe"})
            ::unlink(path(name).c_str());
        EXPECT_EQ(folder_.entries(), 0U) << "something else was left behind";
    }
    [[nodiscard]] std::string path(const std::string& name) const { return folder_.file(name); }
    static std::string content(const std::string& path) {
        const auto bytes = read_file(path, 1 << 20);
        return bytes ? std::string(as_text(*bytes)) : "(" + bytes.error().text() + ")";
    }
    codex::test::TemporaryFolder folder_;
};

TEST_F(OutputOption, AppearsWhole) {
    expect_out({"stream", "text", "-o", path("out")}, "");
    EXPECT_EQ(content(path("out")), "text");
    expect_out({"stream", "again", "-o", path("out")}, "");
    EXPECT_EQ(content(path("out")), "again");
    expect_out({"stream", "text", "-o", "-"}, "text");
}

TEST_F(OutputOption, DoesNotAppearAfterAFailure) {
    EXPECT_EQ(run({"stream", "fail", "-o", path("out")}).exit_code, 1);
    EXPECT_EQ(run({"stream", "no", "-o", path("out")}).exit_code, 1);
    EXPECT_NE(::access(path("out").c_str(), F_OK), 0);
}

TEST_F(OutputOption, ALinkStaysAndADeviceIsWrittenTo) {
    expect_out({"stream", "old", "-o", path("out")}, "");
    ASSERT_EQ(::symlink("out", path("link").c_str()), 0);
    expect_out({"stream", "new", "-o", path("link")}, "");
    EXPECT_EQ(content(path("out")), "new");
    expect_out({"stream", "gone", "-o", "/dev/null"}, "");
    EXPECT_EQ(content("/dev/null"), "");
}

TEST_F(OutputOption, BadPlacesAreRefused) {
    const Outcome folder = run({"stream", "x", "-o", folder_.path()});
    EXPECT_EQ(folder.exit_code, 73);
    EXPECT_THAT(folder.err, HasSubstr(": is a folder"));
    for (const char* command : {"stream", "globals"}) {
        std::vector<std::string> words = {command, "-o", path("no/such/out")};
        if (words.front() == "stream")
            words.emplace_back("fail"); // it is known before the command fails
        const Outcome outcome = run(words);
        EXPECT_EQ(outcome.exit_code, 73);
        EXPECT_THAT(outcome.err, HasSubstr("cannot create " + path("no/such/out")));
        EXPECT_THAT(outcome.err, testing::Not(HasSubstr("half of it")));
    }
    EXPECT_EQ(run({"stream", "x", "-o", path(std::string(256, 'n'))}).exit_code, 73);
}

TEST_F(OutputOption, OpenDescriptorsAreWrittenTo) {
    expect_out({"stream", "text", "-o", "/dev/stdout"}, "text");
    expect_out({"stream", "text", "-o", "/dev/fd/1"}, "text");
    EXPECT_EQ(run({"stream", "text", "-o", "/dev/stderr"}).err, "text");
    EXPECT_EQ(run({"stream", "text", "-o", "/dev/full"}).exit_code, 74);
    for (const char* none : {"/dev/fd/200", "/dev/fd/x", "/dev/fd/"})
        EXPECT_EQ(run({"stream", "text", "-o", none}).exit_code, 73) << none;
}

TEST(Streams, AFullDiskIsAnError) {
    const auto to_full = [](Command& root) {
        ASSERT_NE(::freopen("/dev/full", "w", stdout), nullptr);
        declare(root);
    };
    const Outcome outcome = test::run(to_full, {{"echo", "a"}, "", {}});
    EXPECT_EQ(outcome.exit_code, 74);
    EXPECT_THAT(outcome.err, HasSubstr("write stdout: No space left on device"));
}

TEST(Streams, AClosedStdoutIsAnErrorAndNoFileTakesItsPlace) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::close(STDOUT_FILENO);
        ::close(STDERR_FILENO);
        std::string words[] = {"codex-sample", "echo", "a"};
        char* argv[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
        ::_exit(run_tool(3, argv, {"codex-sample", "a tool", declare}));
    }
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 74);
}

} // namespace
} // namespace codex::cli

#include "cli/line_jobs.hpp"

#include "run_tool.hpp"

#include <condition_variable>
#include <mutex>

namespace codex::cli {
namespace {

using test::Outcome;
using ::testing::HasSubstr;

/// "wait" is answered when "go" has been, whoever comes first; "fail ..." fails.
struct Handler {
    std::mutex mutex;
    std::condition_variable changed;
    bool gone = false;

    JobAnswer answer(const JobLine& line) {
        std::unique_lock lock(mutex);
        if (line.too_long)
            return {"long", "too long"};
        if (line.text == "go") {
            gone = true;
            changed.notify_all();
        }
        if (line.text == "wait" &&
            !changed.wait_for(lock, std::chrono::minutes(1), [this] { return gone; }))
            return {"wait", "waited in vain"};
        JobAnswer answer{line.text, "[" + line.text + "]"};
        if (line.text.starts_with("fail"))
            answer.error.emplace(Errc::malformed, "is bad");
        return answer;
    }
};

Outcome answers(const std::string& input, const std::vector<std::string>& flags) {
    const auto declare = [](Command& root) {
        root.command("stay", "answer lines").example("stay").run([](Context& context) {
            Handler handler;
            return answer_lines(context, 16,
                                [&](const JobLine& line) { return handler.answer(line); });
        });
    };
    std::vector<std::string> arguments = {"stay"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    return test::run(declare, {.arguments = arguments, .input = input, .environment = {}});
}

TEST(LineJobs, AJobWaitsForNoOtherOne) {
    const Outcome outcome = answers("wait\ngo\n", {"-j", "2"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("[wait]\n"));
    EXPECT_THAT(outcome.out, HasSubstr("[go]\n"));
}

TEST(LineJobs, EveryLineIsAnsweredWholeByManyThreads) {
    std::string input;
    for (int i = 0; i < 2000; ++i)
        input += fmt::format("{}\n", i);
    const Outcome outcome = answers(input, {"-j", "8"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    for (int i = 0; i < 2000; ++i)
        EXPECT_THAT("\n" + outcome.out, HasSubstr(fmt::format("\n[{}]\n", i)));
    EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 2000);
}

TEST(LineJobs, BlankLinesAreNoneAndTheLastNeedsNoEnd) {
    EXPECT_EQ(answers("a\n\n \t\r\nb", {"-j", "1"}).out, "[a]\n[b]\n");
    EXPECT_EQ(answers("", {"-j", "1"}).out, "");
}

TEST(LineJobs, LinesOfAnyLengthAreSurvived) {
    for (const std::size_t size : {17UL, 5000UL, 100000UL}) {
        const std::string huge(size, 'x');
        EXPECT_EQ(answers("a\n" + huge + "\nb\n", {"-j", "1"}).out, "[a]\ntoo long\n[b]\n");
        EXPECT_EQ(answers(huge, {"-j", "1"}).out, "too long\n");
    }
    EXPECT_EQ(answers(std::string(16, 'x'), {"-j", "1"}).out, "[" + std::string(16, 'x') + "]\n");
}

TEST(LineJobs, AFailedJobIsAnsweredAndReportedAndTheNextComes) {
    const Outcome outcome = answers("a\nfail 1\nb\n", {"-j", "1"});
    EXPECT_EQ(outcome.exit_code, 65);
    EXPECT_EQ(outcome.out, "[a]\n[fail 1]\n[b]\n");
    EXPECT_EQ(outcome.err, "codex-sample: error: fail 1: is bad\n");
    EXPECT_EQ(answers("a\nfail 1\nb\n", {"-j", "1", "--fail-fast"}).out, "[a]\n[fail 1]\n");
}

} // namespace
} // namespace codex::cli

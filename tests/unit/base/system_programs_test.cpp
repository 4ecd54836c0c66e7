// Programs in processes of their own: what they say, and that nothing they do holds up the loop,
// takes more than it may, or outlives whoever wanted the answer.
#include "base/system_programs.hpp"

#include "must.hpp"
#include "sanitizers.hpp"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace codex {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using test::must;
using test::must_fail;

/// It has ended; whoever is the parent now may not have taken notice yet.
bool is_over(pid_t id) {
    std::ifstream stat(fmt::format("/proc/{}/stat", id));
    std::string words;
    std::getline(stat, words);
    return words.empty() || words.find(") Z ") != words.npos;
}

Program shell(const std::string& script) {
    return {"/bin/sh", {"sh", "-c", script}};
}

/// Until then, or until it is destroyed. How it ends is put down, where it does.
Task<void> run_beside(SystemPrograms* programs, Program program, Clock::Instant until,
                      std::vector<std::string>* outputs) {
    const auto end = co_await programs->run(std::move(program), until);
    outputs->push_back(end ? end->output : end.error().text());
}

class SystemProgramsTest : public testing::Test {
protected:
    Result<ProgramEnd> run(Program program, Clock::Duration patience = minutes(2)) {
        auto end = run_task(loop, programs.run(std::move(program), loop.now() + patience),
                            loop.now() + minutes(3));
        if (!end)
            throw std::runtime_error("it has no end");
        return std::move(*end);
    }
    /// Until the system's table has nothing of them any more.
    void expect_all_gone() {
        EXPECT_TRUE(
            loop.run_until([this] { return programs.running() == 0; }, loop.now() + minutes(2)));
        errno = 0;
        EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
        EXPECT_EQ(errno, ECHILD);
    }

    bool comes_true(const std::function<bool()>& what) {
        const Clock::Instant until = loop.now() + minutes(2);
        while (!what() && loop.now() < until)
            ::usleep(1000);
        return what();
    }

    SystemLoop loop;
    SystemPrograms programs{loop};
};

TEST_F(SystemProgramsTest, GiveWhatTheySayAndHowTheyEnd) {
    const ProgramEnd good = must(run(shell("echo one; echo two")));
    EXPECT_EQ(good.output, "one\ntwo\n");
    EXPECT_EQ(good.status, 0);
    EXPECT_EQ(must(run(shell("echo no; exit 3"))).status, 3);
    EXPECT_EQ(must(run(shell("kill -s TERM $$"))).status, 128 + SIGTERM);
    EXPECT_EQ(must(run({"/nowhere/at/all", {"all"}})).status, 127);
    expect_all_gone();
}

TEST_F(SystemProgramsTest, HaveNothingOfThisProcess) {
    std::array<int, 2> inherited{};
    ASSERT_EQ(::pipe(inherited.data()), 0); // without O_CLOEXEC
    const Fd in(inherited[0]);
    const Fd out(inherited[1]);
    // A shell opens none itself; the one of the listing is ls's own.
    const std::string names = must(run(shell("ls /proc/self/fd | tr '\n' ' '"))).output;
    EXPECT_EQ(names, "0 1 2 3 ");
    EXPECT_EQ(must(run(shell("cat; echo x >&2; readlink /proc/self/fd/0 /proc/self/fd/2"))).output,
              "/dev/null\n/dev/null\n");
    EXPECT_EQ(must(run(shell("tr '\\0' '\n' </proc/self/environ | grep -vc '^PWD='"))).output,
              "0\n");
    const std::string own = std::to_string(::getpgrp());
    EXPECT_NE(must(run(shell("cut -d ' ' -f 5 /proc/self/stat"))).output, own + "\n");
}

TEST_F(SystemProgramsTest, HaveTheirSignalsAsAtFirst) {
    struct sigaction ignored = {};
    ignored.sa_handler = SIG_IGN;
    struct sigaction before = {};
    ASSERT_EQ(::sigaction(SIGUSR2, &ignored, &before), 0);
    const ProgramEnd end = must(run(shell("kill -s USR2 $$; sleep 1000")));
    ASSERT_EQ(::sigaction(SIGUSR2, &before, nullptr), 0);
    EXPECT_EQ(end.status, 128 + SIGUSR2);
    EXPECT_EQ(must(run(shell("grep SigBlk /proc/self/status"))).output,
              "SigBlk:\t0000000000000000\n");
}

TEST_F(SystemProgramsTest, OneThatIsSilentIsEndedWhenItsTimeIsOver) {
    const Clock::Instant began = loop.now();
    EXPECT_EQ(must_fail(run(shell("sleep 1000"), milliseconds(50))).code(), Errc::timeout);
    EXPECT_EQ(
        must_fail(run(shell("trap '' TERM INT HUP; echo; exec >&-; sleep 1000"), milliseconds(100)))
            .code(),
        Errc::timeout);
    EXPECT_LT(loop.now() - began, minutes(1));
    expect_all_gone();
}

TEST_F(SystemProgramsTest, OneThatSaysTooMuchIsEnded) {
    Program flood = shell("while :; do echo 0123456789012345678901234567890123456789; done");
    flood.limits.output_bytes = 100'000;
    EXPECT_EQ(must_fail(run(std::move(flood))).code(), Errc::limit_exceeded);
    Program just = shell("head -c 100000 /dev/zero");
    just.limits.output_bytes = 100'000;
    EXPECT_EQ(must(run(std::move(just))).output.size(), 100'000U);
    expect_all_gone();
}

TEST_F(SystemProgramsTest, WhomItHasBegunEndsWithIt) {
    // It says who they are, and ends; they hold its stdout no longer.
    const ProgramEnd end =
        must(run(shell("sleep 1000 >/dev/null & echo $!; sleep 1000 >/dev/null & echo $!")));
    expect_all_gone();
    std::istringstream ids(end.output);
    std::size_t count = 0;
    for (pid_t id = 0; ids >> id; ++count)
        EXPECT_TRUE(comes_true([id] { return is_over(id); }));
    EXPECT_EQ(count, 2U);
}

TEST_F(SystemProgramsTest, IsEndedWithTheTaskThatWaitsForIt) {
    std::vector<std::string> outputs;
    {
        TaskGroup group(loop);
        group.start(run_beside(&programs, shell("sleep 1000"), loop.now() + minutes(10), &outputs));
        EXPECT_EQ(programs.running(), 1U);
    }
    expect_all_gone();
    EXPECT_TRUE(outputs.empty());
}

TEST_F(SystemProgramsTest, ManyRunBesideEachOther) {
    TaskGroup group(loop);
    std::vector<std::string> outputs;
    std::vector<std::string> expected;
    for (int i = 0; i < 8; ++i) {
        group.start(run_beside(&programs, shell(fmt::format("echo {}", i)), loop.now() + minutes(2),
                               &outputs));
        expected.push_back(fmt::format("{}\n", i));
    }
    EXPECT_TRUE(loop.run_until([&] { return group.size() == 0; }, loop.now() + minutes(2)));
    std::ranges::sort(outputs);
    EXPECT_EQ(outputs, expected);
    expect_all_gone();
}

TEST_F(SystemProgramsTest, AreBoundedInWhatTheyTake) {
    Program bounded = shell("ulimit -v; ulimit -t; ulimit -n; ulimit -f; ulimit -c");
    bounded.limits = {std::uint64_t{64} << 20, 7, 20, 4096};
    const std::string memory = test::kSanitized ? "unlimited" : "65536";
    EXPECT_EQ(must(run(std::move(bounded))).output, memory + "\n7\n20\n0\n0\n");
    // To want more than that is an error for the program.
    EXPECT_EQ(
        must(run(shell("(echo x >/tmp/codex-test-$$) || echo refused; rm -f /tmp/codex-test-$$")))
            .output,
        "refused\n");
    if (!test::kSanitized) {
        Program large = shell("x=0123456789; while :; do x=$x$x; done");
        large.limits.memory_bytes = std::uint64_t{64} << 20;
        EXPECT_NE(must(run(std::move(large))).status, 0);
    }
    expect_all_gone();
}

/// Runs `body` in a process of its own, and gives what it returns.
template <class Body> int in_a_process(const Body& body) {
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(body());
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST_F(SystemProgramsTest, ThatNoProcessIsToBeHadIsAnError) {
    if (test::kSanitized)
        GTEST_SKIP() << "a sanitizer starts threads of its own";
    constexpr uid_t kNobody = 65534;
    if (::getuid() != 0)
        GTEST_SKIP() << "a limit of processes is the user's: needs another one";
    EXPECT_EQ(in_a_process([] {
                  const rlimit none{0, 0};
                  if (::setresuid(kNobody, kNobody, kNobody) != 0 ||
                      ::setrlimit(RLIMIT_NPROC, &none) != 0)
                      return 2;
                  SystemLoop own;
                  SystemPrograms others(own);
                  const auto end =
                      run_task(own, others.run(shell("echo x"), own.now() + minutes(1)));
                  return !*end && end->error().code() == Errc::no_space ? 0 : 1;
              }),
              0);
}

TEST_F(SystemProgramsTest, ThatNoDescriptorIsToBeHadIsAnError) {
    EXPECT_EQ(
        in_a_process([] {
            SystemLoop own;
            SystemPrograms others(own);
            const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
            int failed = 0;
            // One more each time: at each step where one is needed.
            for (int more = 0; more < 12; ++more) {
                const rlimit few{static_cast<rlim_t>(next + more), 4096};
                if (::setrlimit(RLIMIT_NOFILE, &few) != 0)
                    return 2;
                const auto end = run_task(own, others.run(shell("echo x"), own.now() + minutes(1)));
                if (*end)
                    return failed > 2 ? 0 : 3;
                if (end->error().code() != Errc::files_exhausted)
                    return 4;
                ++failed;
                if (!own.run_until([&] { return others.running() == 0; }, own.now() + minutes(1)))
                    return 5;
            }
            return 6;
        }),
        0);
}

TEST_F(SystemProgramsTest, EndsWithTheProcessThatBeganIt) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    Fd said(ends[0]);
    Fd say(ends[1]);
    EXPECT_EQ(in_a_process([&] {
                  SystemLoop own;
                  SystemPrograms others(own);
                  TaskGroup group(own);
                  std::vector<std::string> outputs;
                  group.start(
                      run_beside(&others, shell("sleep 1000"), own.now() + minutes(10), &outputs));
                  // The only child there is.
                  std::ifstream children(fmt::format("/proc/self/task/{}/children", ::gettid()));
                  pid_t child = 0;
                  children >> child;
                  if (child == 0 || ::write(say.get(), &child, sizeof child) != sizeof child)
                      return 1;
                  ::kill(::getpid(), SIGKILL);
                  return 2;
              }),
              128 + SIGKILL);
    pid_t child = 0;
    ASSERT_EQ(::read(said.get(), &child, sizeof child), ssize_t{sizeof child});
    EXPECT_TRUE(comes_true([child] { return is_over(child); }));
}

TEST(OwnMemory, IsBoundedAndNeverMore) {
    if (test::kSanitized)
        GTEST_SKIP() << "a sanitizer needs its addresses";
    EXPECT_EQ(in_a_process([] {
                  bound_own_memory(std::uint64_t{1} << 40);
                  bound_own_memory(std::uint64_t{1} << 41);
                  rlimit now{};
                  ::getrlimit(RLIMIT_AS, &now);
                  return now.rlim_cur == std::uint64_t{1} << 40 ? 0 : 1;
              }),
              0);
}

} // namespace
} // namespace codex

// Commands that work for this process.
#include "cli/child.hpp"

#include "must.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace codex::cli {
namespace {

using test::must;

/// While it lives stderr is a pipe that is full and that nobody reads.
class StderrNobodyReads {
public:
    StderrNobodyReads() {
        int ends[2];
        EXPECT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
        read_ = Fd(ends[0]);
        const Fd write(ends[1]);
        const std::vector<char> page(4096, 'x');
        while (::write(ends[1], page.data(), page.size()) > 0) {
        }
        ::fcntl(ends[1], F_SETFL, 0);
        before_ = Fd(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
        ::dup2(ends[1], STDERR_FILENO);
    }
    ~StderrNobodyReads() { ::dup2(before_.get(), STDERR_FILENO); }
    StderrNobodyReads(const StderrNobodyReads&) = delete;
    StderrNobodyReads& operator=(const StderrNobodyReads&) = delete;

private:
    Fd read_;
    Fd before_;
};

TEST(ChildTest, EndsWhoSpeaksToAStderrThatNobodyReads) {
    ChildEnd ended;
    {
        const StderrNobodyReads silent;
        Child child = must(Child::start("echo words >&2; exec head -c 300000 /dev/zero >&2"));
        ended = child.end(std::chrono::milliseconds(100));
    }
    EXPECT_TRUE(ended.was_told || ended.status != 0) << ended.status;
}

TEST(ChildTest, EndsWhereAnotherGoesOnSpeakingForIt) {
    const StderrNobodyReads silent;
    // yes ends by SIGPIPE once nobody passes on what it says.
    Child child = must(Child::start("yes >&2 & exit 3"));
    EXPECT_EQ(child.end().status, 3);
}

} // namespace
} // namespace codex::cli

// Who serves a repo, by the note in the file of the lock, and where that is another's of old.
#include "repo/daemon_lock.hpp"

#include "repo/fixture.hpp"

#include <future>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace codex::repo::test {
namespace {

TEST(DaemonLocks, AreSeenAsLongAsTheyAreHeld) {
    const Scratch scratch;
    fs::create_directory(scratch.repo());
    EXPECT_FALSE(DaemonLock::seen(scratch.repo()).has_value());
    {
        const DaemonLock lock = must(DaemonLock::take(scratch.repo()));
        const Error again = codex::test::must_fail(DaemonLock::take(scratch.repo()));
        EXPECT_EQ(again.code(), Errc::repo_locked);
        EXPECT_TRUE(again.text().starts_with("is served already: held by ")) << again.text();
        const auto holder = DaemonLock::seen(scratch.repo());
        ASSERT_TRUE(holder.has_value());
        EXPECT_EQ(holder->process, ::getpid());
    }
    EXPECT_FALSE(DaemonLock::seen(scratch.repo()).has_value());
}

// As where a container begins anew: the process of before had the same number, in a namespace that
// the kernel calls by the same one.
TEST(DaemonLocks, ANoteWithOnesOwnNumberIsNobodys) {
    const Scratch scratch;
    fs::create_directory(scratch.repo());
    const std::string path = scratch.repo() + "/daemon.lock";
    {
        const DaemonLock lock = must(DaemonLock::take(scratch.repo()));
    }
    EXPECT_GT(fs::file_size(path), 0U) << "the note stays, and the lock goes with its process";
    EXPECT_FALSE(DaemonLock::seen(scratch.repo()).has_value());
    EXPECT_TRUE(DaemonLock::take(scratch.repo()).has_value());
}

// The same with the number of a thread of ours: /proc has a folder for it, with what we have open.
TEST(DaemonLocks, ANoteWithTheNumberOfAThreadIsNobodys) {
    const Scratch scratch;
    fs::create_directory(scratch.repo());
    const std::string path = scratch.repo() + "/daemon.lock";
    {
        const DaemonLock lock = must(DaemonLock::take(scratch.repo()));
    }
    const Bytes written = must(read_file(path, 4096));
    const std::string note(as_text(written));
    const std::string ours = fmt::format("{} ", ::getpid());
    ASSERT_TRUE(note.starts_with(ours)) << note;
    std::promise<pid_t> number;
    std::promise<void> end;
    std::thread other([&, ended = end.get_future()] {
        number.set_value(static_cast<pid_t>(::syscall(SYS_gettid)));
        ended.wait();
    });
    const pid_t thread = number.get_future().get();
    const std::string theirs = fmt::format("{} {}", thread, note.substr(ours.size()));
    const auto rewritten = write_file_atomic(path, as_bytes(theirs));
    EXPECT_FALSE(DaemonLock::seen(scratch.repo()).has_value());
    end.set_value();
    other.join();
    ASSERT_TRUE(rewritten.has_value());
}

} // namespace
} // namespace codex::repo::test

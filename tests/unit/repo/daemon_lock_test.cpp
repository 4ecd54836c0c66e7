// Who serves a repo, by the note in the file of the lock, and where that is another's of old.
#include "repo/daemon_lock.hpp"

#include "repo/fixture.hpp"

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

} // namespace
} // namespace codex::repo::test

// A kill before each system call that changes a file, of what writes the notes anew: nothing that
// they say is lost, nothing comes back, and verify finds nothing to complain of.
#include "repo/notes_fixture.hpp"

#include <csignal>
#include <set>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace codex::repo::test {

using namespace detail;

namespace {

using testing::IsEmpty;

constexpr std::uint64_t kLate = 4'000'000'000;

bool changes_files(std::uint64_t call) {
    static const std::set<std::uint64_t> kCalls = {
        SYS_write,     SYS_pwrite64, SYS_pwritev,  SYS_ftruncate, SYS_linkat,
        SYS_renameat2, SYS_renameat, SYS_unlinkat, SYS_fallocate,
#ifdef SYS_rename
        SYS_rename,    SYS_unlink,
#endif
    };
    return kCalls.contains(call);
}

/// Runs `work` in a child, and kills it before its `n`-th call that changes a file; gives whether
/// it came to its end before.
bool killed_at(unsigned n, const std::function<void()>& work) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0)
            ::_exit(9);
        ::raise(SIGSTOP);
        work();
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (!WIFSTOPPED(status) ||
        ::ptrace(PTRACE_SETOPTIONS, pid, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) != 0)
        throw std::runtime_error("a child cannot be traced");
    unsigned calls = 0;
    for (int signal = 0;; signal = 0) {
        ::ptrace(PTRACE_SYSCALL, pid, nullptr, signal);
        ::waitpid(pid, &status, 0);
        if (!WIFSTOPPED(status)) {
            EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
            return false;
        }
        if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
            signal = WSTOPSIG(status) == SIGSTOP ? 0 : WSTOPSIG(status);
            continue;
        }
        __ptrace_syscall_info info{};
        ::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
        if (info.op == PTRACE_SYSCALL_INFO_ENTRY && changes_files(info.entry.nr) && ++calls == n) {
            ::kill(pid, SIGKILL);
            ::waitpid(pid, &status, 0);
            return true;
        }
    }
}

class NotesKill : public testing::Test {
protected:
    NotesKill() {
        Repo repo = must(Repo::init(scratch_.file("before"), {}, small()));
        removed_ = must(write_blocks(repo, seeds(1, 3), kLate));
        returns_ = must(write_blocks(repo, seeds(10, 3)));
        expires_ = must(write_blocks(repo, seeds(20, 3), kLate));
        must(repo.remove_dataset(returns_.manifest));
        must(repo.gc({}));
        must(repo.remove_dataset(removed_.manifest));
        must(write_blocks(repo, seeds(10, 3)));
        must(repo.set_label(returns_.manifest, "back"));
    }

    /// A fresh copy, in which `work` is killed at each call in turn.
    void kill_everywhere(const std::function<void(const std::string& path)>& work) {
        for (unsigned n = 1;; ++n) {
            ASSERT_LT(n, 1000U);
            SCOPED_TRACE(fmt::format("killed before call {}", n));
            fs::remove_all(scratch_.repo());
            fs::copy(scratch_.file("before"), scratch_.repo(), fs::copy_options::recursive);
            const bool killed = killed_at(n, [&] { work(scratch_.repo()); });
            for (const char* then : {"nothing", "new index", "lost index", "gc", "gc, lost index"})
                check(then);
            if (!killed) {
                EXPECT_GT(n, 10U) << "the child did too little";
                return;
            }
            if (HasFailure())
                return;
        }
    }

    void check(const std::string& then) {
        SCOPED_TRACE(then);
        const std::string path = scratch_.file("after");
        fs::remove_all(path);
        fs::copy(scratch_.repo(), path, fs::copy_options::recursive);
        if (then.starts_with("gc")) {
            Repo repo = must(Repo::open(path, small()));
            must(repo.gc({}));
            EXPECT_THAT(problems(repo), IsEmpty());
        }
        if (then.ends_with("lost index"))
            ::unlink((path + "/index.mdb").c_str());
        if (then.ends_with("index")) {
            EXPECT_THAT(must(Repo::rebuild_index(path, small())).lost, IsEmpty());
        }
        Repo repo = must(Repo::open(path, small()));
        EXPECT_THAT(problems(repo), IsEmpty());
        EXPECT_EQ(code_of(repo.dataset(removed_.manifest)), Errc::dataset_not_found);
        const auto returned = repo.dataset(returns_.manifest);
        EXPECT_TRUE(returned && returned->label == "back");
        const auto expires = repo.dataset(expires_.manifest);
        EXPECT_TRUE(expires && expires->expiry == kLate);
        // What is noted now gets a number that nothing in the file has.
        must(repo.set_expiry(returns_.manifest, kLate + 1));
        EXPECT_THAT(problems(repo), IsEmpty());
        must(repo.gc({}));
        EXPECT_THAT(problems(repo), IsEmpty());
        const Repo closed = std::move(repo);
    }

    const Scratch scratch_;
    Made removed_, returns_, expires_;
};

TEST_F(NotesKill, LosesAndInventsNothingWhileGcWritesThemAnew) {
    kill_everywhere([](const std::string& path) {
        auto repo = Repo::open(path, small());
        if (!repo || !repo->gc({}))
            ::_exit(1);
    });
}

TEST_F(NotesKill, LosesAndInventsNothingWhileTheIndexIsMadeAnew) {
    // With something to mend in the file, so that it is written anew, too.
    const std::string notes = notes_path(scratch_.file("before"));
    Bytes bytes = must(read_file(notes, 1 << 20));
    bytes.at(bytes.size() - 50) ^= 1;
    must(write_file_atomic(notes, bytes, 0600));
    const auto rebuild = [](const std::string& path) {
        if (!Repo::rebuild_index(path, small()))
            ::_exit(1);
    };
    for (unsigned n = 1;; ++n) {
        ASSERT_LT(n, 1000U);
        SCOPED_TRACE(fmt::format("killed before call {}", n));
        fs::remove_all(scratch_.repo());
        fs::copy(scratch_.file("before"), scratch_.repo(), fs::copy_options::recursive);
        const bool killed = killed_at(n, [&] { rebuild(scratch_.repo()); });
        check("new index");
        check("gc");
        check("gc, lost index");
        if (!killed || HasFailure())
            return;
    }
}

} // namespace
} // namespace codex::repo::test

// The index while something happens to it: files cut under a process that uses them, readers that
// stay behind, a map that others outgrow.
#include "repo/fixture.hpp"
#include "repo/index/store.hpp"
#include "repo/small_limits.hpp"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace codex::repo::test {

using namespace detail;

namespace {

using testing::HasSubstr;
using testing::IsEmpty;

OpenOptions no_waiting() {
    OpenOptions options;
    options.lock_timeout_seconds = 0;
    options.sync = false;
    return options;
}

TEST(Index, CutUnderAProcessIsDamageAndNoSignal) {
    const Scratch scratch;
    Made made;
    {
        Repo repo = must(Repo::init(scratch.repo(), {}));
        made = must(write_blocks(repo, seeds(1, 500)));
        ASSERT_EQ(::truncate((scratch.repo() + "/index.mdb").c_str(), 8192), 0);
        EXPECT_EQ(code_of(repo.stat(made.blocks[3])), Errc::repo_damaged);
        EXPECT_EQ(code_of(repo.dataset(made.manifest)), Errc::repo_damaged);
        EXPECT_EQ(code_of(repo.for_each_block([](const BlockInfo&) { return true; })),
                  Errc::repo_damaged);
        EXPECT_EQ(code_of(repo.space()), Errc::repo_damaged);
        EXPECT_EQ(code_of(repo.verify({}, [](const VerifyProblem&) {})), Errc::repo_damaged);
        EXPECT_EQ(code_of(write_blocks(repo, seeds(1000, 10))), Errc::repo_damaged);
        const auto again = repo.set_expiry(made.manifest, 1);
        EXPECT_EQ(code_of(again), Errc::repo_damaged);
        ASSERT_EQ(again.error().remedies().size(), 1U);
        EXPECT_EQ(again.error().remedies().front().action(), Remedy::rebuild_index);
    }
    must(Repo::rebuild_index(scratch.repo()));
    Repo repo = must(Repo::open(scratch.repo(), {}));
    EXPECT_EQ(must(repo.get(made.blocks[3])), random_bytes(4, kBlock));
    EXPECT_THAT(problems(repo), IsEmpty());
}

TEST(Index, TableOfReadersCutUnderAProcessIsAnErrorOfItsFile) {
    const Scratch scratch;
    {
        Repo repo = must(Repo::init(scratch.repo(), {}));
        const Made made = must(write_blocks(repo, seeds(1, 5)));
        ASSERT_EQ(::truncate((scratch.repo() + "/index.mdb-lock").c_str(), 0), 0);
        const auto cut = repo.stat(made.blocks[0]);
        EXPECT_EQ(code_of(cut), Errc::io);
        EXPECT_THAT(cut.error().text(), HasSubstr("index.mdb-lock"));
        EXPECT_FALSE(write_blocks(repo, seeds(10, 5)).has_value());
    }
    Repo repo = must(Repo::open(scratch.repo(), {}));
    EXPECT_THAT(problems(repo), IsEmpty());
    must(write_blocks(repo, seeds(10, 5)));
}

/// Ends a process as soon as somebody waits.
/// Threads: one.
class EndingClock final : public Clock {
public:
    explicit EndingClock(pid_t process) : process_(process) {}
    [[nodiscard]] std::int64_t unix_ms() const override { return Clock::system().unix_ms(); }
    [[nodiscard]] Instant now() const override { return Clock::system().now(); }
    void sleep_until(Instant until) const override { (void)nap(until); }
    [[nodiscard]] Duration nap(Instant until) const override {
        end();
        return Clock::system().nap(until);
    }
    void end() const {
        if (process_ == 0)
            return;
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
        process_ = 0;
    }

private:
    mutable pid_t process_;
};

/// A process that has taken up a table of readers which another one had only begun.
pid_t holder_of_half_made_table(const std::string& repo) {
    std::array<int, 2> ready{};
    EXPECT_EQ(::pipe(ready.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        const Fd index = must(open_file(repo + "/index.mdb", O_RDONLY));
        const Fd table = must(open_file(repo + "/index.mdb-lock", O_RDWR));
        struct flock shared{};
        shared.l_type = F_RDLCK;
        shared.l_len = 1;
        // Behind "magic", format and a mutex there is the number of the last transaction.
        constexpr off_t kLastTransaction = 8 + sizeof(pthread_mutex_t);
        const Bytes no_transaction(8, 0);
        const bool done =
            ::flock(index.get(), LOCK_SH) == 0 && ::fcntl(table.get(), F_SETLK, &shared) == 0 &&
            pwrite_full(table.get(), no_transaction, kLastTransaction, "table").has_value();
        (void)!::write(ready[1], "x", done ? 1 : 0);
        ::close(ready[1]);
        for (;;)
            ::pause();
    }
    ::close(ready[1]);
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
    return child;
}

TEST(Index, ATableOfReadersThatIsHalfMadeIsMadeAnew) {
    const Scratch scratch;
    Made made;
    {
        Repo repo = must(Repo::init(scratch.repo(), {}));
        made = must(write_blocks(repo, seeds(1, 50)));
    }
    for (const bool read_only : {true, false}) {
        const EndingClock clock(holder_of_half_made_table(scratch.repo()));
        OpenOptions options;
        options.read_only = read_only;
        options.clock = clock;
        Repo repo = must(Repo::open(scratch.repo(), options));
        EXPECT_TRUE(must(repo.has(made.blocks[3])));
        if (!read_only)
            made = must(write_blocks(repo, seeds(100, 50)));
        clock.end();
    }
    Repo repo = must(Repo::open(scratch.repo(), {}));
    EXPECT_TRUE(must(repo.has(made.blocks[3])));
    EXPECT_THAT(problems(repo), IsEmpty());
}

/// A process that opens the repo once it is told to, and has it open until it is ended.
class LateUser {
public:
    explicit LateUser(const std::string& repo) {
        EXPECT_EQ(::pipe(go_.data()), 0);
        EXPECT_EQ(::pipe(opened_.data()), 0);
        process_ = ::fork();
        if (process_ != 0)
            return;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        char byte = 0;
        if (::read(go_[0], &byte, 1) == 1) {
            const auto opened = Repo::open(repo, {});
            (void)!::write(opened_[1], opened ? "y" : "n", 1);
            for (;;)
                ::pause();
        }
        ::_exit(1);
    }
    ~LateUser() {
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
        for (const int end : {go_[0], go_[1], opened_[0], opened_[1]})
            ::close(end);
    }
    LateUser(const LateUser&) = delete;
    LateUser& operator=(const LateUser&) = delete;

    /// Whether it could be opened.
    [[nodiscard]] bool opens() const {
        char byte = 0;
        return ::write(go_[1], "x", 1) == 1 && ::read(opened_[0], &byte, 1) == 1 && byte == 'y';
    }

private:
    std::array<int, 2> go_{};
    std::array<int, 2> opened_{};
    pid_t process_ = 0;
};

/// As soon as somebody waits, lets another one open the repo whose table was half made.
/// Threads: one.
class OvertakingClock final : public Clock {
public:
    OvertakingClock(const EndingClock& first, const LateUser& second)
        : first_(first), second_(second) {}
    [[nodiscard]] std::int64_t unix_ms() const override { return Clock::system().unix_ms(); }
    [[nodiscard]] Instant now() const override { return Clock::system().now(); }
    void sleep_until(Instant until) const override { (void)nap(until); }
    [[nodiscard]] Duration nap(Instant until) const override {
        first_.end();
        if (!overtaken)
            overtaken = second_.opens();
        return Clock::system().nap(until);
    }
    mutable bool overtaken = false;

private:
    const EndingClock& first_;
    const LateUser& second_;
};

TEST(Index, ATableOfReadersThatAnotherOneMadeAnewIsTakenWhileHeHasTheRepoOpen) {
    const Scratch scratch;
    Made made;
    {
        Repo repo = must(Repo::init(scratch.repo(), {}));
        made = must(write_blocks(repo, seeds(1, 50)));
    }
    const LateUser second(scratch.repo());
    const EndingClock first(holder_of_half_made_table(scratch.repo()));
    const OvertakingClock clock(first, second);
    OpenOptions options;
    options.lock_timeout_seconds = 10;
    options.clock = clock;
    Repo repo = must(Repo::open(scratch.repo(), options));
    EXPECT_TRUE(clock.overtaken);
    EXPECT_TRUE(must(repo.has(made.blocks[3])));
    made = must(write_blocks(repo, seeds(100, 50)));
    EXPECT_TRUE(must(repo.has(made.blocks[3])));
}

TEST(Index, AReaderThatStaysBehindStopsWritersAtABound) {
    const Scratch scratch;
    must(Repo::init(scratch.repo(), {}));
    OpenOptions options = small(no_waiting());
    options.limits.index_kept_bytes = 1 << 20;
    auto store = must(Store::open(scratch.repo(), options));
    const auto write_once = [&](std::uint64_t i) -> Result<void> {
        CODEX_TRY(txn, store->env().write(false));
        const Bytes value = random_bytes(i, 500);
        for (std::uint64_t k = 0; k < 20; ++k)
            CODEX_CHECK(txn.put(Table::meta, random_bytes(k, 16), value));
        return txn.commit();
    };
    must(write_once(0));
    {
        const Txn behind = must(store->env().read());
        Result<void> written;
        std::uint64_t count = 1;
        while (written && count < 5000)
            written = write_once(count++);
        ASSERT_FALSE(written.has_value()) << "nothing stops the index from growing";
        EXPECT_EQ(written.error().code(), Errc::repo_locked);
        EXPECT_THAT(written.error().text(),
                    HasSubstr(fmt::format("process {} ", static_cast<int>(::getpid()))));
        EXPECT_LT(fs::file_size(scratch.repo() + "/index.mdb"), 4U << 20);
    }
    for (std::uint64_t i = 0; i < 100; ++i)
        must(write_once(i));
    EXPECT_LT(fs::file_size(scratch.repo() + "/index.mdb"), 4U << 20);
    Store::release(std::move(store));
}

TEST(Index, AMapThatWasOutgrownIsMadeAnew) {
    const Scratch scratch;
    must(Repo::init(scratch.repo(), {}));
    int start[2];
    ASSERT_EQ(::pipe(start), 0);
    const pid_t child = ::fork();
    if (child == 0) { // another process makes the index larger
        char go = 0;
        if (::read(start[0], &go, 1) != 1)
            ::_exit(1);
        auto repo = Repo::open(scratch.repo(), {});
        ::_exit(repo && write_blocks(*repo, seeds(1, 3000)) ? 0 : 2);
    }
    OpenOptions narrow;
    narrow.limits.index_map_bytes = 1; // no more than the file has
    auto store = must(Store::open(scratch.repo(), narrow));
    EXPECT_EQ(must(must(store->env().read()).size(Table::blocks)), 0U);
    ASSERT_EQ(::write(start[1], "x", 1), 1);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    EXPECT_EQ(must(must(store->env().read()).size(Table::blocks)), 3001U);
    Repo repo = must(Repo::open(scratch.repo(), narrow));
    EXPECT_THAT(problems(repo), IsEmpty());
    Store::release(std::move(store));
    for (const int fd : start)
        ::close(fd);
}

/// What adding datasets to a repo gives when no file of it may be larger than `bytes`.
int put_with_limit(const std::string& path, std::uint64_t bytes) {
    const pid_t child = ::fork();
    if (child == 0) {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{bytes, bytes};
        auto repo = Repo::open(path, {});
        if (!repo || ::setrlimit(RLIMIT_FSIZE, &limit) != 0)
            ::_exit(99);
        const auto put = repo->put(cid_of(random_bytes(1, 8)), random_bytes(1, 8), 0);
        ::_exit(put ? 0 : static_cast<int>(put.error().code()));
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST(Index, APageThatHasNoRoomIsAFullDiskWhereverItIsCut) {
    const Scratch scratch;
    {
        Repo repo = must(Repo::init(scratch.repo(), {}));
        must(write_blocks(repo, seeds(1, 3)));
    }
    const std::uint64_t segment = fs::file_size(scratch.repo() + "/segments/00000001.seg");
    const std::uint64_t index = fs::file_size(scratch.repo() + "/index.mdb");
    ASSERT_LT(segment + 1000, index) << "the limit is meant for the index";
    int full = 0;
    for (std::uint64_t limit = segment + 1000; limit < index + 40'000; limit += 1000) {
        const Scratch copy;
        fs::copy(scratch.repo(), copy.repo(), fs::copy_options::recursive);
        const int end = put_with_limit(copy.repo(), limit);
        full += end == static_cast<int>(Errc::no_space) ? 1 : 0;
        EXPECT_TRUE(end == 0 || end == static_cast<int>(Errc::no_space)) << limit << ": " << end;
        Repo repo = must(Repo::open(copy.repo(), {}));
        EXPECT_THAT(problems(repo), IsEmpty()) << limit;
    }
    EXPECT_GT(full, 0);
}

TEST(Index, ListsOfFreePagesAreCheckedBeforeAWriterTakesFromThem) {
    const Scratch scratch;
    {
        Repo repo = must(Repo::init(scratch.repo(), {}));
        for (std::uint64_t i = 0; i < 5; ++i) {
            const Made made = must(write_blocks(repo, seeds(1000 * i, 200)));
            must(repo.remove_dataset(made.manifest));
        }
    }
    // Each list is its length and the numbers of pages, the last first: all that look like one get
    // a length beyond their value.
    Bytes index = must(read_file(scratch.repo() + "/index.mdb", 1U << 30));
    std::vector<std::uint64_t> words(index.size() / 8);
    std::memcpy(words.data(), index.data(), words.size() * 8);
    const std::uint64_t pages = index.size() / 4096;
    std::size_t changed = 0;
    for (std::size_t i = 0; i + 4 < words.size(); ++i) {
        const bool list = words[i] >= 3 && words[i] < 512 && words[i + 1] < pages &&
                          words[i + 1] > words[i + 2] && words[i + 2] > words[i + 3] &&
                          words[i + 3] >= 2;
        if (list) {
            words[i] = std::uint64_t{1} << 40;
            ++changed;
        }
    }
    ASSERT_GT(changed, 0U);
    std::memcpy(index.data(), words.data(), words.size() * 8);
    must(write_file_atomic(scratch.repo() + "/index.mdb", index, 0600));
    const auto refused = Repo::open(scratch.repo(), {});
    EXPECT_EQ(code_of(refused), Errc::repo_damaged);
    EXPECT_THAT(refused.error().text(), HasSubstr("free pages"));
    must(Repo::rebuild_index(scratch.repo()));
    Repo repo = must(Repo::open(scratch.repo(), {}));
    EXPECT_THAT(problems(repo), IsEmpty());
}

} // namespace
} // namespace codex::repo::test

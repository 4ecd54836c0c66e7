// Many repos in one process, each with a clock, randomness, sizes and a disk of its own, and each
// as if it were alone.
#include "base/random.hpp"
#include "repo/fixture.hpp"
#include "repo/index/store.hpp"
#include "repo/small_limits.hpp"
#include "sanitizers.hpp"

#include <atomic>
#include <cerrno>
#include <gmock/gmock.h>
#include <thread>
#include <unistd.h>

namespace codex::repo::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

/// Counts the calls that change files, and makes one of them fail.
class CountingDisk : public Disk {
public:
    /// The n-th write from now on, from 1; 0: none.
    void fail_at(int write) { bad_write_ = write == 0 ? 0 : writes + write; }

    ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) override {
        if (++writes == bad_write_) {
            errno = ENOSPC;
            return -1;
        }
        return Disk::pwritev(fd, parts, count, offset);
    }
    int fdatasync(int fd) override {
        ++syncs;
        return Disk::fdatasync(fd);
    }

    std::atomic<int> writes{0};
    std::atomic<int> syncs{0};

private:
    std::atomic<int> bad_write_{0};
};

std::string shown(const Result<void>& result) {
    return result ? "done" : std::string(errc_name(result.error().code()));
}

/// What one repo did, from its making to its end: nothing in it depends on where it is or when.
std::string life_of(const std::string& path, unsigned number) {
    const SimulatedClock clock(1'000'000 + 1000 * number);
    SeededRandom random(1, number);
    CountingDisk disk;
    OpenOptions options;
    options.clock = clock;
    options.random = random;
    options.disk = disk;
    options.limits = number % 3 == 0 ? Limits{} : kSmallLimits;
    options.limits.segment_bytes = 20'000 + 1000 * number;

    std::string story;
    const auto tell = [&](std::string_view what, const auto& value) {
        story += fmt::format("{} {}\n", what, value);
    };
    std::vector<Cid> made;
    {
        Repo repo = must(Repo::init(path, {}, options));
        disk.fail_at(number % 4 == 0 ? 0 : static_cast<int>(5 + number / 3));
        for (std::uint64_t i = 0; i < 6; ++i) {
            clock.advance(std::chrono::seconds(10 + number));
            auto written = write_blocks(repo, seeds(100 * i, 4 + number % 5));
            tell("write", shown(written ? Result<void>() : fail(std::move(written).error())));
            if (!written)
                continue;
            made.push_back(written->manifest);
            tell("added", must(repo.dataset(written->manifest)).added);
        }
        const Bytes data = random_bytes(number, 500);
        const std::uint64_t expiry = clock.unix_seconds() + 50;
        tell("put", shown(repo.put(cid_of(data), data, expiry)));
        if (!made.empty())
            tell("remove", shown(repo.remove_dataset(made.front())));
    }
    tell("writes", disk.writes.load());
    tell("syncs", disk.syncs.load());
    // What failed has left nothing behind, and what did not is there.
    disk.fail_at(0);
    Repo repo = must(Repo::open(path, options));
    tell("problems", problems(repo).size());
    tell("datasets", must(repo.space()).counters.datasets);
    tell("segments", segment_files(path).size());
    clock.advance(std::chrono::seconds(60));
    GcOptions collect;
    collect.now = clock.unix_seconds();
    tell("removed", must(repo.gc(collect)).removed_blocks);
    tell("bytes", must(repo.space()).counters.used_bytes);
    tell("clock", clock.unix_ms());
    tell("random", must(random.number()));
    return story;
}

TEST(Seams, AHundredReposInOneProcessAreEachAsAlone) {
    constexpr unsigned kRepos = 100;
    const Scratch scratch;
    std::vector<std::string> alone(kRepos);
    for (unsigned i = 0; i < kRepos; ++i)
        alone[i] = life_of(scratch.file(fmt::format("alone{}", i)), i);
    std::vector<std::string> together(kRepos);
    std::atomic<unsigned> next{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (unsigned i = next++; i < kRepos; i = next++)
                together[i] = life_of(scratch.file(fmt::format("together{}", i)), i);
        });
    for (std::thread& thread : threads)
        thread.join();
    unsigned failed = 0;
    for (unsigned i = 0; i < kRepos; ++i) {
        EXPECT_EQ(together[i], alone[i]) << "repo " << i;
        EXPECT_THAT(alone[i], HasSubstr("problems 0")) << "repo " << i;
        failed += alone[i].find("io.no_space") != std::string::npos ? 1 : 0;
    }
    // 25 have a whole disk; of the others most were hit.
    EXPECT_GT(failed, 50U);
    EXPECT_LE(failed, 75U);
    EXPECT_NE(alone[1], alone[2]) << "they are no copies of each other";
}

TEST(Seams, OneThreadWritesToManyReposAtOnce) {
    // Each is two locks, and that sanitizer ends when a thread has more than 64.
    constexpr unsigned kRepos = codex::test::kThreadSanitizer ? 24 : 100;
    const Scratch scratch;
    std::vector<std::shared_ptr<detail::Store>> stores;
    std::vector<detail::Txn> writing;
    for (unsigned i = 0; i < kRepos; ++i) {
        const std::string path = scratch.file(std::to_string(i));
        must(Repo::init(path, {}));
        stores.push_back(must(detail::Store::open(path, {})));
        writing.push_back(must(stores.back()->env().write(false)));
        must(writing.back().put(detail::Table::meta, as_bytes("test"), as_bytes(path)));
    }
    // Ends, in an order of their own, are each the end of one alone.
    for (unsigned i = 0; i < kRepos; i += 2)
        must(writing[i].commit());
    writing.clear(); // undoes the others
    for (unsigned i = 0; i < kRepos; ++i) {
        {
            const detail::Txn txn = must(stores[i]->env().read());
            EXPECT_EQ(must(txn.get(detail::Table::meta, as_bytes("test"))).has_value(), i % 2 == 0);
        }
        detail::Txn next = must(stores[i]->env().write(false)); // nobody is in the way
        must(next.commit());
    }
    for (auto& store : stores)
        detail::Store::release(std::move(store));
}

/// Of the index, too, every write can fail; what was there before is whole when it is opened again.
TEST(Seams, EveryWriteMayFail) {
    const Scratch scratch;
    must(Repo::init(scratch.repo(), {}));
    Made kept;
    {
        Repo repo = must(Repo::open(scratch.repo(), small()));
        kept = must(write_blocks(repo, seeds(1, 10)));
    }
    int failed = 0;
    for (int n = 1;; ++n) {
        ASSERT_LT(n, 200);
        CountingDisk disk;
        disk.fail_at(n);
        OpenOptions options = small();
        options.disk = disk;
        bool done = false;
        {
            Repo repo = must(Repo::open(scratch.repo(), options));
            const auto written =
                write_blocks(repo, seeds(static_cast<std::uint64_t>(1000 + 100 * n), 6));
            done = disk.writes < n;
            failed += written ? 0 : 1; // notes may also be written by who comes next
            if (!written) {
                EXPECT_FALSE(done);
                EXPECT_EQ(written.error().code(), Errc::no_space) << written.error().text();
            }
        }
        Repo repo = must(Repo::open(scratch.repo(), small()));
        EXPECT_THAT(problems(repo), IsEmpty()) << "write " << n;
        EXPECT_EQ(must(repo.get(kept.blocks[3])), random_bytes(4, kBlock));
        EXPECT_TRUE(must(repo.dataset(kept.manifest)).manifest.blocks_count() == 10U);
        if (done) {
            EXPECT_GT(failed, 3) << "the index is written through its disk, too";
            return;
        }
    }
}

/// Waiting for another process takes no time where a clock is simulated, and ends by that clock.
TEST(Seams, WaitsEndWhenTheirClockSaysSo) {
    const Scratch scratch;
    must(Repo::init(scratch.repo(), {}));
    const Fd held = must(detail::lock_repo(scratch.repo(), true, at_once()));
    const SimulatedClock clock;
    const Clock::Instant begin = clock.now();
    OpenOptions options;
    options.clock = clock;
    options.lock_timeout_seconds = 20;
    const auto real = Clock::system().now();
    EXPECT_EQ(code_of(Repo::open(scratch.repo(), options)), Errc::repo_locked);
    EXPECT_EQ(clock.now() - begin, std::chrono::seconds(20));
    EXPECT_LT(Clock::system().now() - real, std::chrono::seconds(600));
}

/// While one repo is waited for, others open.
TEST(Seams, AWaitForOneRepoKeepsNobodyFromAnother) {
    const Scratch scratch;
    must(Repo::init(scratch.file("held"), {}));
    must(Repo::init(scratch.file("free"), {}));
    Fd held = must(detail::lock_repo(scratch.file("held"), true, at_once()));
    std::atomic<bool> waited{false};
    std::thread waiting([&] {
        OpenOptions options;
        options.lock_timeout_seconds = 600;
        EXPECT_TRUE(Repo::open(scratch.file("held"), options).has_value());
        waited = true;
    });
    for (int i = 0; i < 20; ++i)
        must(Repo::open(scratch.file("free"), {}));
    EXPECT_FALSE(waited);
    held.reset();
    waiting.join();
    EXPECT_TRUE(waited);
}

} // namespace
} // namespace codex::repo::test

// The table of readers while several find that it is not there.
#include "repo/fixture.hpp"
#include "repo/index/lock_table.hpp"

#include <fcntl.h>
#include <functional>
#include <sys/file.h>
#include <unistd.h>

namespace codex::repo::test {

using namespace detail;

namespace {

/// Does something as soon as somebody waits.
/// Threads: one.
class ActingClock final : public Clock {
public:
    explicit ActingClock(std::function<void()> act) : act_(std::move(act)) {}
    [[nodiscard]] std::int64_t unix_ms() const override { return Clock::system().unix_ms(); }
    [[nodiscard]] Instant now() const override { return Clock::system().now(); }
    void sleep_until(Instant until) const override { (void)nap(until); }
    [[nodiscard]] Duration nap(Instant until) const override {
        act_();
        return Clock::system().nap(until);
    }

private:
    std::function<void()> act_;
};

TEST(LockTable, ThatAnotherOneMakesIsTakenWhileHeHasTheIndexOpen) {
    const Scratch scratch;
    must(Repo::init(scratch.repo(), {}));
    const std::string path = scratch.repo() + "/index.mdb";
    const std::string table = path + "-lock";
    const Fd own = must(open_file(path, O_RDONLY));
    const Fd another = must(open_file(path, O_RDONLY));
    ASSERT_EQ(::flock(another.get(), LOCK_SH), 0);
    ASSERT_EQ(::rename(table.c_str(), (table + "-whole").c_str()), 0);
    int waits = 0;
    const ActingClock clock([&] {
        // Nobody who waits keeps the others from making it.
        EXPECT_EQ(::flock(another.get(), LOCK_EX | LOCK_NB), 0);
        EXPECT_EQ(::flock(another.get(), LOCK_SH | LOCK_NB), 0);
        if (++waits == 3) {
            EXPECT_EQ(::rename((table + "-whole").c_str(), table.c_str()), 0);
        }
    });
    OpenOptions options;
    options.lock_timeout_seconds = 10;
    options.clock = clock;
    const Surroundings around(options);
    ASSERT_EQ(::flock(own.get(), LOCK_SH), 0);
    const auto taken = LockTable::open(path, own, around);
    ASSERT_TRUE(taken) << taken.error().text();
    EXPECT_EQ(waits, 3);
    // It holds the index, too: nobody makes another table beside it.
    EXPECT_NE(::flock(another.get(), LOCK_EX | LOCK_NB), 0);
}

} // namespace
} // namespace codex::repo::test

// Blocks, their times and their hashes, whatever the clock does.
#include "fixture.hpp"
#include "repo/disk.hpp"

#include <atomic>
#include <filesystem>
#include <gtest/gtest.h>
#include <map>
#include <thread>

namespace codex::ledger {
namespace {

using namespace test;

class Times : public testing::Test {
protected:
    [[nodiscard]] std::unique_ptr<Ledger> make(const Options& options,
                                               const Genesis& genesis = sample_genesis()) const {
        return must(Ledger::create(folder_.file("ledger"), genesis, options));
    }
    const TemporaryFolder folder_;
};

/// A clock that says what it is told.
class SetClock final : public Clock {
public:
    std::atomic<std::int64_t> seconds = 0;
    [[nodiscard]] std::int64_t unix_ms() const override { return seconds * 1000; }
    [[nodiscard]] Instant now() const override { return Clock::system().now(); }
    void sleep_until(Instant until) const override { Clock::system().sleep_until(until); }
    [[nodiscard]] Duration nap(Instant until) const override { return Clock::system().nap(until); }
};

/// L13
TEST_F(Times, AClockThatIsSetBackStopsTime) {
    SetClock clock;
    Options options;
    options.clock = clock;
    const Genesis genesis = sample_genesis(ClockKind::wall);
    clock.seconds = static_cast<std::int64_t>(genesis.start) - 100;
    const auto ledger = make(options, genesis);
    EXPECT_EQ(send(*ledger, key_of(1), kToken, approve_market(1)).block, kFirstBlock);
    clock.seconds = static_cast<std::int64_t>(genesis.start) + 50;
    const Receipt later = send(*ledger, key_of(1), kToken, approve_market(1));
    EXPECT_EQ(later.block, kFirstBlock + 50);
    EXPECT_EQ(later.time, genesis.start + 50);
    clock.seconds = static_cast<std::int64_t>(genesis.start) + 10;
    EXPECT_EQ(send(*ledger, key_of(1), kToken, approve_market(1)).block, kFirstBlock + 50);
    EXPECT_EQ(must(ledger->snapshot()).now().block, kFirstBlock + 50);
    clock.seconds = static_cast<std::int64_t>(genesis.start) + 60;
    EXPECT_EQ(must(ledger->snapshot()).now().block, kFirstBlock + 60);
    EXPECT_EQ(must_fail(ledger->advance({Advance::By::blocks, 1})).code(), Errc::argument_invalid);
    must(ledger->verify({}));
}

/// L14, and the rule of the hashes.
TEST_F(Times, TheHashOfABlockThatHasBegunStays) {
    SetClock clock;
    Options options;
    options.clock = clock;
    const Genesis genesis = sample_genesis(ClockKind::wall);
    const auto ledger = make(options, genesis);
    std::map<std::uint64_t, Digest> hashes;
    std::map<std::uint64_t, Digest> last; // of each block
    for (std::uint64_t second = 0; second < 40; ++second) {
        clock.seconds = static_cast<std::int64_t>(genesis.start + second);
        for (std::uint64_t i = 0; i < second % 3; ++i) {
            const Receipt receipt = send(*ledger, key_of(1), kToken, approve_market(i));
            last[receipt.block] = receipt.hash;
        }
        const auto snapshot = must(ledger->snapshot());
        for (std::uint64_t block = kFirstBlock - 5; block <= kFirstBlock + second; ++block) {
            const Digest hash = snapshot.now().hashes.hash(block);
            EXPECT_EQ(hashes.emplace(block, hash).first->second, hash) << block;
            const auto behind = last.lower_bound(block);
            const Digest before =
                behind == last.begin() ? genesis.hash() : std::prev(behind)->second;
            Bytes hashed(as_bytes("codex-block").begin(), as_bytes("codex-block").end());
            append(hashed, genesis.hash());
            for (int shift = 56; shift >= 0; shift -= 8)
                hashed.push_back(static_cast<std::uint8_t>(block >> shift));
            append(hashed, before);
            EXPECT_EQ(hash, crypto::keccak256(hashed)) << block;
        }
    }
}

/// Lets nobody write to the journal until it is told to.
class StallingDisk final : public repo::Disk {
public:
    ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) override {
        std::error_code ignored;
        if (std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), ignored)
                .string()
                .ends_with("/journal")) {
            stalled_ = true;
            stalled_.notify_all();
            goes_on_.wait(false);
        }
        return Disk::pwritev(fd, parts, count, offset);
    }
    void until_somebody_is_stalled() const { stalled_.wait(false); }
    void go_on() {
        goes_on_ = true;
        goes_on_.notify_all();
    }

private:
    std::atomic<bool> stalled_ = false;
    std::atomic<bool> goes_on_ = false;
};

/// L14: a writer that has read the clock, and is stopped before it appends.
TEST_F(Times, AStalledWriterChangesNoHashThatWasShown) {
    SetClock clock;
    StallingDisk disk;
    Options options;
    options.clock = clock;
    options.disk = disk;
    options.lock_timeout_seconds = 0;
    const Genesis genesis = sample_genesis(ClockKind::wall);
    clock.seconds = static_cast<std::int64_t>(genesis.start) + 10;
    const auto ledger = make(options, genesis);
    std::jthread writer([&] { must(try_to_call(*ledger, 1)); });
    disk.until_somebody_is_stalled();
    clock.seconds = static_cast<std::int64_t>(genesis.start) + 20;
    const std::uint64_t begun = kFirstBlock + 15;
    std::optional<Digest> shown;
    if (const auto snapshot = ledger->snapshot())
        shown = snapshot->now().hashes.hash(begun);
    else
        EXPECT_EQ(snapshot.error().code(), Errc::ledger_locked);
    disk.go_on();
    writer.join();
    const auto snapshot = must(ledger->snapshot());
    EXPECT_EQ(snapshot.head().block, kFirstBlock + 10);
    EXPECT_EQ(snapshot.now().block, kFirstBlock + 20);
    if (shown) {
        EXPECT_EQ(snapshot.now().hashes.hash(begun), *shown);
    }
}

TEST_F(Times, TimeIsMovedByHand) {
    const auto ledger = make({});
    const Genesis& genesis = ledger->genesis();
    EXPECT_EQ(must(ledger->advance({Advance::By::seconds, 7})).block, kFirstBlock + 7);
    EXPECT_EQ(must(ledger->advance({Advance::By::blocks, 3})).time, genesis.start + 10);
    EXPECT_EQ(must(ledger->advance({Advance::By::to_time, genesis.start + 20})).block,
              kFirstBlock + 20);
    for (const Advance& none :
         {Advance{Advance::By::seconds, 0}, Advance{Advance::By::blocks, 0},
          Advance{Advance::By::to_time, genesis.start + 20}, Advance{Advance::By::to_time, 0},
          Advance{Advance::By::seconds, UINT64_MAX}, Advance{Advance::By::to_time, UINT64_MAX}})
        EXPECT_EQ(must_fail(ledger->advance(none)).code(), Errc::argument_invalid);
    EXPECT_EQ(send(*ledger, key_of(1), kToken, approve_market(1)).block, kFirstBlock + 20);
    must(ledger->verify({}));
}

} // namespace
} // namespace codex::ledger

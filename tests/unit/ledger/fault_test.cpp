// Disks that fail, folders that may not be written, clocks that go wrong, and others in the way.
#include "files.hpp"
#include "nobody.hpp"
#include "repo/disk.hpp"
#include "repo/gate.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>

namespace codex::ledger {
namespace {

using namespace test;
using testing::HasSubstr;

/// Of one file, by the end of its path, calls fail as long as they are told to.
class FailingDisk final : public repo::Disk {
public:
    std::string of;
    std::atomic<int> write_error = 0;
    std::atomic<int> sync_error = 0;
    std::atomic<std::size_t> writes_go = SIZE_MAX; ///< so many bytes of a write that fails
    std::atomic<int> writes = 0;
    std::atomic<int> syncs = 0;

    ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) override {
        if (is_it(fd)) {
            ++writes;
            if (write_error != 0 && writes_go != SIZE_MAX)
                (void)!::pwrite(fd, parts[0].iov_base, std::min(writes_go.load(), parts[0].iov_len),
                                offset);
            if (write_error != 0) {
                errno = write_error;
                return -1;
            }
        }
        return Disk::pwritev(fd, parts, count, offset);
    }
    int fdatasync(int fd) override {
        if (is_it(fd)) {
            ++syncs;
            if (sync_error != 0) {
                errno = sync_error;
                return -1;
            }
        }
        return Disk::fdatasync(fd);
    }

private:
    [[nodiscard]] bool is_it(int fd) const {
        std::error_code ignored;
        const auto name =
            std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), ignored).string();
        return !of.empty() && name.ends_with(of);
    }
};

class Faults : public testing::Test {
protected:
    [[nodiscard]] std::string path() const { return folder_.file("ledger"); }
    [[nodiscard]] std::unique_ptr<Ledger> make(const Options& options,
                                               const Genesis& genesis = sample_genesis()) const {
        return must(Ledger::create(path(), genesis, options));
    }
    const TemporaryFolder folder_;
    FailingDisk disk_;
    Options options_{.disk = disk_};
};

/// L10
TEST_F(Faults, AFullDiskLeavesTheLedgerAsItWas) {
    const auto ledger = make(options_);
    send(*ledger, key_of(1), kToken, approve_market(1));
    const Head head = must(ledger->head());
    const UInt256 digest = must(ledger->digest());
    const Bytes before = content_of(path() + "/journal");
    disk_.of = "/journal";
    for (const std::size_t bytes : {0U, 1U, 100U}) {
        disk_.writes_go = bytes;
        disk_.write_error = ENOSPC;
        EXPECT_EQ(must_fail(try_to_call(*ledger, 2)).code(), Errc::no_space);
        disk_.write_error = 0;
        EXPECT_EQ(content_of(path() + "/journal"), before);
        EXPECT_EQ(must(ledger->head()), head);
        EXPECT_EQ(must(ledger->digest()), digest);
    }
    must(try_to_call(*ledger, 1));
    EXPECT_EQ(must(ledger->head()).sequence, head.sequence + 1);
    must(ledger->verify({}));
}

TEST_F(Faults, AFullDiskOfTheStateLeavesTheLedgerAsItWas) {
    const auto ledger = make(options_);
    send(*ledger, key_of(1), kToken, approve_market(1));
    const Bytes before = content_of(path() + "/journal");
    disk_.of = "/state.mdb";
    disk_.write_error = ENOSPC;
    EXPECT_EQ(must_fail(try_to_call(*ledger, 2)).code(), Errc::no_space);
    disk_.write_error = 0;
    EXPECT_EQ(content_of(path() + "/journal"), before);
    EXPECT_EQ(must(ledger->head()).sequence, 1u);
    must(try_to_call(*ledger, 2));
    must(ledger->verify({}));
}

/// L9: what was to reach the disk is written again before the next sync, whoever comes.
TEST_F(Faults, AFailedSyncIsNotForgotten) {
    {
        const auto ledger = make(options_);
        send(*ledger, key_of(1), kToken, approve_market(1));
        disk_.of = "/journal";
        disk_.sync_error = EIO;
        const Error error = must_fail(try_to_call(*ledger, 2));
        EXPECT_EQ(error.code(), Errc::io);
        EXPECT_THAT(error.text(), HasSubstr("may be gone"));
        EXPECT_EQ(must_fail(ledger->head()).code(), Errc::io); // L12
    }
    disk_.sync_error = 0;
    disk_.writes = 0;
    disk_.syncs = 0;
    const auto ledger = must(Ledger::open(path(), Access::write, options_));
    EXPECT_EQ(must(ledger->head()).sequence, 2u);
    EXPECT_EQ(disk_.writes, 1);
    EXPECT_EQ(disk_.syncs, 1);
    EXPECT_EQ(must(ledger->head()).sequence, 2u);
    EXPECT_EQ(disk_.syncs, 1); // it is there now
    send(*ledger, key_of(1), kToken, approve_market(1));
    EXPECT_EQ(disk_.writes, 2);
    must(ledger->verify({}));
}

/// L1, L12
TEST_F(Faults, WhoDoesNotWaitForTheDiskLeavesItToWhoLooks) {
    options_.sync = false;
    disk_.of = "/journal";
    const auto ledger = make(options_);
    ASSERT_TRUE(try_to_call(*ledger, 1)); // the first of a boot syncs what was there
    disk_.syncs = 0;
    const auto made = must(try_to_call(*ledger, 2));
    EXPECT_EQ(disk_.syncs, 0);
    EXPECT_EQ(must(ledger->head()).sequence, made[0].sequence);
    EXPECT_EQ(disk_.syncs, 1);
}

/// The system may have dropped what it could not write, and read old bytes instead.
TEST_F(Faults, WhatASyncHasLostIsNotTakenForWritten) {
    {
        const auto ledger = make(options_);
        send(*ledger, key_of(1), kToken, approve_market(1));
        disk_.of = "/journal";
        disk_.sync_error = EIO;
        EXPECT_FALSE(try_to_call(*ledger, 2));
    }
    disk_.sync_error = 0;
    Bytes journal = content_of(path() + "/journal");
    std::fill(journal.end() - 100, journal.end(), std::uint8_t{0});
    const auto ledger = must(Ledger::open(path(), Access::read, options_));
    overwrite(path() + "/journal", journal);
    const auto head = ledger->head();
    ASSERT_TRUE(head); // the state knows that its record is not there, and what is broken was cut
    EXPECT_EQ(head->sequence, 1u);
}

/// L11
TEST_F(Faults, AFolderThatMayNotBeWrittenIsReadWhole) {
    Verified verified;
    {
        const auto ledger = make({});
        run_sample(*ledger);
        verified = must(ledger->verify({}));
    }
    for (const bool with_state : {true, false}) {
        if (!with_state)
            std::filesystem::remove_all(path() + "/state");
        ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path()))
            ASSERT_EQ(::chmod(entry.path().c_str(), entry.is_directory() ? 0555 : 0444), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            if (!codex::test::become_nobody())
                ::_exit(9);
            auto refused = Ledger::open(path(), Access::write);
            if (refused || refused.error().code() != Errc::permission)
                ::_exit(1);
            const auto ledger = Ledger::open(path(), Access::read);
            if (!ledger || !(*ledger)->head() || *(*ledger)->head() != verified.head)
                ::_exit(2);
            const auto digest = (*ledger)->digest();
            if (!digest || *digest != verified.digest)
                ::_exit(3);
            std::uint64_t seen = 0;
            const auto walked = (*ledger)->events({}, [&](const Event&) -> Result<bool> {
                ++seen;
                return true;
            });
            if (!walked || seen != 14)
                ::_exit(4);
            if (!(*ledger)->verify({}))
                ::_exit(5);
            ::_exit(0);
        }
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0) << "exit " << WEXITSTATUS(status) << ", state " << with_state;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path()))
            ASSERT_EQ(::chmod(entry.path().c_str(), entry.is_directory() ? 0755 : 0644), 0);
    }
}

TEST_F(Faults, WhoReadsDoesNotCall) {
    (void)make({});
    const auto ledger = must(Ledger::open(path(), Access::read));
    EXPECT_EQ(must_fail(try_to_call(*ledger, 1)).code(), Errc::ledger_read_only);
    EXPECT_EQ(must_fail(ledger->advance({Advance::By::blocks, 1})).code(), Errc::ledger_read_only);
}

/// L15
TEST_F(Faults, WhoIsInTheWayIsNamed) {
    (void)must(Ledger::create(path(), sample_genesis(ClockKind::wall)));
    send(*must(Ledger::open(path(), Access::write)), key_of(1), kToken, approve_market(1));
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        repo::OpenOptions options;
        const auto gate = must(repo::Gate::open(path() + "/lock", options));
        const auto turn = must(gate->enter());
        (void)!::write(pipe[1], "x", 1);
        ::pause();
        ::_exit(0);
    }
    char byte = 0;
    ASSERT_EQ(::read(pipe[0], &byte, 1), 1);
    Options options;
    options.lock_timeout_seconds = 0;
    const auto ledger = must(Ledger::open(path(), Access::write, options));
    const Error error = must_fail(try_to_call(*ledger, 1));
    EXPECT_EQ(error.code(), Errc::ledger_locked);
    EXPECT_THAT(error.text(), HasSubstr("process " + std::to_string(child)));
    // Who wants to know the time waits, too, and nobody else.
    EXPECT_EQ(must_fail(ledger->snapshot()).code(), Errc::ledger_locked);
    EXPECT_EQ(must(ledger->last_snapshot()).now().block, must(ledger->head()).block);
    must(ledger->events({}, [](const Event&) -> Result<bool> { return true; }));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    must(try_to_call(*ledger, 1)); // the kernel has given it back
    ::close(pipe[0]);
    ::close(pipe[1]);
}

/// L18
TEST_F(Faults, WhoFollowsIsWoken) {
    const auto ledger = make({});
    const Deadline later = Deadline::after_seconds(Clock::system(), 20);
    const Deadline past = Deadline::after_seconds(Clock::system(), 0);
    EXPECT_FALSE(must(ledger->wait(0, past)));
    std::uint64_t seen = 0;
    std::jthread follower([&] {
        while (seen < 20) {
            if (!must(ledger->wait(seen, later)))
                return;
            seen = must(ledger->head()).sequence;
        }
    });
    for (int i = 0; i < 20; ++i)
        send(*ledger, key_of(1), kToken, approve_market(1));
    follower.join();
    EXPECT_EQ(seen, 20u);
    std::stop_source stop;
    std::jthread waiting(
        [&] { EXPECT_FALSE(must(ledger->wait(20, Deadline::never(), stop.get_token()))); });
    stop.request_stop();
}

TEST_F(Faults, WhoFollowsIsToldThatItsLedgerIsGone) {
    const std::string away = path() + ".away";
    const Deadline later = Deadline::after_seconds(Clock::system(), 60);
    const auto followed = [&](Ledger& ledger) { return must_fail(ledger.wait(1, later)); };
    for (const Access access : {Access::read, Access::write}) {
        (void)make({});
        send(*must(Ledger::open(path(), Access::write)), key_of(1), kToken, approve_market(1));
        const auto ledger = must(Ledger::open(path(), access));
        EXPECT_TRUE(must(ledger->wait(0, later)));
        std::filesystem::rename(path(), away);
        EXPECT_EQ(followed(*ledger).code(), Errc::ledger_missing);
        (void)make({}); // another one in its place
        const Error replaced = followed(*ledger);
        EXPECT_EQ(replaced.code(), Errc::ledger_missing);
        EXPECT_THAT(replaced.text(), HasSubstr("another ledger is there by now"));
        EXPECT_TRUE(replaced.has_way_out());
        std::filesystem::remove_all(path());
        std::filesystem::rename(away, path());
        EXPECT_FALSE(must(ledger->wait(1, Deadline::after_seconds(Clock::system(), 0))));
        std::filesystem::resize_file(path() + "/journal", 10);
        EXPECT_EQ(followed(*ledger).code(), Errc::ledger_damaged);
        std::filesystem::remove_all(path());
        EXPECT_EQ(followed(*ledger).code(), Errc::ledger_missing);
        EXPECT_EQ(must_fail(ledger->head()).code(), Errc::ledger_missing);
    }
}

/// Also when the system tells nothing: he looks by himself.
TEST_F(Faults, WhoFollowsIsWokenWhenItsLedgerIsDeleted) {
    const auto ledger = make({});
    std::jthread follower([&] {
        EXPECT_EQ(must_fail(ledger->wait(0, Deadline::after_seconds(Clock::system(), 60))).code(),
                  Errc::ledger_missing);
    });
    // He may be making its state anew while it goes.
    for (std::error_code error; std::filesystem::exists(path());)
        std::filesystem::remove_all(path(), error);
}

TEST_F(Faults, NobodyAppendsToAJournalThatIsGone) {
    const auto ledger = make({});
    must(try_to_call(*ledger, 1));
    std::filesystem::rename(path(), path() + ".away");
    EXPECT_EQ(must_fail(try_to_call(*ledger, 2)).code(), Errc::ledger_missing);
    const auto other = make({});
    EXPECT_EQ(must_fail(try_to_call(*ledger, 2)).code(), Errc::ledger_missing);
    EXPECT_EQ(must(other->head()).sequence, 0U);
    std::filesystem::remove_all(path());
    std::filesystem::rename(path() + ".away", path());
    EXPECT_EQ(must(ledger->head()).sequence, 1U);
}

} // namespace
} // namespace codex::ledger

// kill -9 of four writers at random points: whatever was answered is there (L2).
#include "base/hex.hpp"
#include "files.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <sys/wait.h>

namespace codex::ledger {
namespace {

using namespace test;

constexpr unsigned kWriters = 4;

/// Sends what it was answered, until it is killed.
[[noreturn]] void write_on(const std::string& path, std::uint8_t number, int out) {
    Options options;
    options.lock_timeout_seconds = 600; // however slow the machine, nobody is to give up
    const auto ledger = Ledger::open(path, Access::write, options);
    if (!ledger)
        ::_exit(2);
    const PrivateKey key = key_of(number);
    for (std::uint64_t i = 0;; ++i) {
        const Bytes data = token_call("approve", {numbered(number), UInt256(i)});
        const std::array orders{Order{key, kToken, data}, Order{key, kToken, data}};
        const auto receipts = (*ledger)->call(std::span(orders).first(1 + i % 2));
        if (!receipts) {
            std::fprintf(stderr, "%s\n", receipts.error().text().c_str());
            ::_exit(3);
        }
        for (const Receipt& receipt : *receipts) {
            std::array<std::uint8_t, 40> said{}; // in one piece, or not at all
            std::memcpy(said.data(), &receipt.sequence, 8);
            std::ranges::copy(receipt.hash, said.begin() + 8);
            if (::write(out, said.data(), said.size()) != static_cast<ssize_t>(said.size()))
                ::_exit(4);
        }
    }
}

class Kill : public testing::Test {
protected:
    /// Writers, each killed at its own moment.
    void run_round(std::mt19937_64& random) {
        std::array<int, 2> pipe{};
        ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
        std::map<pid_t, std::uint64_t> until; // microseconds
        for (unsigned i = 0; i < kWriters; ++i) {
            const pid_t child = ::fork();
            if (child == 0)
                write_on(path_, static_cast<std::uint8_t>(i + 1), pipe[1]);
            until[child] = 1000 + random() % 3000; // some are opening the ledger yet
        }
        ::close(pipe[1]);
        const auto begin = Clock::system().now();
        while (!until.empty()) {
            const auto next =
                std::ranges::min_element(until, {}, [](const auto& entry) { return entry.second; });
            Clock::system().sleep_until(begin + std::chrono::microseconds(next->second));
            ::kill(next->first, SIGKILL);
            int status = 0;
            ASSERT_EQ(::waitpid(next->first, &status, 0), next->first);
            ASSERT_TRUE(WIFSIGNALED(status)) << "ended with " << WEXITSTATUS(status);
            until.erase(next);
        }
        for (std::array<std::uint8_t, 40> said{}; ::read(pipe[0], said.data(), 40) == 40;) {
            std::uint64_t sequence = 0;
            std::memcpy(&sequence, said.data(), 8);
            std::copy(said.begin() + 8, said.end(), answered_[sequence].begin());
        }
        ::close(pipe[0]);
    }
    void check(bool anew) {
        if (anew)
            std::filesystem::remove_all(path_ + "/state");
        const auto ledger = must(Ledger::open(path_, Access::write));
        std::map<std::uint64_t, Digest> there;
        must(ledger->records(seen_ + 1, [&](const PlacedRecord& placed) -> Result<bool> {
            there[placed.record.sequence] = placed.hash;
            return true;
        }));
        for (const auto& [sequence, hash] : answered_) {
            ASSERT_TRUE(there.contains(sequence)) << sequence;
            ASSERT_EQ(there[sequence], hash) << sequence;
        }
        if (!there.empty())
            seen_ = there.rbegin()->first;
        total_ += answered_.size();
        answered_.clear();
    }

    const TemporaryFolder folder_;
    const std::string path_ = folder_.file("ledger");
    std::map<std::uint64_t, Digest> answered_;
    std::uint64_t seen_ = 0;
    std::size_t total_ = 0;
};

TEST_F(Kill, LosesNothingThatWasAnswered) {
    const char* const more = std::getenv("CODEX_KILL_ROUNDS");
    const unsigned rounds = more != nullptr ? static_cast<unsigned>(std::atoi(more)) : 500;
    must(Ledger::create(path_, sample_genesis()));
    std::mt19937_64 random(20261128);
    for (unsigned round = 0; round < rounds; ++round) {
        run_round(random);
        // What was answered since the last look has to be there still. That the ledger opens is
        // seen by the writers of each round.
        if (round % 10 == 0 || round + 1 == rounds)
            check(round % 100 == 50);
        if (HasFatalFailure())
            FAIL() << "in round " << round;
    }
    EXPECT_GT(total_, rounds);
    const auto ledger = must(Ledger::open(path_, Access::write));
    const UInt256 digest = must(ledger->digest());
    EXPECT_EQ(must(ledger->verify({})).digest, digest);
}

} // namespace
} // namespace codex::ledger

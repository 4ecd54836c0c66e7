// That going through a ledger takes no more memory the longer it is (L19).
#include "files.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <malloc.h>

namespace codex::ledger {
namespace {

using namespace test;

/// What is allocated, by whomever in this process; 0 where something else allocates (sanitizers).
std::size_t allocated() {
    const auto info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
}

/// The caller's thread, which looks at each piece of work how much is allocated.
class WatchingExecutor final : public InlineExecutor {
public:
    std::size_t most = 0;
    std::size_t looks = 0;

    void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) override {
        most = std::max(most, allocated());
        ++looks;
        InlineExecutor::parallel_for(count, body);
    }
};

/// A ledger with so many calls of 64 KiB, and behind them so many records that move time, which
/// nobody signs.
void make_long(const std::string& path, std::size_t calls, std::size_t ticks) {
    Options hasty;
    hasty.sync = false;
    Head head;
    {
        const auto ledger = must(Ledger::create(path, sample_genesis(), hasty));
        Bytes data = token_call("mint", {numbered(7), UInt256(1)});
        data.resize(Record::kMostCalldata); // what is behind the arguments is not looked at
        for (std::size_t i = 0; i < calls; ++i)
            send(*ledger, key_of(1), kToken, data);
        head = must(ledger->head());
    }
    Bytes journal = content_of(path + "/journal");
    for (std::size_t i = 1; i <= ticks; ++i) {
        Record record;
        record.kind = RecordKind::clock;
        record.sequence = head.sequence + i;
        record.block = head.block + i;
        record.previous = head.hash;
        const Digest hash = record.hash();
        record.signature = Record::clock_signature(hash);
        append(journal, record.encoded());
        head.hash = hash;
    }
    overwrite(path + "/journal", journal);
}

/// The most that was allocated at any time, beyond what was before.
std::size_t taken_to_verify(std::size_t calls, std::size_t ticks) {
    const TemporaryFolder folder;
    make_long(folder.file("ledger"), calls, ticks);
    Options started; // anew, so that nobody takes the journal to end where it did
    started.boot = "another";
    const auto ledger = must(Ledger::open(folder.file("ledger"), Access::write, started));
    EXPECT_EQ(must(ledger->head()).sequence, calls + ticks);
    WatchingExecutor executor;
    const std::size_t before = allocated();
    EXPECT_EQ(must(ledger->verify({}, executor)).head.sequence, calls + ticks);
    EXPECT_GE(executor.looks, 4u);
    return executor.most - std::min(executor.most, before);
}

TEST(Memory, OfVerifyingDoesNotGrowWithTheLedger) {
    if (allocated() == 0)
        GTEST_SKIP() << "something else allocates here";
    const std::size_t little = taken_to_verify(100, 12'000);
    const std::size_t much = taken_to_verify(300, 60'000);
    EXPECT_GT(little, 0u);
    // A hash kept of each record more would be twelve times as much.
    EXPECT_LT(much, little + 131'072);
}

} // namespace
} // namespace codex::ledger

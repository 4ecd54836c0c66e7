// Journals that are not what was written: found, named, and never cut where they were whole.
#include "base/endian.hpp"
#include "files.hpp"
#include "sanitizers.hpp"

#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <sys/stat.h>

namespace codex::ledger {
namespace {

using namespace test;
using testing::HasSubstr;

class Damage : public testing::Test {
protected:
    Damage() {
        const auto ledger = must(Ledger::create(path(), sample_genesis()));
        run_sample(*ledger);
        head_ = must(ledger->head());
        digest_ = must(ledger->digest());
    }
    [[nodiscard]] std::string path() const { return folder_.file("ledger"); }
    void forget_state() const { std::filesystem::remove_all(path() + "/state"); }
    /// The number in "record 12 at byte 34".
    static std::uint64_t named(const Error& error) {
        EXPECT_EQ(error.code(), Errc::ledger_damaged) << error.text();
        const std::string text = error.text();
        const std::size_t at = text.find("record ");
        return at == std::string::npos ? 0 : std::stoull(text.substr(at + 7));
    }
    /// One that could come behind the last.
    [[nodiscard]] Record next_record() const {
        Record behind;
        behind.sequence = head_.sequence + 1;
        behind.block = head_.block;
        behind.from = key_of(1).address();
        behind.to = kToken;
        behind.calldata = approve_market(5);
        behind.previous = head_.hash;
        behind.signature = key_of(1).sign(behind.hash()).bytes();
        return behind;
    }
    const TemporaryFolder folder_;
    Head head_;
    UInt256 digest_;
};

/// L5: with a state that knows better, and with none. All bytes of the first record and of the
/// first that moves time, and some of the others; with CODEX_MUTATIONS all of them.
TEST_F(Damage, EveryFlippedByteIsNamedByItsRecord) {
    constexpr std::size_t kStep = 23;
    const bool all = std::getenv("CODEX_MUTATIONS") != nullptr;
    std::set<RecordKind> seen;
    const Bytes journal = content_of(path() + "/journal");
    const auto records = records_of(path());
    std::size_t at = 0;
    for (std::size_t number = 1; number <= records.size(); ++number) {
        const bool whole = all || seen.insert(must(decode_record(records[number - 1])).kind).second;
        for (std::size_t i = 0; i < records[number - 1].size(); ++i, ++at) {
            if (!whole && at % kStep != 0)
                continue;
            Bytes changed = journal;
            changed[at] ^= static_cast<std::uint8_t>(1u << (at % 8));
            overwrite(path() + "/journal", changed);
            if (at % 16 == 0)
                forget_state();
            EXPECT_EQ(named(complaint(path())), number) << "byte " << at;
        }
    }
    overwrite(path() + "/journal", journal);
    const auto ledger = must(Ledger::open(path(), Access::write));
    EXPECT_EQ(must(ledger->verify({})).digest, digest_);
}

TEST_F(Damage, RecordsStandWhereTheyWereWritten) {
    const auto records = records_of(path());
    const auto named_of = [&](const std::vector<Bytes>& others) {
        write_records(path(), others);
        forget_state();
        return named(complaint(path()));
    };
    auto left_out = records;
    left_out.erase(left_out.begin() + 4);
    EXPECT_EQ(named_of(left_out), 0u); // it is shorter than what was on the disk
    auto swapped = records;
    std::swap(swapped[3], swapped[4]);
    EXPECT_EQ(named_of(swapped), 4u);
    auto twice = records;
    twice.insert(twice.begin() + 5, records[4]);
    EXPECT_EQ(named_of(twice), 6u);
}

/// Signed anew by its own account, or by another one.
TEST_F(Damage, AForgedRecordIsNamed) {
    auto records = records_of(path());
    Record forged = must(decode_record(records[4]));
    forged.calldata.back() ^= 1;
    forged.signature = key_of(2).sign(forged.hash()).bytes();
    records[4] = forged.encoded();
    write_records(path(), records);
    forget_state();
    EXPECT_EQ(named(complaint(path())), 5u);
    forged.signature = key_of(3).sign(forged.hash()).bytes();
    records[4] = forged.encoded();
    write_records(path(), records);
    const Error error = complaint(path());
    EXPECT_EQ(named(error), 5u);
    EXPECT_THAT(error.text(), HasSubstr("has signed it"));
}

TEST_F(Damage, ARecordOfAnotherTimeOrLedgerIsNamed) {
    auto records = records_of(path());
    Record moved = must(decode_record(records.back()));
    moved.block += 5;
    moved.signature = key_of(2).sign(moved.hash()).bytes(); // even by its own account
    records.back() = moved.encoded();
    write_records(path(), records);
    forget_state();
    EXPECT_EQ(named(complaint(path())), kSampleRecords);

    Genesis other = sample_genesis();
    other.name = "other";
    {
        const auto ledger = must(Ledger::create(folder_.file("other"), other));
        run_sample(*ledger);
    }
    write_records(path(), records_of(folder_.file("other")));
    forget_state();
    EXPECT_EQ(named(complaint(path())), 1u);
}

/// L8: a tail of any length, garbage, and a record that nobody may have written.
TEST_F(Damage, ATornTailIsCut) {
    const Bytes journal = content_of(path() + "/journal");
    Record behind = next_record();
    const Bytes whole = behind.encoded();
    for (std::size_t size = 1; size < whole.size(); size += 13) {
        Bytes torn = journal;
        append(torn, BytesView(whole).first(size));
        overwrite(path() + "/journal", torn);
        const auto ledger = must(Ledger::open(path(), Access::write));
        send(*ledger, key_of(1), kToken, approve_market(6));
        EXPECT_EQ(must(ledger->verify({})).head.sequence, head_.sequence + 1);
        overwrite(path() + "/journal", journal);
        overwrite(path() + "/durable", {});
        forget_state();
    }
    {
        const auto ledger = must(Ledger::open(path(), Access::write));
        EXPECT_EQ(must(ledger->head()), head_); // and so it has a state again
    }
    behind.signature[3] ^= 1;
    Bytes forged = journal;
    append(forged, behind.encoded());
    overwrite(path() + "/journal", forged);
    const auto ledger = must(Ledger::open(path(), Access::write));
    EXPECT_EQ(must(ledger->verify({})).torn_bytes, behind.encoded().size());
    send(*ledger, key_of(1), kToken, approve_market(6));
    EXPECT_EQ(must(ledger->head()).sequence, head_.sequence + 1);
}

/// Written whole, and killed before the state knew of it.
TEST_F(Damage, AWholeRecordBehindTheStateIsTaken) {
    const Record behind = next_record();
    Bytes journal = content_of(path() + "/journal");
    append(journal, behind.encoded());
    overwrite(path() + "/journal", journal);
    const auto ledger = must(Ledger::open(path(), Access::write));
    const Receipt receipt = send(*ledger, key_of(2), kToken, approve_market(1));
    EXPECT_EQ(receipt.sequence, head_.sequence + 2);
}

/// L8: what was on the disk is missing, or broken.
TEST_F(Damage, WhatWasSyncedIsNeverCut) {
    const Bytes journal = content_of(path() + "/journal");
    for (const std::size_t size : {journal.size() - 1, journal.size() / 2, std::size_t{0}}) {
        overwrite(path() + "/journal", BytesView(journal).first(size));
        for (const bool forgotten : {false, true}) {
            if (forgotten)
                forget_state();
            const auto ledger = must(Ledger::open(path(), Access::write));
            const PrivateKey key = key_of(1);
            const Bytes data = approve_market(1);
            const std::array orders{Order{key, kToken, data}};
            EXPECT_EQ(must_fail(ledger->call(orders)).code(), Errc::ledger_damaged);
            EXPECT_EQ(must_fail(ledger->head()).code(), Errc::ledger_damaged);
            EXPECT_EQ(content_of(path() + "/journal").size(), size);
        }
    }
    Bytes broken = journal;
    broken[broken.size() - 1] ^= 1;
    overwrite(path() + "/journal", broken);
    forget_state();
    EXPECT_EQ(named(complaint(path())), kSampleRecords);
    EXPECT_EQ(content_of(path() + "/journal"), broken);
}

/// L7
TEST_F(Damage, AStateThatCannotBeTrustedIsMadeAnew) {
    const auto check = [&](const Options& options = {}) {
        const auto ledger = must(Ledger::open(path(), Access::write, options));
        EXPECT_EQ(must(ledger->head()), head_);
        EXPECT_EQ(must(ledger->digest()), digest_);
        EXPECT_EQ(must(ledger->verify({})).digest, digest_);
    };
    const std::string state = path() + "/state/state.mdb";
    const Bytes good = content_of(state);
    forget_state();
    check();
    for (const std::size_t size : {std::size_t{0}, std::size_t{100}, std::size_t{8192}}) {
        // What a fault in LMDB has left is never freed, which the sanitizer would take for a leak.
        if (codex::test::kAddressSanitizer && size != 0)
            continue;
        overwrite(state, BytesView(good).first(size));
        check();
    }
    overwrite(state, Bytes(good.size(), 0x5a));
    check();
    Options later;
    later.boot = "another";
    check(later);
    // A copy has another journal.
    std::filesystem::copy(path(), folder_.file("copy"), std::filesystem::copy_options::recursive);
    const auto copy = must(Ledger::open(folder_.file("copy"), Access::write));
    EXPECT_EQ(must(copy->digest()), digest_);
}

TEST_F(Damage, AStateOfAnotherLedgerIsNotTaken) {
    Genesis other = sample_genesis();
    other.balances[numbered(7)] = 7;
    {
        const auto ledger = must(Ledger::create(folder_.file("other"), other));
        run_sample(*ledger);
    }
    std::filesystem::copy_file(folder_.file("other") + "/state/state.mdb",
                               path() + "/state/state.mdb",
                               std::filesystem::copy_options::overwrite_existing);
    const auto ledger = must(Ledger::open(path(), Access::write));
    EXPECT_EQ(must(ledger->digest()), digest_);
}

TEST_F(Damage, APlaceThatIsNoLedgerIsNamed) {
    overwrite(path() + "/genesis", as_bytes("{\"version\":2}\n"));
    EXPECT_EQ(must_fail(Ledger::open(path(), Access::read)).code(), Errc::ledger_version);
    overwrite(path() + "/genesis", as_bytes("{}"));
    EXPECT_EQ(must_fail(Ledger::open(path(), Access::read)).code(), Errc::ledger_damaged);
    overwrite(path() + "/genesis", as_bytes(sample_genesis().text()));
    std::filesystem::remove(path() + "/journal");
    EXPECT_EQ(must_fail(Ledger::open(path(), Access::read)).code(), Errc::ledger_damaged);
    EXPECT_EQ(must_fail(Ledger::open(path(), Access::write)).code(), Errc::ledger_damaged);
}

TEST_F(Damage, WhatIsNoFileIsNeitherFollowedNorWaitedFor) {
    const auto refused = [&](const std::string& name, const std::string& as) {
        const Error error = must_fail(Ledger::open(path(), Access::write));
        EXPECT_EQ(error.code(), Errc::ledger_damaged) << name << " as " << as;
        EXPECT_NE(error.text().find(name + ": is no regular file"), std::string::npos)
            << error.text();
        EXPECT_EQ(error.text().find("repo"), std::string::npos) << error.text();
    };
    for (const std::string name : {"genesis", "journal", "durable", "lock", "lock-sync"}) {
        const std::string file = path() + "/" + name;
        std::filesystem::rename(file, folder_.file("away"));
        ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
        refused(name, "a pipe");
        std::filesystem::remove(file);
        std::filesystem::create_symlink(folder_.file("away"), file);
        refused(name, "a link");
        std::filesystem::remove(file);
        std::filesystem::create_directory(file);
        refused(name, "a folder");
        std::filesystem::remove(file);
        std::filesystem::rename(folder_.file("away"), file);
    }
    EXPECT_EQ(must(must(Ledger::open(path(), Access::write))->digest()), digest_);
}

} // namespace
} // namespace codex::ledger

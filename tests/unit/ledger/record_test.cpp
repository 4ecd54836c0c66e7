// Records and the genesis: one form, and everything else refused.
#include "base/endian.hpp"
#include "fixture.hpp"

#include <gtest/gtest.h>

namespace codex::ledger {
namespace {

using namespace test;

Record sample_record() {
    Record record;
    record.sequence = 7;
    record.block = 300;
    record.from = key_of(1).address();
    record.to = kToken;
    record.calldata = approve_market(5);
    record.previous.fill(9);
    record.signature = key_of(1).sign(record.hash()).bytes();
    return record;
}

TEST(RecordForm, IsReadAsItWasWritten) {
    const Record record = sample_record();
    const Bytes bytes = record.encoded();
    EXPECT_EQ(bytes.size(), Record::kLeastBytes + record.calldata.size());
    EXPECT_EQ(must(decode_record(bytes)), record);
    must(record.check_signature(record.hash()));
    Record clock;
    clock.kind = RecordKind::clock;
    clock.sequence = 1;
    clock.block = 1000;
    clock.signature = Record::clock_signature(clock.hash());
    EXPECT_EQ(must(decode_record(clock.encoded())), clock);
    must(clock.check_signature(clock.hash()));
    ++clock.block;
    EXPECT_FALSE(clock.check_signature(clock.hash()));
}

TEST(RecordForm, EveryByteIsBound) {
    const Bytes bytes = sample_record().encoded();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        Bytes changed = bytes;
        changed[i] ^= 1;
        const auto record = decode_record(changed);
        if (!record)
            continue;
        EXPECT_EQ(must_fail(record->check_signature(record->hash())).code(),
                  Errc::signature_invalid)
            << i;
    }
}

TEST(RecordForm, IsBoundedBeforeItIsRead) {
    const Bytes bytes = sample_record().encoded();
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(decode_record(BytesView(bytes).first(size))) << size;
        if (size < 4) {
            EXPECT_FALSE(must(record_bytes(BytesView(bytes).first(size))).has_value());
        }
    }
    Bytes longer = bytes;
    longer.push_back(0);
    EXPECT_FALSE(decode_record(longer));
    for (const std::size_t size : {std::size_t{0}, Record::kLeastBytes - 1, Record::kMostBytes + 1,
                                   std::size_t{UINT32_MAX} + 4}) {
        Bytes length(4);
        store_be(length.data(), static_cast<std::uint32_t>(size - 4));
        EXPECT_EQ(must_fail(record_bytes(length)).code(), Errc::record_invalid);
    }
    for (const std::size_t size : {Record::kLeastBytes, Record::kMostBytes}) {
        Bytes length(4);
        store_be(length.data(), static_cast<std::uint32_t>(size - 4));
        EXPECT_EQ(must(record_bytes(length)), size);
    }
    Bytes unknown = bytes;
    unknown[4] = 2;
    EXPECT_FALSE(decode_record(unknown));
    unknown[4] = 1; // about the clock, and yet of somebody
    EXPECT_FALSE(decode_record(unknown));
}

TEST(GenesisForm, IsReadAsItWasWritten) {
    Genesis genesis = sample_genesis();
    EXPECT_EQ(must(Genesis::from_text(genesis.text())), genesis);
    genesis.vault = numbered(0xcc);
    genesis.vault_owner = key_of(3).address();
    genesis.clock = ClockKind::wall;
    genesis.configuration.request_duration_limit = UINT64_MAX;
    genesis.balances.clear();
    EXPECT_EQ(must(Genesis::from_text(genesis.text())), genesis);
    EXPECT_NE(genesis.hash(), sample_genesis().hash());
}

TEST(GenesisForm, HasOneForm) {
    const std::string text = sample_genesis().text();
    for (std::size_t i = 0; i < text.size(); ++i) {
        EXPECT_FALSE(Genesis::from_text(std::string_view(text).substr(0, i))) << i;
        std::string changed = text;
        changed.insert(i, " ");
        const auto read = Genesis::from_text(changed);
        if (read) { // in a text: of another ledger then
            EXPECT_EQ(read->text(), changed);
        }
    }
    const auto refused = [](const std::string& other) {
        return must_fail(Genesis::from_text(other)).code();
    };
    EXPECT_EQ(refused("{\"version\":2}\n"), Errc::ledger_version);
    EXPECT_EQ(refused("{\"version\":0}\n"), Errc::ledger_version);
    EXPECT_EQ(refused("[]"), Errc::ledger_damaged);
    EXPECT_EQ(refused(std::string(Genesis::kMostBytes + 1, ' ')), Errc::limit_exceeded);
    std::string more = text;
    more.insert(1, "\"more\":1,");
    EXPECT_EQ(refused(more), Errc::ledger_damaged);
    EXPECT_EQ(refused(std::string(100'000, '[')), Errc::ledger_damaged);
}

TEST(GenesisForm, IsCheckedBeforeALedgerIsMade) {
    const auto refused = [](const auto& change) {
        Genesis genesis = sample_genesis();
        change(genesis);
        return must_fail(genesis.check()).code();
    };
    EXPECT_EQ(refused([](Genesis& of) { of.name = std::string(256, 'a'); }), Errc::config_invalid);
    EXPECT_EQ(refused([](Genesis& of) { of.name = "\x1b"; }), Errc::config_invalid);
    EXPECT_EQ(refused([](Genesis& of) { of.block_seconds = 0; }), Errc::config_invalid);
    EXPECT_EQ(refused([](Genesis& of) { of.start = UINT64_MAX; }), Errc::config_invalid);
    EXPECT_EQ(refused([](Genesis& of) { of.token = of.marketplace; }), Errc::config_invalid);
    EXPECT_EQ(refused([](Genesis& of) { of.vault = numbered(5); }), Errc::config_invalid);
    EXPECT_EQ(refused([](Genesis& of) { of.configuration.period = 0; }), Errc::config_invalid);
    EXPECT_EQ(refused([](Genesis& of) { of.configuration.slash_percentage = 51; }),
              Errc::config_invalid);
    EXPECT_EQ(refused([](Genesis& of) { of.verifying_key = "{}"; }), Errc::config_invalid);
    EXPECT_EQ(refused([](Genesis& of) {
                  of.verifier = VerifierKind::groth16;
                  of.verifying_key = "{}";
              }),
              Errc::key_invalid);
    EXPECT_EQ(refused([](Genesis& of) { of.balances[numbered(1)] = UInt256(); }),
              Errc::config_invalid);
    EXPECT_EQ(refused([](Genesis& of) { of.balances[numbered(1)] = UInt256::max(); }),
              Errc::amount_invalid);
}

} // namespace
} // namespace codex::ledger

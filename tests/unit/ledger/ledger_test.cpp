// What a ledger is to who uses it.
#include "fixture.hpp"
#include "memory_streams.hpp"

#include <gtest/gtest.h>

namespace codex::ledger {
namespace {

using namespace test;

TEST(LedgerUse, IsMadeAndOpened) {
    const TemporaryFolder folder;
    const std::string path = folder.file("ledger");
    const Genesis genesis = sample_genesis();
    {
        const auto made = must(Ledger::create(path, genesis));
        EXPECT_EQ(made->genesis(), genesis);
        const Head head = must(made->head());
        EXPECT_EQ(head, (Head{0, genesis.hash(), kFirstBlock, genesis.start}));
    }
    EXPECT_EQ(folder.entries(), 1u);
    const auto opened = must(Ledger::open(path, Access::read));
    EXPECT_EQ(opened->genesis(), genesis);
    EXPECT_EQ(must_fail(Ledger::create(path, genesis)).code(), Errc::ledger_exists);
    EXPECT_EQ(must_fail(Ledger::open(folder.file("none"), Access::read)).code(),
              Errc::ledger_missing);
    EXPECT_EQ(must_fail(Ledger::create(folder.path(), genesis)).code(), Errc::exists);
    EXPECT_EQ(must_fail(Ledger::create(folder.file("no/where"), genesis)).code(),
              Errc::cannot_create);
}

TEST(LedgerUse, CallsAreTakenInTheirOrder) {
    const TemporaryFolder folder;
    const auto ledger = must(Ledger::create(folder.file("ledger"), sample_genesis()));
    const PrivateKey client = key_of(1);
    const Bytes pay = token_call("transfer", {numbered(3), UInt256(5)});
    const Bytes too_much = token_call("transfer", {numbered(3), UInt256::max()});
    const std::array orders{Order{client, kToken, pay}, Order{client, kToken, too_much},
                            Order{client, kToken, pay}};
    const auto receipts = must(ledger->call(orders));
    ASSERT_EQ(receipts.size(), 3u);
    EXPECT_TRUE(receipts[0].outcome.ok);
    EXPECT_EQ(receipts[0].sequence, 1u);
    EXPECT_FALSE(receipts[1].outcome.ok);
    EXPECT_EQ(receipts[1].sequence, 0u);
    EXPECT_EQ(receipts[2].sequence, 2u);
    EXPECT_EQ(receipts[2].block, kFirstBlock);
    EXPECT_EQ(must(ledger->head()).hash, receipts[2].hash);
    auto snapshot = must(ledger->snapshot());
    const Bytes ask = token_call("balanceOf", {numbered(3)});
    const auto outcome = must(snapshot.call({client.address(), kToken, ask}));
    EXPECT_EQ(UInt256::from_bytes(outcome.data), UInt256(10));
    const Bytes view = token_call("transfer", {numbered(3), UInt256(1)});
    EXPECT_TRUE(must(snapshot.call({client.address(), kToken, view})).ok);
    EXPECT_EQ(must(ledger->head()).sequence, 2u);
}

TEST(LedgerUse, SnapshotsStayAsTheyWere) {
    const TemporaryFolder folder;
    const auto ledger = must(Ledger::create(folder.file("ledger"), sample_genesis()));
    const auto before = must(ledger->snapshot());
    send(*ledger, key_of(1), kToken, approve_market(7));
    EXPECT_EQ(before.head().sequence, 0u);
    EXPECT_EQ(must(ledger->snapshot()).head().sequence, 1u);
    EXPECT_NE(before.digest(), must(ledger->digest()));
}

TEST(LedgerUse, EventsAreFoundByWhatTheyAreAbout) {
    const TemporaryFolder folder;
    const auto ledger = must(Ledger::create(folder.file("ledger"), sample_genesis()));
    const Word first = run_sample(*ledger, 1);
    const Word second = run_sample(*ledger, 2);
    const auto names = [&](const EventQuery& query) {
        std::vector<std::string> found;
        Cursor last;
        must(ledger->events(query, [&](const Event& event) -> Result<bool> {
            EXPECT_LE(last, event.at);
            last = event.at;
            const auto* known = market::marketplace_interface().event(event.log.topics[0]);
            if (known == nullptr)
                known = market::token_interface().event(event.log.topics[0]);
            found.push_back(known->name);
            return true;
        }));
        return found;
    };
    const auto all = names({});
    EXPECT_EQ(all.size(), 2 * 14u);
    EventQuery of_slot;
    of_slot.about = slot_of(first, 1);
    EXPECT_EQ(names(of_slot), (std::vector<std::string>{"ProofSubmitted", "Transfer", "SlotFilled",
                                                        "RequestFulfilled", "ProofSubmitted"}));
    EventQuery of_request;
    of_request.about = second;
    EXPECT_EQ(names(of_request).size(), 2u + 7u + 3u);
    EventQuery requests;
    requests.topics = {market::marketplace_interface().event("StorageRequested")->topic,
                       market::marketplace_interface().event("RequestFulfilled")->topic};
    EXPECT_EQ(names(requests), (std::vector<std::string>{"StorageRequested", "RequestFulfilled",
                                                         "StorageRequested", "RequestFulfilled"}));
    requests.most = 3;
    EXPECT_EQ(names(requests).size(), 3u);
    EventQuery from;
    from.from = must(Cursor::from_text("3.1"));
    EXPECT_EQ(names(from).size(), all.size() - 3);
}

TEST(LedgerUse, ASlotIsFoundByItsIdFromItsPostingOn) {
    const TemporaryFolder folder;
    const auto ledger = must(Ledger::create(folder.file("ledger"), sample_genesis()));
    send(*ledger, key_of(1), kToken, approve_market(1'000'000'000));
    const Value request = sample_request(1);
    const Word id = id_of(request);
    EXPECT_EQ(must(must(ledger->snapshot()).place_of_slot(slot_of(id, 1))), std::nullopt);
    send(*ledger, key_of(1), kMarket, market_call("requestStorage", {request}));
    const Snapshot posted = must(ledger->snapshot());
    for (std::uint64_t slot = 0; slot < 2; ++slot)
        EXPECT_EQ(must(posted.place_of_slot(slot_of(id, slot))), (SlotPlace{id, slot}));
    EXPECT_EQ(must(posted.place_of_slot(slot_of(id, 2))), std::nullopt) << "it has two";
    EXPECT_EQ(must(posted.place_of_slot(id)), std::nullopt);
}

TEST(LedgerUse, OfVeryManySlotsTheLastAreFoundOnceTheyAreNamed) {
    const TemporaryFolder folder;
    const auto ledger = must(Ledger::create(folder.file("ledger"), sample_genesis()));
    send(*ledger, key_of(1), kToken, approve_market(1'000'000'000'000));
    Word nonce{};
    const Value request = Value::List{key_of(1).address(),
                                      Value::List{UInt256(1), UInt256(1), UInt256(1), UInt256(1000),
                                                  UInt256(1), UInt256(3600), UInt256(1)},
                                      Value::List{Bytes{1, 2, 3}, Word{}}, UInt256(600), nonce};
    const Word id = id_of(request);
    send(*ledger, key_of(1), kMarket, market_call("requestStorage", {request}));
    const auto place = [&](std::uint64_t slot) {
        return must(must(ledger->snapshot()).place_of_slot(slot_of(id, slot)));
    };
    EXPECT_EQ(place(63), (SlotPlace{id, 63}));
    EXPECT_EQ(place(64), std::nullopt);
    const std::uint64_t posted = must(ledger->head()).sequence;
    const auto wide = [&](std::uint64_t from) {
        std::vector<WideRequest> found;
        must(must(ledger->snapshot())
                 .wide_requests(from, [&](const WideRequest& one) -> Result<bool> {
                     found.push_back(one);
                     return true;
                 }));
        return found;
    };
    send(*ledger, key_of(1), kMarket, market_call("requestStorage", {sample_request(1)}));
    ASSERT_EQ(wide(0).size(), 1U) << "the other has two";
    EXPECT_EQ(wide(posted)[0].request, id);
    EXPECT_EQ(wide(posted)[0].first, 64U);
    EXPECT_EQ(wide(posted)[0].slots, 1000U);
    EXPECT_TRUE(wide(posted + 1).empty());
    send(*ledger, key_of(2), kMarket, market_call("reserveSlot", {id, UInt256(64)}));
    EXPECT_EQ(place(64), (SlotPlace{id, 64}));
}

TEST(LedgerUse, RecordsHaveWhatWasCalled) {
    const TemporaryFolder folder;
    const auto ledger = must(Ledger::create(folder.file("ledger"), sample_genesis()));
    run_sample(*ledger);
    std::uint64_t sequence = 2;
    must(ledger->records(3, [&](const PlacedRecord& placed) -> Result<bool> {
        EXPECT_EQ(placed.record.sequence, ++sequence);
        EXPECT_EQ(placed.record.hash(), placed.hash);
        EXPECT_TRUE(placed.record.check_signature(placed.hash));
        return true;
    }));
    EXPECT_EQ(sequence, kSampleRecords);
}

TEST(LedgerUse, IsWhatItSaysItIs) {
    const TemporaryFolder folder;
    const auto ledger = must(Ledger::create(folder.file("ledger"), sample_genesis()));
    run_sample(*ledger);
    VerifyOptions options;
    options.head = must(ledger->head()).hash;
    const Verified verified = must(ledger->verify(options));
    EXPECT_EQ(verified.head, must(ledger->head()));
    EXPECT_EQ(verified.head_at, kSampleRecords);
    EXPECT_EQ(verified.digest, must(ledger->digest()));
    options.head = Digest{1};
    EXPECT_FALSE(must(ledger->verify(options)).head_at.has_value());
    options.head = ledger->genesis().hash();
    EXPECT_EQ(must(ledger->verify(options)).head_at, 0u);
}

TEST(LedgerUse, GoesElsewhereAsAFile) {
    const TemporaryFolder folder;
    const auto ledger = must(Ledger::create(folder.file("ledger"), sample_genesis()));
    run_sample(*ledger);
    codex::test::MemorySink sink;
    const Head head = must(ledger->export_to(sink));
    codex::test::MemorySource source(sink.content(), 7);
    const auto there = must(Ledger::import_from(source, folder.file("there")));
    EXPECT_EQ(must(there->head()), head);
    EXPECT_EQ(must(there->digest()), must(ledger->digest()));
    must(there->verify({}));
    EXPECT_EQ(folder.entries(), 2u);
    for (std::size_t size :
         {std::size_t{0}, sink.content().size() / 2, sink.content().size() - 1}) {
        codex::test::MemorySource cut(BytesView(sink.content()).first(size));
        EXPECT_EQ(must_fail(Ledger::import_from(cut, folder.file("cut"))).code(),
                  Errc::ledger_damaged);
    }
    EXPECT_EQ(folder.entries(), 2u);
}

/// L17: a byte of what is exported, whichever it is.
TEST(LedgerUse, WhatIsImportedIsLookedAt) {
    const TemporaryFolder folder;
    Genesis genesis = sample_genesis(ClockKind::wall);
    const auto ledger = must(Ledger::create(folder.file("ledger"), genesis));
    run_sample(*ledger);
    codex::test::MemorySink sink;
    must(ledger->export_to(sink));
    for (std::size_t i = 0; i < sink.content().size(); i += 11) {
        Bytes changed = sink.content();
        changed[i] ^= 4;
        codex::test::MemorySource source(changed);
        const auto there = Ledger::import_from(source, folder.file("there"));
        ASSERT_FALSE(there) << i;
        const Errc code = there.error().code();
        EXPECT_TRUE(code == Errc::ledger_damaged || code == Errc::ledger_version) << i;
    }
    EXPECT_EQ(folder.entries(), 1u); // and nothing is left of any
}

} // namespace
} // namespace codex::ledger

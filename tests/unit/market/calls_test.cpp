// Calls as bytes, and what is read from answers.
#include "market/calls.hpp"

#include "market/refusal.hpp"
#include "runs.hpp"

#include <gtest/gtest.h>

namespace codex::market {
namespace {

using test::must_fail;
using test::unhex;

const Json& recorded(std::string_view call) {
    return test::marketplace()["calls"][std::string(call)];
}

Address address_of(const Json& text) {
    return must(Address::from_text(text.get<std::string>()));
}

TEST(Calls, AreThoseThatWereRecorded) {
    Proof proof;
    for (std::size_t i = 0; i < proof.words.size(); ++i)
        proof.words[i] = i + 1;
    const auto word = [](std::string_view call) { return word_of(recorded(call)["args"][0]); };
    const auto is = [](std::string_view call, const Bytes& data) {
        EXPECT_EQ(data, unhex(recorded(call)["calldata"])) << call;
    };
    is("reserveSlot", calls::reserve_slot(word("reserveSlot"), 0));
    is("fillSlot", calls::fill_slot(word("fillSlot"), 0, proof));
    is("submitProof", calls::submit_proof(word("submitProof"), proof));
    is("markProofAsMissing", calls::mark_proof_as_missing(word("markProofAsMissing"), 200000001));
    is("freeSlot1", calls::free_slot(word("freeSlot1")));
    const Json& to = recorded("freeSlot3")["args"];
    is("freeSlot3", calls::free_slot(word("freeSlot3"), address_of(to[1]), address_of(to[2])));
    is("withdrawFunds1", calls::withdraw_funds(word("withdrawFunds1")));
    is("approve",
       calls::approve(address_of(recorded("approve")["args"][0]), UInt256(1000000000000000)));
}

TEST(Calls, AnswersThatWereRecordedAreRead) {
    const auto answer = [](std::string_view call) {
        return Outcome{.ok = true, .data = unhex(recorded(call)["return"]), .logs = {}};
    };
    const Word slot = word_of(recorded("getActiveSlot")["args"][0]);
    const auto active = must(questions::get_active_slot(slot).read(answer("getActiveSlot")));
    EXPECT_EQ(slot_id(active.request.id(), active.index), slot);
    EXPECT_EQ(must(questions::my_slots().read(answer("mySlots"))), std::vector{slot});
    const auto configuration = must(questions::configuration().read(answer("configuration")));
    EXPECT_EQ(configuration.slash_percentage, 10);
    EXPECT_EQ(configuration.max_number_of_slashes, 5);
    EXPECT_EQ(configuration.period, 10U);
    for (const Json& vector : test::marketplace()["requests"]) {
        const Outcome returned{.ok = true, .data = unhex(vector["abiEncoded"]), .logs = {}};
        EXPECT_TRUE(equal(must(questions::get_request({}).read(returned)).id(),
                          unhex(vector["requestId"])));
    }
    // Another contract is at that address.
    EXPECT_EQ(
        must_fail(questions::configuration().read({.ok = true, .data = {}, .logs = {}})).code(),
        Errc::abi_invalid);
}

TEST(Calls, LogsThatWereRecordedAreReadAndWritten) {
    const auto same = [](const Json& recorded) {
        ethereum::abi::Log log;
        for (const Json& topic : recorded["topics"])
            log.topics.push_back(word_of(topic));
        log.data = unhex(recorded["data"]);
        const auto* event = marketplace_interface().event(log.topics.at(0));
        ASSERT_NE(event, nullptr);
        EXPECT_EQ(encode_log({}, *event, must(decode_log(*event, log))), log) << event->name;
    };
    for (const Json& log : recorded("fillSlot")["logs"])
        same(log);
    for (const Json& vector : test::marketplace()["requests"])
        same(vector["storageRequestedLog"]);
}

TEST(Calls, WhatNodesSayOfARefusalIsRead) {
    const Json& errors = test::marketplace()["rpcErrors"];
    EXPECT_EQ(refusal_of(unhex(errors["eth_call"]["data"])).name, "Marketplace_UnknownRequest");
    EXPECT_EQ(refusal_of(unhex(errors["eth_estimateGas"]["data"])).name, "Marketplace_SlotIsFree");
}

// An address with such a contract is another one.
TEST(Calls, ThoseOfTheContractOf2024AreOthers) {
    const Json& old = test::marketplace()["interface_2024_06"];
    for (const auto& [signature, selector] : old["functions"].items()) {
        const auto made = must(ethereum::abi::Interface::from_text("function " + signature));
        EXPECT_EQ(to_hex(made.functions()[0].selector), to_hex(unhex(selector))) << signature;
        EXPECT_EQ(marketplace_interface().function(made.functions()[0].selector), nullptr);
    }
    for (const auto& [signature, topic] : old["events"].items()) {
        const auto made = must(ethereum::abi::Interface::from_text("event " + signature));
        EXPECT_EQ(made.events()[0].topic, word_of(topic)) << signature;
        EXPECT_EQ(marketplace_interface().event(made.events()[0].topic), nullptr);
    }
}

/// A market, and two who have to do with it.
class Asked : public ::testing::Test {
protected:
    template <class Answer> Result<Answer> ask(const Question<Answer>& question) {
        return market::ask(chain_.contracts(), chain_.state(), {chain_.block, chain_.time, hashes_},
                           host_, question);
    }
    void send(const Address& from, Party to, const Bytes& data) {
        const auto outcome = chain_.send(from, market::address_of(usual_options(), to), data);
        EXPECT_TRUE(outcome.ok) << refusal_of(outcome.data).message();
    }
    Asked() {
        client_.bytes.fill(0x33);
        host_.bytes.fill(0x44);
        request_.client = client_;
        request_.ask = {UInt256(100), UInt256(3), UInt256(7), 2, 1000, 3600, 1};
        request_.cid = {1, 2, 3};
        request_.expiry = 600;
        chain_.time = 1000000;
        for (const Address& account : {client_, host_}) {
            send(account, Party::token, calls::mint(account, UInt256(1000000000)));
            send(account, Party::token,
                 calls::approve(usual_options().marketplace, UInt256::max()));
        }
        send(client_, Party::marketplace, calls::request_storage(request_));
        proof_.words[0] = 1;
    }

    Chain chain_{usual_options()};
    NumberedHashes hashes_;
    Address client_;
    Address host_;
    Request request_;
    Proof proof_;
};

TEST_F(Asked, EveryQuestionIsAnswered) {
    const Word id = request_.id();
    const Word slot = slot_id(id, 1);
    EXPECT_TRUE(must(ask(questions::can_reserve_slot(id, 1))));
    send(host_, Party::marketplace, calls::reserve_slot(id, 1));
    EXPECT_FALSE(must(ask(questions::can_reserve_slot(id, 1))));
    send(host_, Party::marketplace, calls::fill_slot(id, 1, proof_));

    EXPECT_EQ(must(ask(questions::get_request(id))), request_);
    EXPECT_EQ(must(ask(questions::request_state(id))), RequestState::fresh);
    EXPECT_EQ(must(ask(questions::request_end(id))), 1003600U);
    EXPECT_EQ(must(ask(questions::request_expiry(id))), 1000600U);
    EXPECT_TRUE(must(ask(questions::my_requests())).empty()) << "the host asks";
    EXPECT_EQ(must(ask(questions::my_slots())), std::vector{slot});
    EXPECT_EQ(must(ask(questions::get_active_slot(slot))).index, 1U);
    EXPECT_EQ(must(ask(questions::slot_state(slot))), SlotState::filled);
    EXPECT_EQ(must(ask(questions::get_host(slot))), host_);
    EXPECT_EQ(must(ask(questions::current_collateral(slot))), UInt256(7000));
    EXPECT_EQ(must(ask(questions::missing_proofs(slot))), 0U);
    EXPECT_EQ(must(ask(questions::slot_probability(slot))), UInt256(75));
    EXPECT_LT(must(ask(questions::get_pointer(slot))), 256U);
    EXPECT_NE(must(ask(questions::get_challenge(slot))), Word());
    EXPECT_FALSE(must(ask(questions::is_proof_required(slot))));
    EXPECT_FALSE(must(ask(questions::will_proof_be_required(slot))));
    EXPECT_EQ(must(ask(questions::configuration())), Configuration());
    EXPECT_EQ(must(ask(questions::token())), usual_options().token);
    EXPECT_EQ(must(ask(questions::balance_of(host_))), UInt256(1000000000 - 7000));
    EXPECT_EQ(must(ask(questions::allowance(host_, usual_options().marketplace))), UInt256::max());
    EXPECT_EQ(must(ask(questions::total_supply())), UInt256(2000000000));
}

TEST_F(Asked, WhatIsRefusedIsAnError) {
    const Word slot = slot_id(request_.id(), 0);
    const Error unknown = must_fail(ask(questions::get_request({})));
    EXPECT_EQ(unknown.code(), Errc::market_refused);
    EXPECT_EQ(unknown.text(), "the market knows no such request");
    EXPECT_EQ(must_fail(ask(questions::can_mark_proof_as_missing(slot, 1))).text(),
              "the slot is not filled");
    EXPECT_EQ(must_fail(ask(questions::get_active_slot(slot))).text(),
              "nobody has ever filled the slot");
}

TEST(States, HaveNames) {
    EXPECT_EQ(name_of(RequestState::fresh), "new");
    EXPECT_EQ(name_of(RequestState::failed), "failed");
    EXPECT_EQ(name_of(static_cast<RequestState>(5)), "unknown");
    EXPECT_EQ(name_of(SlotState::free), "free");
    EXPECT_EQ(name_of(SlotState::repair), "repair");
    EXPECT_EQ(name_of(static_cast<SlotState>(7)), "unknown");
}

} // namespace
} // namespace codex::market

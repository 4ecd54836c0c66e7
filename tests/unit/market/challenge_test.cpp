// Challenges as documents, and answers of provers.
#include "market/challenge.hpp"

#include "market/contract/proof_inputs.hpp"
#include "runs.hpp"

#include <gmock/gmock.h>

namespace codex::market {
namespace {

using test::must_fail;
using test::unhex;
using testing::HasSubstr;

TEST(ProofInputs, AreThoseOfTheVectors) {
    for (const Json& vector : test::marketplace()["fieldElements"]) {
        const Word word = word_of(vector["bytes32"]);
        const auto inputs = proof_inputs(word, word, 3);
        EXPECT_EQ(inputs[0].text(), vector["asChallenge"].get<std::string>());
        EXPECT_EQ(inputs[1].text(), vector["asMerkleRoot"].get<std::string>());
        EXPECT_EQ(inputs[2], UInt256(3));
    }
}

class Challenged : public ::testing::Test {
protected:
    Challenged() {
        chain_.time = 1000030;
        request_.ask = {UInt256(1), UInt256(3), UInt256(7), 2, 1000, 3600, 1};
        request_.cid = unhex(test::marketplace()["requests"][0]["request"]["content"]["cid"]);
        request_.merkle_root[0] = 9;
        request_.expiry = 600;
        request_.client.bytes.fill(3);
        for (const Bytes& data : {calls::mint(request_.client, UInt256::max()),
                                  calls::approve(usual_options().marketplace, UInt256::max())})
            EXPECT_TRUE(chain_.send(request_.client, usual_options().token, data).ok);
        send(calls::request_storage(request_));
    }
    void send(const Bytes& data) {
        EXPECT_TRUE(chain_.send(request_.client, usual_options().marketplace, data).ok);
    }
    Challenge challenge() {
        return must(challenge_of(chain_.contracts(), chain_.state(),
                                 {chain_.block, chain_.time, hashes_}, request_, 1));
    }

    Chain chain_{usual_options()};
    NumberedHashes hashes_;
    Request request_;
};

TEST_F(Challenged, SlotsThatNobodyHasFilledHaveAChallenge) {
    const Challenge made = challenge();
    EXPECT_EQ(made.slot_id, slot_id(request_.id(), 1));
    EXPECT_EQ(made.slot, 1U);
    EXPECT_EQ(made.period, 8333U);
    EXPECT_EQ(made.period_end, 8334U * 120);
    EXPECT_FALSE(made.required || made.will_be_required);
    EXPECT_EQ(made.public_signals, proof_inputs(made.challenge, request_.merkle_root, 1));
}

TEST_F(Challenged, WhetherAProofIsOwedIsSaid) {
    send(calls::reserve_slot(request_.id(), 1));
    Proof proof;
    proof.words[0] = 1;
    send(calls::fill_slot(request_.id(), 1, proof));
    EXPECT_FALSE(challenge().required) << "the period in which it was filled";
    chain_.time += 120;
    unsigned required = 0;
    for (int i = 0; i < 256; ++i, ++chain_.block) {
        const Challenge made = challenge();
        EXPECT_EQ(made.will_be_required, made.pointer < 64);
        EXPECT_EQ(made.required, made.pointer >= 64);
        required += made.required ? 1 : 0;
    }
    EXPECT_EQ(required, 192U);
}

TEST_F(Challenged, AProofThatCannotBeCountedIsNotAskedFor) {
    request_.ask.proof_probability = UInt256::max();
    send(calls::request_storage(request_));
    send(calls::reserve_slot(request_.id(), 1));
    Proof proof;
    proof.words[0] = 1;
    send(calls::fill_slot(request_.id(), 1, proof));
    chain_.time += 120;
    const auto required = questions::is_proof_required(slot_id(request_.id(), 1));
    EXPECT_FALSE(ask(chain_.contracts(), chain_.state(), {chain_.block, chain_.time, hashes_}, {},
                     required));
    EXPECT_FALSE(challenge().required || challenge().will_be_required);
}

TEST_F(Challenged, TheDocumentIsAJob) {
    const Challenge made = challenge();
    const Json json = Json::parse(challenge_to_json(made));
    EXPECT_EQ(json["id"], "0x" + to_hex(made.slot_id));
    EXPECT_EQ(json["cid"].get<std::string>().substr(0, 4), "zDvZ");
    EXPECT_EQ(json["slot"], 1);
    EXPECT_EQ(json["challenge"], "0x" + to_hex(made.challenge));
    EXPECT_EQ(json["entropy"], made.public_signals[0].text());
    EXPECT_EQ(json["periodEnd"], 8334 * 120);
    EXPECT_EQ(json["publicSignals"].size(), 3U);
    EXPECT_EQ(json["publicSignals"][2], "1");
    EXPECT_EQ(json["required"], false);
    EXPECT_EQ(json.size(), 11U);
}

TEST_F(Challenged, SignalsOfAnotherChallengeAreNamed) {
    const Challenge made = challenge();
    snark::Statement statement;
    const auto set = [&](std::size_t i, const UInt256& number) {
        auto bytes = number.bytes();
        std::ranges::reverse(bytes);
        statement.inputs[i] = *crypto::Fr::from_bytes(bytes);
    };
    EXPECT_THAT(must_fail(check_signals(made, statement)).text(), HasSubstr("0 public signals"));
    statement.inputs.resize(3);
    for (std::size_t i = 0; i < 3; ++i)
        set(i, made.public_signals[i]);
    must(check_signals(made, statement));
    const std::array<const char*, 3> names = {"another challenge", "another root", "another slot"};
    for (std::size_t i = 0; i < 3; ++i) {
        set(i, 77);
        const Error error = must_fail(check_signals(made, statement));
        EXPECT_EQ(error.code(), Errc::proof_invalid);
        EXPECT_THAT(error.text(), HasSubstr(names[i]));
        ASSERT_EQ(error.remedies().size(), 1U);
        EXPECT_EQ(error.remedies()[0].object(), "0x" + to_hex(made.slot_id));
        set(i, made.public_signals[i]);
    }
}

TEST(ProofAnswers, AreReadAndTheirMembersNamed) {
    snark::Statement statement;
    statement.inputs.resize(3);
    const std::string id = "0x" + std::string(64, 'a');
    std::string line = snark::statement_to_json(statement);
    line.insert(1, "\"id\":\"" + id + "\",");
    EXPECT_EQ(must(proof_answer_from_json(line)).statement, statement);
    EXPECT_EQ(must(proof_answer_from_json(line)).slot_id, word_of(id));
    for (const auto& [text, named] : std::initializer_list<std::pair<std::string, std::string>>{
             {"", "no JSON object"},
             {"[]", "no JSON object"},
             {"{}", "\"id\" is missing"},
             {R"({"id":7})", "\"id\""},
             {R"({"id":"0xab"})", "\"id\" has 1 bytes"},
             {R"({"id":"zz"})", "\"id\""},
             {R"({"id":")" + id + R"("})", "proof"},
             {R"({"id":")" + id + R"(","publicSignals":["1"]})", "proof"}})
        EXPECT_THAT(must_fail(proof_answer_from_json(text)).text(), HasSubstr(named)) << text;
    const Error error =
        must_fail(proof_answer_from_json(R"({"id":")" + id + R"(","error":{"message":"lost"}})"));
    EXPECT_EQ(error.code(), Errc::proof_invalid);
    EXPECT_THAT(error.text(), HasSubstr("aaaa: lost"));
}

} // namespace
} // namespace codex::market

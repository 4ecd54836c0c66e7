#include "proof/documents.hpp"

#include "must.hpp"
#include "vectors.hpp"

#include <nlohmann/json.hpp>

namespace codex::proof {
namespace {

using test::must;
using test::must_fail;

constexpr std::string_view kCid = "zDvZRwzkvmgWzSgotGJSsx5aQFPkFVpwZgcBo4Sdi8t1yPftrs32";

/// `levels` arrays inside each other.
std::string nested(std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
}

std::string job(std::string_view id, std::string_view rest = R"("slot":3,"entropy":"7")") {
    return fmt::format(R"({{"id":{},"cid":"{}",{}}})", id, kCid, rest);
}

TEST(Documents, StatementsSurviveARoundTrip) {
    const test::Json all = test::load_vectors("proofs.json");
    const test::Json& sample = all.at("groth16_verify");
    const Groth16Proof proof = must(proof_from_json(sample.at("proof").dump()));
    const std::vector<Fr> inputs = {Fr::from_u64(7), Fr::from_u64(0), Fr::from_u64(3)};
    const std::string line = statement_to_json(proof, inputs);
    EXPECT_EQ(line.find_first_of(" \n"), std::string::npos);
    const BatchItem again = must(statement_from_json(line));
    EXPECT_EQ(again.proof, proof);
    EXPECT_EQ(again.inputs, inputs);
    EXPECT_EQ(must_fail(statement_from_json(R"({"proof":{}})")).code(), Errc::malformed);
    EXPECT_EQ(must_fail(statement_from_json("[]")).code(), Errc::json_invalid);
}

TEST(Documents, JobsAreReadAndBadOnesKeepTheirId) {
    const ProofJob read = must(job_from_json(job("\"a\"")));
    EXPECT_EQ(read.dataset, must(Cid::from_text(kCid)));
    EXPECT_EQ(read.slot, 3U);
    EXPECT_EQ(read.entropy, Fr::from_u64(7));
    for (const char* rest : {R"("slot":-1,"entropy":"7")", R"("entropy":"7")", R"("slot":3)",
                             R"("slot":3,"entropy":"7","challenge":"0x00")",
                             R"("slot":3,"entropy":7)", R"("slot":3,"challenge":"0x00")"})
        EXPECT_FALSE(job_from_json(job("1", rest))) << rest;
    EXPECT_EQ(job_id_from_json(job(R"({"b": [1, null]})", R"("slot":-1)")), R"({"b":[1,null]})");
    EXPECT_EQ(job_id_from_json("{}"), "null");
    EXPECT_EQ(job_id_from_json("no job"), "null");
}

TEST(Documents, AFailureIsOneLineOfJson) {
    const std::string text = failure_to_json(Error(Errc::usage, "a \"b\"\nc").hint("see \xff"));
    EXPECT_EQ(text.find('\n'), std::string::npos);
    const auto json = nlohmann::json::parse(text);
    EXPECT_EQ(json.at("error").at("code"), "usage");
    EXPECT_EQ(json.at("error").at("message"), "a \"b\"\nc");
    EXPECT_EQ(nlohmann::json::parse(failure_to_json(Errc::io)).at("error").count("hint"), 0U);
}

// A library that copies or writes documents by recursion runs out of stack on these.
TEST(Documents, DeeplyNestedJsonIsRefusedWithoutRecursion) {
    const std::string deep = nested(kMaxJobBytes / 2 - 200);
    EXPECT_EQ(must_fail(job_from_json(job(deep))).code(), Errc::malformed);
    EXPECT_EQ(job_id_from_json(job(deep)), "null");
    const std::string deeper = nested(500000);
    const std::string whole = R"({"proof":)" + deeper + R"(,"publicSignals":[]})";
    EXPECT_EQ(must_fail(statement_from_json(whole)).code(), Errc::malformed);
    EXPECT_EQ(must_fail(proof_from_json(whole)).code(), Errc::malformed);
    EXPECT_EQ(must_fail(inputs_from_json(deeper)).code(), Errc::malformed);
    const test::Json all = test::load_vectors("proofs.json");
    std::string key = all.at("groth16_tiny").at("verification_key").dump();
    key.insert(key.find("\"IC\":[") + 6, deeper + ",");
    EXPECT_EQ(must_fail(verifying_key_from_json(key)).code(), Errc::malformed);
}

} // namespace
} // namespace codex::proof

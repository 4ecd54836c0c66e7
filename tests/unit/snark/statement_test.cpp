#include "must.hpp"
#include "snark/groth16.hpp"
#include "vectors.hpp"

namespace codex::snark {
namespace {

using test::must;
using test::must_fail;

TEST(Statement, SurvivesARoundTrip) {
    const test::Json& all = test::proofs();
    const test::Json& sample = all.at("groth16_verify");
    const Statement statement = {{Fr::from_u64(7), Fr::from_u64(0), Fr::from_u64(3)},
                                 must(proof_from_json(sample.at("proof").dump()))};
    const std::string line = statement_to_json(statement);
    EXPECT_EQ(line.find_first_of(" \n"), std::string::npos);
    EXPECT_EQ(must(statement_from_json(line)), statement);
    EXPECT_EQ(must_fail(statement_from_json(R"({"proof":{}})")).code(), Errc::malformed);
    EXPECT_EQ(must_fail(statement_from_json("[]")).code(), Errc::json_invalid);
}

// A library that copies or writes documents by recursion runs out of stack on these.
TEST(Statement, ProofsAreWrittenAsSnarkjsWritesThem) {
    const Groth16Proof proof = {G1::infinity(), G2::infinity(), crypto::g1_generator()};
    EXPECT_EQ(proof_to_json(proof), R"({
 "pi_a": [
  "0",
  "1",
  "0"
 ],
 "pi_b": [
  [
   "0",
   "0"
  ],
  [
   "1",
   "0"
  ],
  [
   "0",
   "0"
  ]
 ],
 "pi_c": [
  "1",
  "2",
  "1"
 ],
 "protocol": "groth16",
 "curve": "bn128"
})");
    EXPECT_EQ(inputs_to_json({}), "[]");
    EXPECT_EQ(statement_to_json({{Fr::from_u64(7)}, proof}),
              R"({"proof":{"pi_a":["0","1","0"],"pi_b":[["0","0"],["1","0"],["0","0"]],)"
              R"("pi_c":["1","2","1"],"protocol":"groth16","curve":"bn128"},)"
              R"("publicSignals":["7"]})");
}

TEST(Statement, DeeplyNestedJsonIsRefusedWithoutRecursion) {
    const std::string deeper = std::string(500000, '[') + std::string(500000, ']');
    const std::string whole = R"({"proof":)" + deeper + R"(,"publicSignals":[]})";
    EXPECT_EQ(must_fail(statement_from_json(whole)).code(), Errc::malformed);
    EXPECT_EQ(must_fail(proof_from_json(whole)).code(), Errc::malformed);
    EXPECT_EQ(must_fail(inputs_from_json(deeper)).code(), Errc::malformed);
    const test::Json& all = test::proofs();
    std::string key = all.at("groth16_tiny").at("verification_key").dump();
    key.insert(key.find("\"IC\":[") + 6, deeper + ",");
    EXPECT_EQ(must_fail(verifying_key_from_json(key)).code(), Errc::malformed);
}

} // namespace
} // namespace codex::snark

// input.json: the reference's bytes, and refusals.
#include "base/hex.hpp"
#include "check_input.hpp"
#include "crypto/hash/sha256.hpp"
#include "fixture.hpp"

#include <gmock/gmock.h>

namespace codex::proof {
namespace {

using test::fake_input;
using test::FakeDataset;
using test::kSmall;
using test::must;
using test::must_fail;
using testing::HasSubstr;

ProofInput small_input() {
    FakeDataset data;
    data.slots = 5;
    data.slot_index = 4;
    data.cells = 16;
    data.cell_bytes = 127;
    return fake_input(kSmall, data);
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    const std::size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), by);
}

TEST(InputJson, IsTheReferenceFixtureByteForByte) {
    const std::string text = write_input_json({}, fake_input({}, {}));
    EXPECT_EQ(text.size(), 34543U);
    const Digest sha256 = crypto::sha256(as_bytes(text));
    EXPECT_EQ(to_hex(sha256), "ed2d56092777e8263f599d4b4146826a3a7d60195ea63aaa8f684e7ff7082854");
}

TEST(InputJson, WhatWasReadIsWrittenAgain) {
    const std::string text = write_input_json(kSmall, small_input());
    const ProofInput read = must(read_input_json(kSmall, text));
    EXPECT_EQ(write_input_json(kSmall, read), text);
    EXPECT_EQ(must(compute_witness(kSmall, read)), must(compute_witness(kSmall, small_input())));
    must(test::check_input(kSmall, read));
}

TEST(InputJson, TakesOtherSpacingOrderAndNumbersAsStrings) {
    const std::string text = write_input_json(kSmall, small_input());
    std::string other = replaced(text, "\"nCellsPerSlot\":    16", "\"nCellsPerSlot\":\"16\"");
    std::erase(other, '\n');
    std::erase(other, ' ');
    EXPECT_EQ(must(read_input_json(kSmall, other)), must(read_input_json(kSmall, text)));
    std::string moved = replaced(text, ", \"slotIndex\":        4\n", "");
    moved = replaced(moved, "{\n", "{ \"slotIndex\": 4,\n");
    EXPECT_EQ(must(read_input_json(kSmall, moved)), must(read_input_json(kSmall, text)));
}

TEST(InputJson, RefusesWhatIsNotTheCircuitsInput) {
    const std::string text = write_input_json(kSmall, small_input());
    const auto refusal = [&](std::string_view what, std::string_view by) {
        return must_fail(read_input_json(kSmall, replaced(text, what, by))).text();
    };
    EXPECT_THAT(refusal("entropy", "entropie"), HasSubstr("unknown key \"entropie\""));
    EXPECT_THAT(refusal(", \"entropy\":          \"1234567\"\n", ""),
                HasSubstr("entropy is missing"));
    EXPECT_THAT(refusal("slotRoot", "entropy"), HasSubstr("entropy occurs twice"));
    EXPECT_THAT(refusal("\"1234567\"", "\"12x\""), HasSubstr("entropy"));
    EXPECT_THAT(refusal("\"1234567\"", "-1"), HasSubstr("expected a number or a string"));
    EXPECT_THAT(refusal("\"1234567\"", "1.5"), HasSubstr("expected ','"));
    EXPECT_THAT(refusal("\"1234567\"", "null"), HasSubstr("expected a number or a string"));
    EXPECT_THAT(refusal("\"1234567\"",
                        "\"2188824287183927522224640574525727508854836440041603434369"
                        "8204186575808495617\""),
                HasSubstr("entropy"));
    EXPECT_THAT(refusal(" 16\n", " 99999999999999999999\n"), HasSubstr("nCellsPerSlot"));
    EXPECT_THAT(refusal("}\n", "} {"), HasSubstr("expected the end"));
    EXPECT_THAT(refusal("\"slotProof\":\n    [ ", "\"slotProof\":\n    [ 1, "),
                HasSubstr("slotProof: more than 3 values"));
    EXPECT_THAT(refusal("\"cellData\":\n    [ [ ", "\"cellData\":\n    [ [ 1, "),
                HasSubstr("cellData[0]: more than 5 values"));
    EXPECT_THAT(refusal("\"cellData\":\n    [ ", "\"cellData\":\n    [ [], "),
                HasSubstr("cellData: more than 2 rows"));
    EXPECT_THAT(must_fail(read_input_json({8, 3, 2, 6, 2}, text)).text(),
                HasSubstr("cellData[0]: 5 values, a cell has 6"));
    EXPECT_THAT(must_fail(read_input_json({8, 3, 2, 5, 3}, text)).text(),
                HasSubstr("cellData: 2 rows for 3 samples"));
    EXPECT_EQ(must_fail(read_input_json(kSmall, std::string(1000, '['))).code(),
              Errc::json_invalid);
    for (std::size_t size = 0; size < text.size() - 2; size += 97)
        EXPECT_FALSE(read_input_json(kSmall, text.substr(0, size))) << size;
    EXPECT_EQ(
        must_fail(read_input_json(kSmall, std::string((std::size_t{64} << 20) + 1, ' '))).code(),
        Errc::limit_exceeded);
}

} // namespace
} // namespace codex::proof

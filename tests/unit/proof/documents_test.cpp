#include "proof/documents.hpp"

#include "must.hpp"

#include <gtest/gtest.h>
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

TEST(Documents, JobsAreReadAndBadOnesKeepTheirId) {
    const ProofJob read = must(job_from_json(job("\"a\"")));
    EXPECT_EQ(read.dataset, must(Cid::from_text(kCid)));
    EXPECT_EQ(read.slot, 3U);
    EXPECT_EQ(read.entropy, crypto::Fr::from_u64(7));
    for (const char* rest : {R"("slot":-1,"entropy":"7")", R"("entropy":"7")", R"("slot":3)",
                             R"("slot":3,"entropy":"7","challenge":"0x00")",
                             R"("slot":3,"entropy":7)", R"("slot":3,"challenge":"0x00")"})
        EXPECT_FALSE(job_from_json(job("1", rest))) << rest;
    EXPECT_EQ(job_id_from_json(job(R"({"b": [1, null]})", R"("slot":-1)")), R"({"b":[1,null]})");
    // Nothing that steers a terminal comes back as it was; letters do.
    EXPECT_EQ(
        job_id_from_json(job("{\"\xc2\x9bk\": [\"\xc2\x85\xc3\xa4\", \"\\u202e\", true, 1.5, {}]}",
                             R"("slot":-1)")),
        "{\"\\u009bk\":[\"\\u0085\xc3\xa4\",\"\\u202e\",true,1.5,{}]}");
    EXPECT_EQ(job_id_from_json("{}"), "null");
    EXPECT_EQ(job_id_from_json("no job"), "null");
}

TEST(Documents, AJobMayHaveBothOfWhatIsTheSame) {
    const std::string challenge = "0x07" + std::string(62, '0');
    const auto both = [&](std::string_view entropy) {
        return job("1", fmt::format(R"("slot":3,"challenge":"{}","entropy":"{}","period":1)",
                                    challenge, entropy));
    };
    EXPECT_EQ(must(job_from_json(both("7"))).entropy, crypto::Fr::from_u64(7));
    EXPECT_EQ(must_fail(job_from_json(both("8"))).text(),
              "proof job: \"entropy\" is not that of the \"challenge\"");
}

// A library that copies or writes documents by recursion runs out of stack on these.
TEST(Documents, DeeplyNestedJsonIsRefusedWithoutRecursion) {
    const std::string deep = nested(kMaxJobBytes / 2 - 200);
    EXPECT_EQ(must_fail(job_from_json(job(deep))).code(), Errc::malformed);
    EXPECT_EQ(job_id_from_json(job(deep)), "null");
}

} // namespace
} // namespace codex::proof

#include "crypto/hash/blake2b.hpp"

#include "base/hex.hpp"
#include "failing_openssl.hpp"

namespace codex::crypto {
namespace {

TEST(Blake2b, AnswersOfTheRfc) {
    // RFC 7693, appendix A.
    EXPECT_EQ(to_hex(blake2b(as_bytes("abc"))),
              "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
              "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
}

TEST(Blake2b, DigestsOnTheWayAreThoseOfTheParts) {
    const std::string text(1000, 'x');
    Blake2b hash;
    EXPECT_EQ(hash.digest(), blake2b({}));
    for (std::size_t at = 0; at < text.size(); at += 100) {
        hash.update(as_bytes(std::string_view(text).substr(at, 100)));
        EXPECT_EQ(hash.digest(), blake2b(as_bytes(std::string_view(text).substr(0, at + 100))));
    }
    Blake2b moved = std::move(hash);
    EXPECT_EQ(moved.digest(), blake2b(as_bytes(text)));
}

TEST(Blake2b, WithoutMemoryIsAnErrorAndTheNextIsRight) {
    const std::function<Bytes()> job = [] {
        Blake2b hash;
        hash.update(as_bytes("abc"));
        const Blake2bDigest digest = hash.digest();
        return Bytes(digest.begin(), digest.end());
    };
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(codex::test::refuse_each(job), testing::ExitedWithCode(0), "all is well");
}

} // namespace
} // namespace codex::crypto

#include "crypto/hash/keccak256.hpp"

#include "base/hex.hpp"
#include "crypto/hash/detail/keccak.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

namespace codex::crypto {
namespace {

TEST(Keccak256, KnownAnswers) {
    EXPECT_EQ(to_hex(keccak256({})),
              "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    EXPECT_EQ(to_hex(keccak256(as_bytes("abc"))),
              "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
}

TEST(Keccak256, IsSha3ButForItsPadding) {
    // Every length around the borders of the pieces that are taken at once.
    Bytes message;
    for (std::size_t size = 0; size < 3 * 136 + 2; ++size) {
        Digest expected;
        unsigned written = 0;
        ASSERT_EQ(EVP_Digest(message.data(), message.size(), expected.data(), &written,
                             EVP_sha3_256(), nullptr),
                  1);
        EXPECT_EQ(detail::keccak_sponge(message, 0x06), expected) << size;
        EXPECT_NE(keccak256(message), expected) << size;
        message.push_back(static_cast<std::uint8_t>(7 * size + 1));
    }
}

} // namespace
} // namespace codex::crypto

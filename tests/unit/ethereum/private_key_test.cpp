#include "ethereum/private_key.hpp"

#include "marketplace.hpp"
#include "must.hpp"

#include <gtest/gtest.h>

namespace codex::ethereum {
namespace {

using test::must;
using test::must_fail;
using test::unhex;

TEST(Address, IsThatOfTheKey) {
    for (const auto& account : test::marketplace()["accounts"]) {
        const auto key = must(PrivateKey::from_scalar(unhex(account["privateKey"])));
        EXPECT_EQ(key.address().text(), account["address"].get<std::string>());
        const Bytes point = unhex(account["publicKey"]);
        EXPECT_EQ(Address::of_point(std::span(point).subspan<1, 64>()), key.address());
    }
}

TEST(Address, IsReadWithItsChecksum) {
    for (const auto& account : test::marketplace()["accounts"]) {
        const auto text = account["address"].get<std::string>();
        const auto address = must(Address::from_text(text));
        EXPECT_EQ(address.text(), text);
        EXPECT_EQ(must(Address::from_text(text.substr(2))), address);
        EXPECT_EQ(must(Address::from_text("0x" + to_hex(address.bytes))), address);
        std::string capitals = text;
        for (std::size_t i = 2; i < text.size(); ++i)
            capitals[i] = static_cast<char>(std::toupper(capitals[i]));
        EXPECT_EQ(must(Address::from_text(capitals)), address);
        // Another case of any letter.
        for (std::size_t i = 2; i < text.size(); ++i) {
            if (text[i] <= '9')
                continue;
            std::string wrong = text;
            wrong[i] = static_cast<char>(wrong[i] ^ 0x20);
            const Error error = must_fail(Address::from_text(wrong));
            EXPECT_EQ(error.code(), Errc::address_invalid) << wrong;
            EXPECT_TRUE(error.hint().starts_with("a character of it was mistyped")) << wrong;
        }
    }
}

TEST(Address, RefusesWhatIsNone) {
    const std::string good(40, '0');
    for (const std::string& text :
         {std::string(), std::string("0x"), good.substr(1), good + "0", "0x" + good.substr(2),
          "0X" + good, "0x0x" + good.substr(4), std::string(39, '0') + "g", " " + good.substr(1)})
        EXPECT_EQ(must_fail(Address::from_text(text)).code(), Errc::address_invalid) << text;
}

TEST(PrivateKey, SignsWhatRecoversItsAddress) {
    SeededRandom random(7);
    for (const auto& account : test::marketplace()["accounts"]) {
        const auto key = must(PrivateKey::from_scalar(unhex(account["privateKey"])));
        for (int i = 0; i < 8; ++i) {
            Digest digest{};
            must(random.fill(digest));
            const Signature signature = key.sign(digest);
            EXPECT_EQ(must(recover(digest, signature)), key.address());
            EXPECT_EQ(key.sign(digest), signature);
            EXPECT_EQ(Signature::from_bytes(signature.bytes()), signature);
            digest[0] ^= 1;
            const auto another = recover(digest, signature);
            EXPECT_TRUE(!another || *another != key.address());
        }
    }
}

TEST(PrivateKey, IsNotMadeOfEveryNumber) {
    const Bytes order = unhex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    Bytes below = order;
    below.back() -= 1;
    must(PrivateKey::from_scalar(below));
    for (const Bytes& scalar : {order, Bytes(32, 0), Bytes(32, 0xff), Bytes(31, 1), Bytes(33, 1)})
        EXPECT_EQ(must_fail(PrivateKey::from_scalar(scalar)).code(), Errc::key_file_invalid);
    EXPECT_NE(must(PrivateKey::generate(Random::system())).address(),
              must(PrivateKey::generate(Random::system())).address());
}

TEST(Recover, RefusesWhatNobodyHasSigned) {
    const auto key = must(PrivateKey::from_scalar(Bytes(32, 1)));
    const Digest digest{5};
    const Signature good = key.sign(digest);
    const auto refused = [&](Signature signature) {
        return must_fail(recover(digest, signature)).code() == Errc::signature_invalid;
    };
    Signature bad = good;
    bad.parity = 2;
    EXPECT_TRUE(refused(bad));
    bad = good;
    bad.r.fill(0);
    EXPECT_TRUE(refused(bad));
    bad.r.fill(0xff);
    EXPECT_TRUE(refused(bad));
    bad = good;
    bad.s.fill(0);
    EXPECT_TRUE(refused(bad));
    // The other s of the same signature: the order less this one (EIP-2).
    bad = good;
    const Bytes order = unhex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    int borrow = 0;
    for (std::size_t i = 32; i-- > 0;) {
        const int digit = order[i] - good.s[i] - borrow;
        borrow = digit < 0 ? 1 : 0;
        bad.s[i] = static_cast<std::uint8_t>(digit);
    }
    bad.parity ^= 1;
    EXPECT_TRUE(refused(bad));
}

} // namespace
} // namespace codex::ethereum

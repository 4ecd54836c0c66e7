// Keys that other programs have encrypted.
#include "ethereum/keystore.hpp"

#include "must.hpp"
#include "vectors.hpp"

#include <gmock/gmock.h>

namespace codex::ethereum {
namespace {

using test::Json;
using test::must;
using test::must_fail;
using testing::HasSubstr;

SecretBytes password(std::string_view text = "testpassword") {
    return {text.begin(), text.end()};
}

/// Of the text that defines them (Web3 Secret Storage, ethereum.org).
constexpr std::string_view kPbkdf2 = R"({"crypto":{"cipher":"aes-128-ctr",
  "cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},
  "ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
  "kdf":"pbkdf2","kdfparams":{"c":262144,"dklen":32,"prf":"hmac-sha256",
  "salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},
  "mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},
  "id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3})";
/// As ethers 6.16 writes it.
constexpr std::string_view kScrypt = R"({"address":"008aeeda4d805471df9b2a5b0f38a0c3bcba786b",
  "id":"89991e38-06c5-4c74-b322-aafb3c6c7bb4","version":3,"Crypto":{"cipher":"aes-128-ctr",
  "cipherparams":{"iv":"83dbcc02d8ccb40e466191a123791e0e"},
  "ciphertext":"3b4309355ad643f2b15cfb6a83a7f6f328e7a6459a56ab8c6e25a89c8f43eb80","kdf":"scrypt",
  "kdfparams":{"salt":"ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19",
  "n":4096,"dklen":32,"p":1,"r":8},
  "mac":"994d83f6bfb7e6e3aa95980f72b6ad87db9d352789d0f2e433cf777425db3a42"}})";
const std::string kSecret = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";
const std::string kAccount = "008aeeda4d805471df9b2a5b0f38a0c3bcba786b";

TEST(Keystore, OpensThoseOfItsDefinitionAndOfOthers) {
    for (const std::string_view json : {kPbkdf2, kScrypt}) {
        const PrivateKey key = must(open_keystore(json, password()));
        EXPECT_EQ(to_hex(key.scalar()), kSecret);
        EXPECT_EQ(to_hex(key.address().bytes), kAccount);
    }
}

Error refused(const Json& json) {
    return must_fail(open_keystore(json.dump(), password()));
}

TEST(Keystore, AnotherPasswordIsNoKey) {
    Json json = Json::parse(kPbkdf2);
    json["crypto"]["kdfparams"]["c"] = 1;
    const Error error = refused(json);
    EXPECT_EQ(error.code(), Errc::key_file_invalid);
    EXPECT_EQ(error.text(), "keystore: the password does not open this keystore");
    EXPECT_TRUE(error.has_way_out());
}

TEST(Keystore, TheAddressIsThatOfTheKey) {
    Json json = Json::parse(kPbkdf2);
    json["address"] = kAccount;
    (void)must(open_keystore(json.dump(), password()));
    json["address"] = "0x" + std::string(40, '1');
    EXPECT_THAT(refused(json).text(), HasSubstr("\"address\" is another one"));
}

struct Wrong {
    std::string pointer;
    Json value; ///< nothing: it is left out
    Errc code;
    std::string named;
};

TEST(Keystore, WrongMembersAreNamed) {
    for (const Wrong& wrong : {
             Wrong{"/version", 1, Errc::unsupported, "version 1"},
             Wrong{"/version", Json(), Errc::malformed, "version"},
             Wrong{"/crypto", Json(), Errc::malformed, "crypto"},
             Wrong{"/crypto", "a", Errc::malformed, "crypto"},
             Wrong{"/crypto/cipher", "aes-256-ctr", Errc::unsupported, "cipher"},
             Wrong{"/crypto/cipherparams/iv", "00", Errc::malformed, "iv"},
             Wrong{"/crypto/cipherparams/iv", "0", Errc::hex_invalid, "iv"},
             Wrong{"/crypto/ciphertext", std::string(62, '0'), Errc::malformed, "ciphertext"},
             Wrong{"/crypto/mac", "00", Errc::malformed, "mac"},
             Wrong{"/crypto/kdf", "argon2", Errc::unsupported, "argon2"},
             Wrong{"/crypto/kdfparams/dklen", 31, Errc::malformed, "dklen"},
             Wrong{"/crypto/kdfparams/dklen", 257, Errc::limit_exceeded, "dklen"},
             Wrong{"/crypto/kdfparams/salt", std::string(514, '0'), Errc::limit_exceeded, "salt"},
             Wrong{"/crypto/kdfparams/prf", "hmac-sha512", Errc::unsupported, "prf"},
             Wrong{"/crypto/kdfparams/c", 0, Errc::malformed, "\"c\""},
             Wrong{"/crypto/kdfparams/c", 10000001, Errc::limit_exceeded, "\"c\""},
             Wrong{"/crypto/kdfparams/c", "1", Errc::malformed, "\"c\""},
         }) {
        Json json = Json::parse(kPbkdf2);
        const Json::json_pointer pointer(wrong.pointer);
        if (wrong.value.is_null())
            json.erase(wrong.pointer.substr(1));
        else
            json[pointer] = wrong.value;
        const Error error = refused(json);
        EXPECT_EQ(error.code(), wrong.code) << wrong.pointer << ": " << error.text();
        EXPECT_THAT(error.text(), HasSubstr(wrong.named));
    }
}

TEST(Keystore, WhatScryptIsAskedForIsBounded) {
    const auto with = [](const Json& n, const Json& r, const Json& p) {
        Json json = Json::parse(kScrypt);
        json["Crypto"]["kdfparams"]["n"] = n;
        json["Crypto"]["kdfparams"]["r"] = r;
        json["Crypto"]["kdfparams"]["p"] = p;
        return refused(json).code();
    };
    EXPECT_EQ(with(2, 1, 1), Errc::key_file_invalid) << "it is computed, and is another one";
    EXPECT_EQ(with(1ULL << 15, 1, 1), Errc::key_file_invalid);
    EXPECT_EQ(with(1ULL << 16, 1, 1), Errc::unsupported);
    EXPECT_EQ(with(1, 1, 1), Errc::malformed);
    EXPECT_EQ(with(3, 1, 1), Errc::malformed);
    EXPECT_EQ(with(2, 0, 1), Errc::malformed);
    EXPECT_EQ(with(2, 1, 0), Errc::malformed);
    EXPECT_EQ(with(2, 1, 65), Errc::limit_exceeded);
    EXPECT_EQ(with(1ULL << 23, 1, 1), Errc::limit_exceeded);
    EXPECT_EQ(with(1ULL << 63, 1ULL << 63, 1), Errc::limit_exceeded);
    EXPECT_EQ(with(2, 1ULL << 22, 1), Errc::limit_exceeded);
}

TEST(Keystore, WhatIsNoDocumentIsRefused) {
    for (const std::string& text :
         {std::string(), std::string("{"), std::string("[]"), std::string(10000, '[')})
        EXPECT_EQ(must_fail(open_keystore(text, password())).code(), Errc::json_invalid);
    EXPECT_EQ(must_fail(open_keystore(std::string(20000, ' '), password())).code(),
              Errc::limit_exceeded);
}

} // namespace
} // namespace codex::ethereum

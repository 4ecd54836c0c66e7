// The file with an account's key: what may be in it, and who may use it.
#include "ethereum/key_file.hpp"

#include "base/fd.hpp"
#include "marketplace.hpp"
#include "must.hpp"
#include "temporary_folder.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

namespace codex::ethereum {
namespace {

using test::must;
using test::must_fail;
using test::TemporaryFolder;
using testing::HasSubstr;
using testing::Not;

/// A key, and the same as digits.
const std::string kDigits = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

std::string file_with(const TemporaryFolder& folder, std::string_view content,
                      unsigned mode = 0600) {
    std::string path = folder.file("key");
    must(write_file_atomic(path, as_bytes(content), mode));
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
}

TEST(AccountKeyFile, HoldsTheKeysOfTheVectors) {
    const TemporaryFolder folder;
    for (const auto& account : test::marketplace()["accounts"]) {
        const auto text = account["privateKey"].get<std::string>();
        for (const std::string& content : {text, text.substr(2), text + "\n", text + " \t\r\n\n"})
            EXPECT_EQ(must(read_key_file(file_with(folder, content))).address().text(),
                      account["address"].get<std::string>());
    }
}

TEST(AccountKeyFile, IsMadeForItsOwnerAloneAndNeverReplaced) {
    const TemporaryFolder folder;
    const std::string path = folder.file("key");
    SecretRandom& random = Random::system();
    const ::mode_t before = ::umask(0);
    const PrivateKey made = must(make_key_file(path, random));
    ::umask(before);
    struct stat file{};
    ASSERT_EQ(::stat(path.c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 07777U, 0600U);
    EXPECT_EQ(file.st_size, 65);
    EXPECT_EQ(must(read_key_file(path)).address(), made.address());
    EXPECT_EQ(must_fail(make_key_file(path, random)).code(), Errc::exists);
    EXPECT_EQ(must(read_key_file(path)).address(), made.address());
    EXPECT_EQ(folder.entries(), 1U);
    EXPECT_EQ(must_fail(make_key_file(folder.file("no/key"), random)).code(), Errc::cannot_create);
}

TEST(AccountKeyFile, IsNotTakenWhenOthersMayUseIt) {
    const TemporaryFolder folder;
    for (const unsigned mode : {0640U, 0604U, 0620U, 0700U, 0666U}) {
        const Error error = must_fail(read_key_file(file_with(folder, kDigits, mode)));
        EXPECT_EQ(error.code(), Errc::permission) << mode;
        EXPECT_THAT(error.hint(), HasSubstr(": chmod 600 "));
    }
    EXPECT_EQ(must_fail(read_key_file(file_with(folder, "no key", 0644))).code(),
              Errc::key_file_invalid)
        << "nobody is told to restrict what is no key";
    EXPECT_EQ(must_fail(read_key_file(folder.path())).code(), Errc::key_file_invalid);
    EXPECT_EQ(must_fail(read_key_file(folder.file("none"))).code(), Errc::not_found);
}

TEST(AccountKeyFile, WhatIsNoKeyIsNotTakenAndNotTold) {
    const TemporaryFolder folder;
    std::string other = kDigits;
    other[40] = 'g';
    for (const std::string& content :
         {std::string(), kDigits.substr(1), kDigits + "0", "0x" + kDigits.substr(2), " " + kDigits,
          kDigits + "\n0", other, std::string(64, '0'), std::string(64, 'f'),
          std::string(5000, '1'), kDigits + std::string(100, ' ')}) {
        const Error error = must_fail(read_key_file(file_with(folder, content)));
        EXPECT_EQ(error.code(), Errc::key_file_invalid) << content;
        EXPECT_THAT(error.text() + std::string(error.hint()), Not(HasSubstr(kDigits.substr(8, 8))));
    }
}

} // namespace
} // namespace codex::ethereum

// The file with a node's key: who may read it, what may be in it, and that it is never lost.
#include "net/identity/key_file.hpp"

#include "base/fd.hpp"
#include "network_vectors.hpp"
#include "temporary_folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace codex::net {
namespace {

using test::must;
using test::must_fail;
using test::TemporaryFolder;
using test::unhex;
using testing::HasSubstr;

unsigned mode_at(const std::string& path) {
    struct stat file{};
    if (::stat(path.c_str(), &file) != 0)
        throw std::runtime_error("no " + path);
    return file.st_mode & 07777;
}

std::string key_file(const TemporaryFolder& folder, BytesView content, unsigned mode = 0600) {
    std::string path = folder.file("key");
    must(write_file_atomic(path, content, mode));
    if (::chmod(path.c_str(), mode) != 0)
        throw std::runtime_error("chmod " + path);
    return path;
}

TEST(KeyFile, HoldsTheKeyOfTheVectors) {
    const TemporaryFolder folder;
    for (const auto& vector : network()["identity"]["vectors"]) {
        const SecretKey key = must(read_key_file(key_file(folder, unhex(vector["key_file"]))));
        EXPECT_TRUE(equal(key.public_key().data(), unhex(vector["public_key_compressed"])));
    }
}

TEST(KeyFile, IsMadeForItsOwnerAloneAndNeverReplaced) {
    const TemporaryFolder folder;
    const std::string path = folder.file("key");
    SeededSecrets random(1);
    const ::mode_t before = ::umask(0);
    const SecretKey made = must(make_key_file(path, random));
    ::umask(before);
    EXPECT_EQ(mode_at(path), 0600u);
    EXPECT_EQ(must(read_file(path, 100)).size(), 36u);
    EXPECT_EQ(folder.entries(), 1u);
    EXPECT_EQ(must(read_key_file(path)).public_key(), made.public_key());
    EXPECT_EQ(must_fail(make_key_file(path, random)).code(), Errc::exists);
    EXPECT_EQ(must(read_key_file(path)).public_key(), made.public_key());
    EXPECT_EQ(folder.entries(), 1u) << "a refused one leaves nothing";
    EXPECT_EQ(must(read_or_make_key_file(path, random)).public_key(), made.public_key());
    const SecretKey other = must(read_or_make_key_file(folder.file("other"), random));
    EXPECT_FALSE(other.public_key() == made.public_key());
    EXPECT_EQ(must_fail(make_key_file(folder.file("no/key"), random)).code(), Errc::cannot_create);
    EXPECT_EQ(must_fail(read_key_file(folder.file("none"))).code(), Errc::not_found);
}

TEST(KeyFile, IsNotTakenWhenOthersMayUseIt) {
    const TemporaryFolder folder;
    const Bytes content = unhex(network()["identity"]["vectors"][0]["key_file"]);
    for (const unsigned bit : {0100u, 040u, 020u, 010u, 04u, 02u, 01u, 04000u, 02000u, 01000u}) {
        const std::string path = key_file(folder, content, 0600 | bit);
        const Error error = must_fail(read_key_file(path));
        EXPECT_EQ(error.code(), Errc::permission) << bit;
        EXPECT_THAT(error.text(), HasSubstr(fmt::format("{:04o}", 0600 | bit)));
        EXPECT_THAT(error.hint(), HasSubstr(": chmod 600 "));
        SeededSecrets random(2);
        EXPECT_FALSE(read_or_make_key_file(path, random).has_value());
        EXPECT_EQ(must(read_file(path, 100)), content) << "what is refused stays";
    }
    EXPECT_EQ(must_fail(read_key_file(key_file(folder, Bytes(36, 'x'), 0644))).code(),
              Errc::key_file_invalid)
        << "nobody is told to restrict what is no key";
    must(read_key_file(key_file(folder, content, 0400)));
    ASSERT_EQ(::unlink(folder.file("key").c_str()), 0);
    ASSERT_EQ(::mkfifo(folder.file("key").c_str(), 0600), 0);
    const Error error = must_fail(read_key_file(folder.file("key")));
    EXPECT_EQ(error.code(), Errc::key_file_invalid);
    EXPECT_THAT(error.text(), HasSubstr("regular file"));
}

TEST(KeyFile, OtherKindsAndLengthsAreNamed) {
    const TemporaryFolder folder;
    const Bytes good = unhex(network()["identity"]["vectors"][0]["key_file"]);
    const auto refusal = [&](BytesView content) {
        Error error = must_fail(read_key_file(key_file(folder, content)));
        EXPECT_EQ(error.code(), Errc::key_file_invalid);
        EXPECT_THAT(error.text(), HasSubstr(folder.file("key")));
        EXPECT_FALSE(error.hint().empty());
        return error.text();
    };
    for (std::size_t size = 1; size < good.size(); ++size)
        EXPECT_THAT(refusal(BytesView(good).first(size)), HasSubstr(fmt::format("{} bytes", size)));
    EXPECT_THAT(refusal({}), HasSubstr("empty"));
    Bytes longer = good;
    longer.push_back('\n');
    EXPECT_THAT(refusal(longer), HasSubstr("37 bytes, not 36"));
    // An Ed25519 key as other programs of libp2p write it: 64 bytes of data.
    Bytes ed25519 = {0x08, 0x01, 0x12, 0x40};
    ed25519.resize(68, 1);
    EXPECT_THAT(refusal(ed25519), HasSubstr("Ed25519"));
    Bytes rsa = {0x08, 0x00, 0x12, 0x80, 0x01};
    rsa.resize(133, 1);
    EXPECT_THAT(refusal(rsa), HasSubstr("RSA"));
    EXPECT_THAT(refusal(as_bytes("-----BEGIN EC PRIVATE KEY-----\nMHQ=\n")), HasSubstr("PEM"));
    EXPECT_THAT(refusal(Bytes(36, 'x')), HasSubstr("08 02 12 20"));
    EXPECT_THAT(refusal(Bytes(100000, 'x')), HasSubstr("bytes, not 36"));
    Bytes zero = good;
    std::fill(zero.begin() + 4, zero.end(), 0);
    EXPECT_THAT(refusal(zero), HasSubstr("no key of secp256k1"));
}

} // namespace
} // namespace codex::net

// SHA-256 through its public face, in whatever kernels this process chose.
#include "base/hex.hpp"
#include "crypto/hash/sha256.hpp"

#include <random>

namespace codex::crypto {
namespace {

Bytes bytes_of(std::string_view text) {
    return {text.begin(), text.end()};
}

// FIPS 180-4 examples and the long message of the NIST test suite.
TEST(Sha256, KnownAnswers) {
    const std::vector<std::pair<Bytes, std::string>> answers = {
        {{}, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {bytes_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {bytes_of("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopq"
                  "klmnopqrlmnopqrsmnopqrstnopqrstu"),
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
        {Bytes(1'000'000, 'a'),
         "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"}};
    for (const auto& [message, answer] : answers) {
        EXPECT_EQ(to_hex(sha256(message)), answer);
        // In every lane of every width.
        const std::size_t most = message.size() < 1000 ? 65 : 2;
        for (std::size_t count = 1; count <= most; ++count) {
            std::vector<Digest> digests(count);
            sha256_many(std::vector<BytesView>(count, message), digests);
            for (const Digest& digest : digests)
                ASSERT_EQ(to_hex(digest), answer) << count << " times";
        }
    }
}

Bytes random_bytes(std::size_t size, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes)
        byte = static_cast<std::uint8_t>(random());
    return bytes;
}

TEST(Sha256, PiecesEqualTheWhole) {
    std::mt19937_64 random(1);
    for (std::size_t size = 0; size < 400; ++size) {
        const Bytes message = random_bytes(size, size);
        const Digest expected = sha256(message);
        Sha256 hash;
        BytesView rest = message;
        while (!rest.empty()) {
            const std::size_t piece = std::min<std::size_t>(random() % 150, rest.size());
            hash.update(rest.first(piece));
            rest = rest.subspan(piece);
        }
        EXPECT_EQ(hash.finish(), expected) << size;
        hash.update(message);
        EXPECT_EQ(hash.finish(), expected) << "the object must be new after finish, size " << size;
    }
}

TEST(Sha256, ManyEqualsOneByOne) {
    std::mt19937_64 random(2);
    for (std::size_t count = 0; count < 70; ++count)
        for (const bool ragged : {false, true}) {
            const std::size_t size = random() % 700;
            std::vector<Bytes> messages;
            std::vector<BytesView> views;
            for (std::size_t i = 0; i < count; ++i)
                messages.push_back(random_bytes(ragged ? random() % 700 : size, random()));
            views.assign(messages.begin(), messages.end());
            std::vector<Digest> digests(count);
            sha256_many(views, digests);
            for (std::size_t i = 0; i < count; ++i)
                ASSERT_EQ(digests[i], sha256(views[i])) << count << " messages, number " << i;
        }
}

TEST(Sha256, PairsEqualTheMessageOf65Bytes) {
    for (std::size_t count = 0; count < 70; ++count)
        for (std::uint8_t key = 0; key < 4; ++key) {
            const Bytes content = random_bytes(64 * count, 100 * count + key);
            std::vector<Digest> nodes(2 * count);
            if (count != 0)
                std::memcpy(nodes.data(), content.data(), content.size());
            std::vector<Digest> expected(count);
            for (std::size_t i = 0; i < count; ++i) {
                Bytes message(content.begin() + static_cast<long>(64 * i),
                              content.begin() + static_cast<long>(64 * i + 64));
                message.push_back(key);
                expected[i] = sha256(message);
            }
            std::vector<Digest> parents(count);
            sha256_pairs(nodes, key, parents);
            EXPECT_EQ(parents, expected) << count << " pairs, key " << int{key};
            sha256_pairs(nodes, key, std::span(nodes).first(count));
            nodes.resize(count);
            EXPECT_EQ(nodes, expected) << "in place: " << count << " pairs, key " << int{key};
        }
}

} // namespace
} // namespace codex::crypto

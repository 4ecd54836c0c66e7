#include "crypto/curve/seed_stream.hpp"

#include "crypto/curve/pairing.hpp"
#include "crypto/field/text.hpp"
#include "vectors.hpp"

namespace codex::crypto {
namespace {

using codex::test::Json;

Digest digest_of(const Json& text) {
    const Bytes bytes = codex::test::unhex(text);
    Digest digest;
    std::memcpy(digest.data(), bytes.data(), digest.size());
    return digest;
}

/// Big-endian standard form, the imaginary part first: iden3's uncompressed points.
template <class... Elements> std::string uncompressed(const Elements&... elements) {
    std::string text;
    for (const Fq& element : {elements...}) {
        Digest bytes = element.to_bytes();
        std::ranges::reverse(bytes);
        text += to_hex(bytes);
    }
    return text;
}

TEST(SeedStream, DrawsWhatFfjavascriptDraws) {
    const Json vectors = codex::test::load_vectors("ceremony.json");
    for (const Json& vector : vectors.at("seed_streams")) {
        const Digest seed = digest_of(vector.at("seed"));
        SeedStream words(seed);
        for (const Json& word : vector.at("words"))
            EXPECT_EQ(fmt::format("{:08x}", words.next_word()), word.get<std::string>());
        SeedStream scalars(seed);
        for (const Json& scalar : vector.at("scalars"))
            EXPECT_EQ(field_to_text(scalars.next_scalar()), scalar.get<std::string>());
        SeedStream g1(seed);
        for (const Json& text : vector.at("g1")) {
            const G1 point = g1.next_g1();
            EXPECT_TRUE(is_in_group(point));
            EXPECT_EQ(uncompressed(point.x, point.y), text.get<std::string>());
        }
        SeedStream g2(seed);
        for (const Json& text : vector.at("g2")) {
            const G2 point = g2.next_g2();
            EXPECT_TRUE(is_in_group(point));
            EXPECT_EQ(uncompressed(point.x.c1, point.x.c0, point.y.c1, point.y.c0),
                      text.get<std::string>());
        }
    }
}

} // namespace
} // namespace codex::crypto

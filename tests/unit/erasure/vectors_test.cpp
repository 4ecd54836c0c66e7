// The vectors of the reference library: parity bytes, log tables, the generator matrix.
#include "base/hex.hpp"
#include "crypto/hash/sha256.hpp"
#include "erasure/code.hpp"
#include "erasure/detail/erasures.hpp"
#include "erasure/detail/solver.hpp"
#include "erasure/layout.hpp"
#include "generator.hpp"
#include "must.hpp"
#include "vectors.hpp"

namespace codex::erasure {
namespace {

using codex::test::data_model;
using codex::test::must;
using nlohmann::json;

const json& vectors() {
    return data_model()["leopard"];
}

std::string hash_hex(BytesView bytes) {
    return to_hex(crypto::sha256(bytes));
}

struct Coded {
    std::vector<Bytes> data;
    std::vector<Bytes> parity;
};

Coded encode_streams(const Code& code, std::size_t size_bytes) {
    Coded coded;
    std::vector<const std::uint8_t*> data;
    std::vector<std::uint8_t*> parity;
    for (std::uint32_t j = 0; j < code.k(); ++j)
        coded.data.push_back(test::generate(j, size_bytes));
    for (const Bytes& bytes : coded.data)
        data.push_back(bytes.data());
    coded.parity.assign(code.m(), Bytes(size_bytes, 0xEE));
    for (Bytes& bytes : coded.parity)
        parity.push_back(bytes.data());
    EXPECT_TRUE(code.encode(data, parity, size_bytes));
    return coded;
}

TEST(ErasureVectors, GeneratorIsTheSpecifiedOne) {
    EXPECT_EQ(to_hex(test::generate(0, 16)), "75cd254b84e2eaf2a68120674334b26e");
    EXPECT_EQ(to_hex(test::generate(1000, 16)), "63f80b0ed019eb4573bbf0401649ccd4");
}

TEST(ErasureVectors, ParityIsTheReferenceLibrarys) {
    ASSERT_EQ(vectors()["vectors"].size(), 36U);
    for (const json& vector : vectors()["vectors"]) {
        const auto k = vector["k"].get<std::uint32_t>();
        const auto m = vector["m"].get<std::uint32_t>();
        SCOPED_TRACE(fmt::format("k={} m={} bytes={}", k, m, vector["bufferBytes"].dump()));
        const Code code(must(Shape::create(k, m)));
        const auto kind = vector["code"].get<std::string>();
        if (kind == "gf8" || kind == "gf16") {
            EXPECT_EQ(detail::field_of(code.shape()).bits(), kind == "gf8" ? 8U : 16U);
        }

        const Coded coded = encode_streams(code, vector["bufferBytes"].get<std::size_t>());
        Bytes all;
        for (std::uint32_t i = 0; i < m; ++i) {
            if (vector.contains("paritySha256")) {
                EXPECT_EQ(hash_hex(coded.parity[i]), vector["paritySha256"][i].get<std::string>())
                    << "row " << i;
            }
            if (vector.contains("parityHex")) {
                EXPECT_EQ(to_hex(coded.parity[i]), vector["parityHex"][i].get<std::string>())
                    << "row " << i;
            }
            append(all, coded.parity[i]);
        }
        EXPECT_EQ(hash_hex(all), vector["parityConcatSha256"].get<std::string>());
    }
}

TEST(ErasureVectors, ParityBlocksOfProtectedDatasets) {
    const json& all = data_model()["protectedDatasets"];
    ASSERT_EQ(all.size(), 4U);
    for (const json& vector : all) {
        SCOPED_TRACE(vector["name"]);
        const auto block_bytes = vector["blockSize"].get<std::size_t>();
        ASSERT_EQ(vector["generator"].get<std::string>(), "stream 5");
        Bytes content = test::generate(5, vector["size"].get<std::size_t>());
        const auto layout = Layout::create(
            vector["originalBlocks"].get<std::uint64_t>(),
            must(Shape::create(vector["k"].get<std::uint32_t>(), vector["m"].get<std::uint32_t>())),
            static_cast<std::uint32_t>(block_bytes));
        ASSERT_TRUE(layout);
        content.resize(layout->rounded() * block_bytes); // the last block and the padding: zeros
        const Code code(layout->shape);
        for (std::uint64_t column = 0; column < layout->steps; ++column) {
            std::vector<const std::uint8_t*> data;
            for (std::uint32_t j = 0; j < layout->k(); ++j) {
                const std::uint64_t index = layout->index(column, j);
                data.push_back(layout->is_padding(index) ? nullptr
                                                         : content.data() + index * block_bytes);
            }
            std::vector<Bytes> parity(layout->m(), Bytes(block_bytes));
            std::vector<std::uint8_t*> outputs;
            for (Bytes& bytes : parity)
                outputs.push_back(bytes.data());
            ASSERT_TRUE(code.encode(data, outputs, block_bytes));
            for (std::uint32_t i = 0; i < layout->m(); ++i)
                EXPECT_EQ(
                    codec::Cid::block(crypto::sha256(parity[i])).text(),
                    vector["leafCids"][layout->index(column, layout->k() + i)].get<std::string>());
        }
    }
}

TEST(ErasureVectors, LogTableOfTheSmallField) {
    const json& logs = vectors()["gf8"]["logOfCoordinate"];
    ASSERT_EQ(logs.size(), 256U);
    for (std::uint32_t word = 0; word < 256; ++word)
        EXPECT_EQ(fmt::format("{:02x}", detail::Field::gf8().log(word)),
                  logs[word].get<std::string>());
}

TEST(ErasureVectors, LogTableOfTheLargeField) {
    const detail::Field& field = detail::Field::gf16();
    Bytes table;
    for (std::uint32_t word = 0; word < 65536; ++word) {
        table.push_back(static_cast<std::uint8_t>(field.log(word)));
        table.push_back(static_cast<std::uint8_t>(field.log(word) >> 8));
    }
    EXPECT_EQ(hash_hex(table), vectors()["gf16"]["logTableSha256"].get<std::string>());
    for (const auto& [word, log] : vectors()["gf16"]["logSamples"].items())
        EXPECT_EQ(field.log(static_cast<std::uint32_t>(std::stoul(word))),
                  log.get<std::uint32_t>());
}

TEST(ErasureVectors, GeneratorMatrix) {
    const json& matrix = vectors()["generatorMatrixK3M2gf8"];
    std::vector<bool> erased{true, true, false, false, false, false, false, false};
    const auto logs = detail::locator_logs(detail::Field::gf8(), erased);
    for (std::uint32_t i = 0; i < 2; ++i)
        for (std::uint32_t j = 0; j < 3; ++j)
            EXPECT_EQ(
                fmt::format("{:02x}", detail::coefficient(detail::Field::gf8(), logs, i, 2 + j)),
                matrix[i][j].get<std::string>());
}

} // namespace
} // namespace codex::erasure

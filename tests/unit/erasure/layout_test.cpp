// Layouts of protected datasets, against the vectors and at the limits.
#include "erasure/layout.hpp"

#include "base/hex.hpp"
#include "must.hpp"
#include "vectors.hpp"

namespace codex::erasure {
namespace {

using codex::test::data_model;
using codex::test::must;
using nlohmann::json;
using testing::HasSubstr;

TEST(Layout, ProtectedDatasetsOfTheVectors) {
    const json& all = data_model()["protectedDatasets"];
    ASSERT_EQ(all.size(), 4U);
    for (const json& vector : all) {
        SCOPED_TRACE(vector["name"]);
        const auto layout =
            Layout::create(vector["originalBlocks"], must(Shape::create(vector["k"], vector["m"])),
                           vector["blockSize"]);
        ASSERT_TRUE(layout);
        EXPECT_EQ(layout->steps, vector["steps"]);
        EXPECT_EQ(layout->rounded(), vector["rounded"]);
        EXPECT_EQ(layout->total_blocks(), vector["totalBlocks"]);
        const json& columns = vector["columns"];
        ASSERT_EQ(columns.size(), layout->steps);
        for (std::uint64_t column = 0; column < columns.size(); ++column) {
            ASSERT_EQ(columns[column].size(), layout->rows());
            for (std::uint32_t position = 0; position < columns[column].size(); ++position) {
                const std::uint64_t index = layout->index(column, position);
                EXPECT_EQ(index, columns[column][position]);
                EXPECT_EQ(layout->column(index), column);
                EXPECT_EQ(layout->position(index), position);
            }
        }
    }
}

TEST(Layout, OfTheManifestsOfTheVectors) {
    const json& all = data_model()["protectedDatasets"];
    ASSERT_EQ(all.size(), 4U);
    for (const json& vector : all) {
        SCOPED_TRACE(vector["name"]);
        const auto bytes = from_hex(vector["protectedManifestHex"].get<std::string>());
        auto manifest = codec::decode_manifest(*bytes);
        ASSERT_TRUE(manifest);
        const auto layout = Layout::of(*manifest);
        ASSERT_TRUE(layout);
        EXPECT_EQ(layout->original_blocks, vector["originalBlocks"].get<std::uint64_t>());
        EXPECT_EQ(layout->k(), vector["k"].get<std::uint32_t>());
        EXPECT_EQ(layout->m(), vector["m"].get<std::uint32_t>());
        EXPECT_EQ(layout->total_blocks(), vector["totalBlocks"].get<std::uint64_t>());

        manifest->erasure->m = manifest->erasure->k + 1;
        EXPECT_EQ(Layout::of(*manifest).error().code(), Errc::erasure_parameters);
        manifest->erasure->strategy = codec::Strategy::linear;
        EXPECT_EQ(Layout::of(*manifest).error().code(), Errc::unsupported);
        manifest->erasure.reset();
        EXPECT_EQ(Layout::of(*manifest).error().code(), Errc::manifest_invalid);
    }
}

TEST(Layout, PaddingFillsTheLastRowOfData) {
    const auto layout = Layout::create(5, must(Shape::create(3, 2)), 65536);
    ASSERT_TRUE(layout);
    for (std::uint64_t index = 0; index < layout->total_blocks(); ++index)
        EXPECT_EQ(layout->is_padding(index), index == 5) << index;
}

TEST(Layout, LargeDatasetsStayExact) {
    const std::uint64_t blocks = (std::uint64_t{1} << 50) + 3;
    const auto layout = Layout::create(blocks, must(Shape::create(1000, 500)), 65536);
    ASSERT_TRUE(layout);
    EXPECT_EQ(layout->steps, 1125899906843U);
    EXPECT_EQ(layout->rounded(), 1125899906843000U);
    EXPECT_EQ(layout->total_blocks(), 1688849860264500U);
    const std::uint64_t last = layout->total_blocks() - 1;
    EXPECT_EQ(layout->position(last), 1499U);
    EXPECT_EQ(layout->column(last), layout->steps - 1);
    EXPECT_EQ(layout->index(layout->column(last), layout->position(last)), last);
}

TEST(Layout, RefusesWhatCannotBeCoded) {
    struct Case {
        std::uint64_t blocks;
        std::uint32_t k;
        std::uint32_t m;
        std::uint32_t block_size;
        Errc code;
        const char* text;
    };
    const Case cases[] = {
        {10, 3, 2, 0, Errc::unsupported, "block size 0"},
        {10, 3, 2, 100, Errc::unsupported, "block size 100"},
        {2, 3, 2, 65536, Errc::erasure_too_few, "k = 3"},
        {0, 1, 1, 65536, Errc::erasure_too_few, "0 blocks"},
        {UINT64_MAX, 2, 1, 64, Errc::unsupported, "64 bits"},
    };
    for (const Case& c : cases) {
        const auto layout = Layout::create(c.blocks, must(Shape::create(c.k, c.m)), c.block_size);
        ASSERT_FALSE(layout) << c.text;
        EXPECT_EQ(layout.error().code(), c.code) << c.text;
        EXPECT_THAT(layout.error().text(), HasSubstr(c.text));
    }
    const auto small = Layout::create(2, must(Shape::create(3, 2)), 65536);
    EXPECT_THAT(std::string(small.error().hint()), HasSubstr("131073 bytes"));
}

} // namespace
} // namespace codex::erasure

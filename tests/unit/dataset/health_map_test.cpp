// Pictures of what is there, against a count of every block.
#include "dataset/health_map.hpp"
#include "must.hpp"

#include <gtest/gtest.h>

namespace codex::dataset {
namespace {

using erasure::Layout;

Layout layout(std::uint64_t blocks, std::uint32_t k, std::uint32_t m) {
    return test::must(Layout::create(blocks, test::must(erasure::Shape::create(k, m)), 65536));
}

TEST(HealthMap, HasAPlaceForEachBlockWhereThereIsRoom) {
    const Layout of = layout(5, 2, 1); // three columns, of which the last has one block of padding
    HealthMap map(of, 64, 32);
    EXPECT_EQ(map.rows(), 3U);
    EXPECT_EQ(map.columns_per_place(), 1U);
    EXPECT_EQ(map.marks(0), "###");
    EXPECT_EQ(map.marks(1), "##-");
    EXPECT_EQ(map.kind(1), "data");
    EXPECT_EQ(map.kind(2), "parity");
    map.add_missing(0);
    map.add_damaged(1);
    map.add_missing(4);
    map.add_missing(5); // padding
    EXPECT_EQ(map.marks(0), ".x#");
    EXPECT_EQ(map.marks(1), "#.-");
    EXPECT_EQ(map.marks(2), "###");
    EXPECT_EQ(map.prospects(), "r!=");
    EXPECT_EQ(map.lost_columns(), 1U);
}

TEST(HealthMap, PutsSeveralBlocksIntoAPlaceWhereThereIsNone) {
    const Layout of = layout(1000, 10, 6); // 100 columns, 16 slots
    HealthMap map(of, 7, 3);
    EXPECT_EQ(map.columns_per_place(), 15U);
    EXPECT_EQ(map.rows(), 3U);
    EXPECT_EQ(map.slots(0), (IndexRange{0, 6}));
    EXPECT_EQ(map.slots(2), (IndexRange{12, 4}));
    EXPECT_EQ(map.kind(0), "data");
    EXPECT_EQ(map.kind(1), "both");
    for (std::uint64_t column = 0; column < 15; ++column)
        for (std::uint32_t slot = 0; slot < 6; ++slot)
            map.add_missing(of.index(column, slot));
    map.add_missing(of.index(20, 15));
    for (std::uint32_t slot = 0; slot < 7; ++slot)
        map.add_missing(of.index(99, slot));
    EXPECT_EQ(map.marks(0), ".#####+");
    EXPECT_EQ(map.marks(1), "######+");
    EXPECT_EQ(map.marks(2), "#+#####");
    EXPECT_EQ(map.prospects(), "rr====!");
    EXPECT_EQ(map.lost_columns(), 1U);
}

TEST(HealthMap, OfAPlainDatasetIsOneRow) {
    HealthMap map(Layout::plain(130), 64, 32);
    EXPECT_EQ(map.rows(), 1U);
    EXPECT_EQ(map.columns_per_place(), 3U);
    EXPECT_EQ(map.marks(0), std::string(44, '#'));
    map.add_missing(129);
    EXPECT_EQ(map.marks(0), std::string(43, '#') + '.');
    EXPECT_EQ(map.prospects(), std::string(43, '=') + '!');
}

} // namespace
} // namespace codex::dataset

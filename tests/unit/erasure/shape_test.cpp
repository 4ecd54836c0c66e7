// What a column may look like: every limit from both sides, and what is said beyond it.
#include "erasure/shape.hpp"

#include "must.hpp"

#include <limits>

namespace codex::erasure {
namespace {

using codex::test::must;
using codex::test::must_fail;
using testing::HasSubstr;

constexpr std::uint64_t kMax64 = std::numeric_limits<std::uint64_t>::max();

codec::ErasureInfo info(std::uint32_t k, std::uint32_t m) {
    codec::ErasureInfo info;
    info.k = k;
    info.m = m;
    return info;
}

/// What is refused says which limit it is and how to keep it.
std::string refusal(const Result<Shape>& made) {
    EXPECT_FALSE(made);
    if (made)
        return "";
    EXPECT_EQ(made.error().code(), Errc::erasure_parameters);
    EXPECT_FALSE(made.error().hint().empty());
    return made.error().text();
}

TEST(Shape, HasItsNumbersAndPlacesInTheCodeWord) {
    const Shape shape = must(Shape::create(10, 3));
    EXPECT_EQ(shape.k(), 10U);
    EXPECT_EQ(shape.m(), 3U);
    EXPECT_EQ(shape.rows(), 13U);
    EXPECT_EQ(shape.parity_positions(), 4U);
    EXPECT_EQ(shape.positions(), 16U);
    EXPECT_EQ(shape, must(Shape::create(10, 3)));
    EXPECT_NE(shape, must(Shape::create(10, 4)));
    EXPECT_EQ(must(Shape::create(193, 64)).positions(), 512U);
}

TEST(Shape, TheLargestAreStillMade) {
    for (const auto& [k, m] : {std::pair{32768U, 32768U}, std::pair{65535U, 1U},
                               std::pair{65534U, 2U}, std::pair{65408U, 100U}}) {
        const Shape shape = must(Shape::create(k, m));
        EXPECT_EQ(shape.rows(), k + m);
        EXPECT_EQ(shape.positions(), 65536U);
    }
    EXPECT_EQ(must(Shape::create(1, 1)).positions(), 2U);
}

TEST(Shape, RefusesWhatIsOutOfTheLimits) {
    const auto text = [](std::uint64_t k, std::uint64_t m) { return refusal(Shape::create(k, m)); };
    EXPECT_THAT(text(0, 0), HasSubstr("k = 0"));
    EXPECT_THAT(text(0, 1), HasSubstr("k = 0"));
    EXPECT_THAT(text(2, 0), HasSubstr("m = 0: without parity nothing is protected"));
    EXPECT_THAT(text(2, 3), HasSubstr("m = 3 parity blocks exceed k = 2"));
    EXPECT_THAT(text(65000, 600), HasSubstr("65536 positions"));
    EXPECT_THAT(text(32769, 32768), HasSubstr("65536 positions"));
    EXPECT_THAT(text(65536, 1), HasSubstr("65536 positions"));
    EXPECT_THAT(text(65409, 100), HasSubstr("(128)"));
    EXPECT_THAT(text(0xFFFFFFFF, 0xFFFFFFFF), HasSubstr("65536 positions"));
    EXPECT_THAT(text(kMax64, 1), HasSubstr("k + m is more than 65536"));
    EXPECT_THAT(text(kMax64, kMax64), HasSubstr("k + m is more than 65536"));
    EXPECT_THAT(text(1, kMax64), HasSubstr("k + m is more than 65536"));
}

TEST(Shape, OfNodesThatMayBeLost) {
    EXPECT_EQ(must(Shape::for_nodes(3, 1)), must(Shape::create(2, 1)));
    EXPECT_EQ(must(Shape::for_nodes(15, 5)), must(Shape::create(10, 5)));
    EXPECT_EQ(must(Shape::for_nodes(6, 3)), must(Shape::create(3, 3)));
    EXPECT_EQ(must(Shape::for_nodes(65536, 32768)), must(Shape::create(32768, 32768)));
}

TEST(Shape, RefusesNodesThatCannotBeLost) {
    const auto error = [](std::uint64_t nodes, std::uint64_t tolerance) {
        return must_fail(Shape::for_nodes(nodes, tolerance));
    };
    EXPECT_THAT(error(3, 0).text(), HasSubstr("no loss would be survived"));
    EXPECT_THAT(error(3, 2).text(), HasSubstr("nodes = 3 and tolerance = 2"));
    EXPECT_THAT(error(2, 1).hint(), HasSubstr("3 or more"));
    EXPECT_THAT(error(4, 3).hint(), HasSubstr("twice the tolerance"));
    EXPECT_THAT(error(0, kMax64).text(), HasSubstr("fewer than 2 nodes"));
    EXPECT_THAT(error(6, 4).text(), HasSubstr("more than half"));
    EXPECT_THAT(error(6, 4).hint(), HasSubstr("3 or less with 6 nodes"));
    EXPECT_THAT(error(90000, 2).text(), HasSubstr("65536 positions"));
    EXPECT_THAT(error(kMax64, 2).text(), HasSubstr("65536"));
    for (const auto& [nodes, tolerance] : {std::pair{3U, 0U}, std::pair{2U, 1U}, std::pair{6U, 4U}})
        (void)refusal(Shape::for_nodes(nodes, tolerance));
}

TEST(Shape, OfADatasetThatIsThereMayBeWithoutParity) {
    const Shape shape = must(Shape::of(info(3, 0)));
    EXPECT_EQ(shape.m(), 0U);
    EXPECT_EQ(shape.rows(), 3U);
    EXPECT_EQ(must(Shape::of(info(3, 2))), must(Shape::create(3, 2)));
    // Valid in a manifest, but none of the code.
    EXPECT_THAT(refusal(Shape::of(info(3, 4))), HasSubstr("m = 4"));
    EXPECT_THAT(refusal(Shape::of(info(60000, 5000))), HasSubstr("65536 positions"));
}

TEST(Shape, OfAPlainDatasetIsOneRow) {
    EXPECT_EQ(Shape::plain().rows(), 1U);
    EXPECT_EQ(Shape::plain().m(), 0U);
}

} // namespace
} // namespace codex::erasure

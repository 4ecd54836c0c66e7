#include "base/counted.hpp"

#include <gtest/gtest.h>

namespace codex {
namespace {

TEST(Counted, OneIsSingular) {
    EXPECT_EQ(counted(0, "block"), "0 blocks");
    EXPECT_EQ(counted(1, "block"), "1 block");
    EXPECT_EQ(counted(2, "block"), "2 blocks");
    EXPECT_EQ(counted(1, "leaf is", "leaves are"), "1 leaf is");
    EXPECT_EQ(counted(18446744073709551615U, "leaf is", "leaves are"),
              "18446744073709551615 leaves are");
}

} // namespace
} // namespace codex

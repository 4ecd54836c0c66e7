#include "repo/index/key_order.hpp"

#include <gtest/gtest.h>

namespace codex::repo {

using namespace detail;

namespace {

struct Named {
    codec::Cid cid;
};

codec::Cid of_digest(std::initializer_list<std::uint8_t> digest) {
    return codec::Cid::make(codec::Multicodec::raw, codec::HashCodec::identity, Bytes(digest));
}

TEST(KeyOrder, IsThatOfDigestsAndHasEachIndexOnce) {
    const std::vector<Named> items = {{of_digest({200, 0, 0, 0, 1})},
                                      {of_digest({1, 2, 3, 4, 5})},
                                      {of_digest({})},
                                      {of_digest({200, 0, 0, 1})},
                                      {of_digest({1, 2})},
                                      {of_digest({0, 255, 255, 255, 255})}};
    EXPECT_EQ(in_key_order(std::span(items), &Named::cid),
              (std::vector<std::uint32_t>{2, 5, 4, 1, 0, 3}));
    EXPECT_TRUE(in_key_order(std::span(items).first(0), &Named::cid).empty());
}

} // namespace
} // namespace codex::repo

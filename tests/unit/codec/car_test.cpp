#include "codec/car.hpp"

#include "codec/uvarint.hpp"
#include "must.hpp"
#include "vectors.hpp"

namespace codex::codec {
namespace {

using codex::test::must;
using codex::test::must_fail;
using codex::test::unhex;
using testing::HasSubstr;

/// The body of the frame at the front of `bytes`, which holds nothing else.
Bytes body_of(BytesView bytes) {
    const auto length = must(read_uvarint(bytes));
    EXPECT_EQ(length.size + length.value, bytes.size());
    return {bytes.begin() + static_cast<std::ptrdiff_t>(length.size), bytes.end()};
}

std::vector<Cid> some_cids(std::size_t count) {
    std::mt19937_64 random(3);
    std::vector<Cid> cids;
    for (std::size_t i = 0; i < count; ++i)
        cids.push_back(Cid::make(Multicodec::raw, HashCodec::identity,
                                 codex::test::random_bytes(random, i % 65)));
    return cids;
}

void expect_header_refused(BytesView body, std::string_view reason, Errc code = Errc::car_invalid) {
    const Error error = must_fail(decode_car_header(body));
    EXPECT_EQ(error.code(), code);
    EXPECT_THAT(error.text(), HasSubstr(reason));
}

const std::string kRootsKey = "65726f6f7473";
const std::string kVersionOne = "6776657273696f6e01";

TEST(Car, HeaderOfOneRootByteForByte) {
    const Cid root = Cid::empty_block();
    const Bytes frame = encode_car_header({&root, 1});
    EXPECT_EQ(to_hex(frame), "3c"
                             "a2" +
                                 kRootsKey + "81d82a582700" + to_hex(root.bytes()) + kVersionOne);
    EXPECT_EQ(must(decode_car_header(body_of(frame))), std::vector<Cid>{root});
}

TEST(Car, HeadersRoundTripAtEveryWidthOfTheCount) {
    for (const std::size_t count : {0u, 1u, 23u, 24u, 255u, 256u, 10'000u}) {
        const auto roots = some_cids(count);
        const Bytes body = body_of(encode_car_header(roots));
        EXPECT_LE(body.size(), kMaxCarHeaderBytes);
        EXPECT_EQ(must(decode_car_header(body)), roots);
    }
}

TEST(Car, HeaderOfTheFormatsOwnExampleShape) {
    // Keys in the other order are no DAG-CBOR, but unambiguous.
    const auto roots = must(decode_car_header(unhex("a2" + kVersionOne + kRootsKey + "80")));
    EXPECT_TRUE(roots.empty());
}

TEST(Car, HeaderTruncatedAtEveryByteIsRefused) {
    const auto roots = some_cids(3);
    const Bytes body = body_of(encode_car_header(roots));
    for (std::size_t size = 0; size < body.size(); ++size)
        EXPECT_EQ(must_fail(decode_car_header(BytesView(body).first(size))).code(),
                  Errc::car_invalid)
            << size;
}

TEST(Car, WhatIsNoHeaderIsToldFromOneThatIsCut) {
    for (const std::string& body :
         {"a2" + kRootsKey + "80" + kVersionOne, "a2" + kVersionOne + kRootsKey + "80",
          std::string("a16776657273696f6e02")}) {
        const Bytes bytes = unhex(body);
        for (std::size_t size = 0; size <= bytes.size(); ++size)
            EXPECT_TRUE(may_begin_car_header(BytesView(bytes).first(size))) << body << size;
        // The first key is known to its end.
        for (std::size_t at = 0; at < 7; ++at) {
            Bytes other = bytes;
            other[at] ^= 0x40U;
            EXPECT_FALSE(may_begin_car_header(other)) << body << at;
        }
    }
    for (const char* none : {"unk\n", "ustar", "PK", "{}", "a"})
        EXPECT_FALSE(may_begin_car_header(as_bytes(none))) << none;
}

TEST(Car, HeaderRefusals) {
    expect_header_refused(unhex("a16776657273696f6e02"), "CAR version 2", Errc::unsupported);
    expect_header_refused(unhex("a2" + kRootsKey + "80" + "6776657273696f6e03"), "CAR version 3");
    expect_header_refused(unhex("a1" + kVersionOne), "lacks roots");
    expect_header_refused(unhex("a1" + kRootsKey + "80"), "lacks version");
    expect_header_refused(unhex("a0"), "lacks roots");
    expect_header_refused(unhex("a2" + kVersionOne + kVersionOne), "unexpected key");
    expect_header_refused(unhex("a2" + kRootsKey + "80" + kRootsKey + "80"), "unexpected key");
    expect_header_refused(unhex("a16161" + std::string("00")), "unexpected key");
    expect_header_refused(unhex("a2" + kRootsKey + "80" + kVersionOne + "00"), "1 bytes follow");
    expect_header_refused(unhex("82"), "byte 0: a CAR header expected");
    expect_header_refused(unhex("bf"), "indefinite");
    expect_header_refused(unhex("b802" + kRootsKey), "shortest form");
    expect_header_refused(unhex("a2" + kRootsKey + "9b0000000000000001"), "shortest form");
    expect_header_refused(unhex("a2" + kRootsKey + "992711"), "10001 roots");
    expect_header_refused(unhex("a2" + kRootsKey + "1a7fffffff"), "the list of roots expected");
    expect_header_refused(unhex("a2" + kRootsKey + "9affffffff"), "4294967295 roots");
    expect_header_refused(unhex("a2" + kRootsKey + "992710"), "a CID tag is cut");
    expect_header_refused(unhex("a2" + kRootsKey + "81d82b"), "tag 43");
    expect_header_refused(unhex("a2" + kRootsKey + "81d82a40"), "begins with 00");
    expect_header_refused(unhex("a2" + kRootsKey + "81d82a4101"), "begins with 00");
    expect_header_refused(unhex("a2" + kRootsKey + "81d82a4100"), "root at byte 12");
    expect_header_refused(unhex("a2" + kRootsKey + "81d82a5bffffffffffffffff00"), "a CID is cut");
    expect_header_refused(Bytes(kMaxCarHeaderBytes + 1, 0xa2), "at most 1048576");
}

TEST(Car, SectionPrefixAndSplit) {
    const Cid cid = Cid::empty_block();
    EXPECT_EQ(to_hex(encode_car_section_prefix(cid, 0)), "26" + to_hex(cid.bytes()));
    EXPECT_EQ(to_hex(encode_car_section_prefix(cid, 65536)), "a68004" + to_hex(cid.bytes()));

    Bytes section = encode_car_section_prefix(cid, 4);
    append(section, as_bytes("data"));
    const Bytes body = body_of(section);
    const auto [found, at] = must(split_section(body));
    EXPECT_EQ(found, cid);
    EXPECT_EQ(as_text(BytesView(body).subspan(at)), "data");
}

TEST(Car, SectionRefusals) {
    const Bytes body(Cid::empty_block().bytes().begin(), Cid::empty_block().bytes().end());
    for (std::size_t size = 0; size < body.size(); ++size)
        EXPECT_EQ(must_fail(split_section(BytesView(body).first(size))).code(), Errc::car_invalid);
    EXPECT_THAT(must_fail(split_section(unhex("0155"))).text(), HasSubstr("section: "));
}

} // namespace
} // namespace codex::codec

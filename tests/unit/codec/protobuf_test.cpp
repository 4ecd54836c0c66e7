#include "codec/protobuf.hpp"

#include "codec/uvarint.hpp"
#include "must.hpp"
#include "vectors.hpp"

namespace codex::codec::protobuf {
namespace {

using codex::test::must;
using codex::test::must_fail;
using testing::HasSubstr;

std::vector<Field> fields_of(BytesView message) {
    std::vector<Field> fields;
    Reader reader(message);
    while (const auto field = must(reader.next()))
        fields.push_back(*field);
    return fields;
}

/// The error that ends the walk over `message`.
Error refusal(BytesView message) {
    Reader reader(message);
    for (;;) {
        auto field = reader.next();
        if (!field)
            return std::move(field.error());
        if (!*field)
            throw std::runtime_error("no error up to the end");
    }
}

Bytes hex(std::string_view text) {
    return must(from_hex(text));
}

TEST(ProtobufWriter, WritesZeroAndEmptyFields) {
    Writer writer;
    writer.varint(1, 0);
    writer.bytes(2, {});
    EXPECT_EQ(to_hex(writer.view()), "08001200");
    EXPECT_EQ(to_hex(writer.take()), "08001200");
    EXPECT_TRUE(writer.view().empty());
}

TEST(ProtobufWriter, KnownEncodings) {
    Writer nested;
    nested.varint(1, 150); // the example of the protobuf documentation: 08 96 01
    Writer writer;
    writer.text(2, "testing");
    writer.message(3, nested);
    writer.varint(16, ~std::uint64_t{0});
    EXPECT_EQ(to_hex(writer.view()), "120774657374696e67"
                                     "1a03089601"
                                     "8001ffffffffffffffffff01");
}

TEST(ProtobufReader, GivesFieldsInWireOrderWithRepeats) {
    const Bytes message = hex("1203616263080112000802"
                              "1d01020304"
                              "210102030405060708");
    const auto fields = fields_of(message);
    ASSERT_EQ(fields.size(), 6u);
    EXPECT_TRUE(fields[0].is_bytes(2));
    EXPECT_EQ(as_text(fields[0].bytes), "abc");
    EXPECT_TRUE(fields[1].is_varint(1));
    EXPECT_EQ(fields[1].value, 1u);
    EXPECT_TRUE(fields[2].bytes.empty());
    EXPECT_EQ(fields[3].value, 2u);
    EXPECT_EQ(fields[4].type, WireType::fixed32);
    EXPECT_EQ(fields[4].value, 0x04030201u);
    EXPECT_FALSE(fields[4].is_varint(3));
    EXPECT_EQ(fields[5].type, WireType::fixed64);
    EXPECT_EQ(fields[5].value, 0x0807060504030201u);
    EXPECT_TRUE(fields_of({}).empty());
}

TEST(ProtobufReader, RefusalsNameTheByte) {
    EXPECT_EQ(refusal(hex("0001")).code(), Errc::protobuf_invalid);
    EXPECT_THAT(refusal(hex("080100")).text(), HasSubstr("byte 2: field number 0"));
    EXPECT_THAT(refusal(hex("808080801001")).text(), HasSubstr("536870912 is out of range"));
    for (const char* group : {"0b", "0c", "0e", "0f"})
        EXPECT_THAT(refusal(hex(group)).text(), HasSubstr("wire type"));
    EXPECT_THAT(refusal(hex("08")).text(), HasSubstr("byte 1"));
    EXPECT_THAT(refusal(hex("08ffffffffffffffffff02")).text(), HasSubstr("over 64 bits"));
    EXPECT_THAT(refusal(hex("09ffffffffffffff")).text(), HasSubstr("8 bytes, but 7 are left"));
    EXPECT_THAT(refusal(hex("0dffffff")).text(), HasSubstr("4 bytes, but 3 are left"));
}

TEST(ProtobufReader, LengthsAtTheirBounds) {
    const auto with_length = [](std::uint64_t length) {
        Bytes message = hex("12");
        append_uvarint(message, length);
        append(message, as_bytes("abc"));
        return message;
    };
    EXPECT_THAT(refusal(with_length(4)).text(), HasSubstr("4 bytes, but 3 are left"));
    EXPECT_THAT(refusal(with_length(~std::uint64_t{0})).text(), HasSubstr("field 2"));
    EXPECT_EQ(fields_of(with_length(3)).size(), 1u);
    EXPECT_TRUE(fields_of(hex("1200"))[0].bytes.empty());
    EXPECT_EQ(fields_of(hex("08ffffffffffffffffff01"))[0].value, ~std::uint64_t{0});
    EXPECT_EQ(fields_of(hex("088000"))[0].value, 0u) << "padded forms are legal in protobuf";
    EXPECT_EQ(fields_of(hex("f8ffffff0f01"))[0].number, (1u << 29) - 1);
}

TEST(ProtobufReader, TruncationAtEveryByteGivesAPrefixOrAnError) {
    Writer writer;
    writer.varint(1, 300);
    writer.text(2, "name");
    writer.varint(70000, 1);
    const Bytes whole = writer.take();
    std::size_t clean = 0;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        Reader reader(BytesView(whole).first(size));
        auto field = reader.next();
        while (field && *field)
            field = reader.next();
        clean += field ? 1 : 0;
    }
    EXPECT_EQ(clean, 3u) << "only the three borders between fields read cleanly";
}

TEST(ProtobufReader, RandomRoundTrips) {
    std::mt19937_64 random(2);
    for (int round = 0; round < 500; ++round) {
        Writer writer;
        std::vector<std::pair<std::uint32_t, std::uint64_t>> numbers;
        std::vector<Bytes> values;
        for (std::uint64_t i = random() % 8; i-- > 0;) {
            numbers.emplace_back(1 + random() % 1000, random() >> (random() % 64));
            values.push_back(codex::test::random_bytes(random, random() % 300));
            writer.varint(numbers.back().first, numbers.back().second);
            writer.bytes(numbers.back().first, values.back());
        }
        const auto fields = fields_of(writer.view());
        ASSERT_EQ(fields.size(), 2 * numbers.size());
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            EXPECT_TRUE(fields[2 * i].is_varint(numbers[i].first));
            EXPECT_EQ(fields[2 * i].value, numbers[i].second);
            EXPECT_TRUE(equal(fields[2 * i + 1].bytes, values[i]));
        }
    }
}

} // namespace
} // namespace codex::codec::protobuf

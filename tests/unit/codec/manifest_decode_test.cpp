// What decode_manifest() refuses and passes over, on the wire.
#include "codec/protobuf.hpp"
#include "manifest_samples.hpp"

#include <functional>

namespace codex::codec {
namespace {

using codex::test::must_fail;
using codex::test::unhex;
using protobuf::Reader;
using protobuf::Writer;
using test::data_model;
using test::good;
using test::Json;
using test::must;
using test::plain_of;
using test::slot_root;
using testing::HasSubstr;

/// The good manifest's message with one header, erasure or verification field replaced or added on
/// the wire: what a writer with other checks than ours may send.
Bytes header_with(const std::function<void(Writer&)>& add) {
    const Bytes bytes = must(encode_manifest(plain_of(data_model()["datasets"][0])));
    Reader reader(bytes);
    Writer header;
    Reader inner(must(reader.next())->bytes);
    while (const auto field = must(inner.next())) {
        if (field->type == protobuf::WireType::bytes)
            header.bytes(field->number, field->bytes);
        else
            header.varint(field->number, field->value);
    }
    add(header);
    Writer out;
    out.message(1, header);
    return out.take();
}

Bytes with_erasure(const std::function<void(Writer&)>& add) {
    return header_with([&](Writer& header) {
        Writer erasure;
        add(erasure);
        header.message(7, erasure);
    });
}

Bytes with_verification(const std::function<void(Writer&)>& add) {
    return with_erasure([&](Writer& erasure) {
        Writer verification;
        add(verification);
        erasure.message(6, verification);
    });
}

void expect_decode_refused(const Bytes& bytes, std::string_view reason) {
    const Error error = must_fail(decode_manifest(bytes));
    EXPECT_EQ(error.code(), Errc::manifest_invalid);
    EXPECT_THAT(error.text(), HasSubstr(reason));
}

TEST(ManifestDecode, RulesHoldOnTheWire) {
    constexpr std::uint64_t kOver32 = std::uint64_t{1} << 32;
    const auto set = [](std::uint32_t field, std::uint64_t value) {
        return [=](Writer& out) { out.varint(field, value); };
    };
    expect_decode_refused(header_with(set(2, 0)), "block size is 0");
    expect_decode_refused(header_with(set(2, kOver32)), "block size 4294967296 is over 32 bits");
    expect_decode_refused(header_with(set(3, 0)), "dataset size is 0");
    expect_decode_refused(header_with(set(3, ~std::uint64_t{0})), "is over 2^63-1");
    expect_decode_refused(header_with(set(4, 0)), "block codec 0x0");
    expect_decode_refused(header_with(set(4, 0xCD02 + kOver32)), "block codec 0x10000cd02");
    expect_decode_refused(header_with(set(5, 0xCD10)), "hash function 0xcd10");
    for (const std::uint64_t version : {0u, 1u, 3u})
        expect_decode_refused(header_with(set(6, version)), "CID version number");
    expect_decode_refused(header_with(set(6, kOver32 + 2)), "over 32 bits");
    expect_decode_refused(header_with([](Writer& out) { out.bytes(1, {}); }),
                          "tree CID is missing");
    expect_decode_refused(header_with([](Writer& out) { out.text(1, "x"); }), "tree CID: ");

    expect_decode_refused(with_erasure([](Writer&) {}), "k, the number of data blocks");
    expect_decode_refused(with_erasure(set(1, kOver32)), "erasure info: k 4294967296 is over 32");
    expect_decode_refused(with_erasure(set(2, kOver32)), "erasure info: m 4294967296 is over 32");
    expect_decode_refused(with_erasure(set(1, 1)), "original tree CID is missing");
    expect_decode_refused(with_erasure([](Writer& out) { out.text(3, "x"); }),
                          "erasure info: original tree CID: ");
    expect_decode_refused(with_erasure(set(5, 2)), "protected strategy 2");
    expect_decode_refused(with_erasure(set(5, 256)), "protected strategy 256");
    expect_decode_refused(with_verification(set(3, kOver32)), "cell size 4294967296 is over 32");
    expect_decode_refused(with_verification(set(4, 257)), "verifiable strategy 257");
    expect_decode_refused(with_verification([](Writer& out) { out.text(1, "x"); }),
                          "verification info: verify root: ");
    expect_decode_refused(with_verification([](Writer& out) {
                              out.bytes(2, slot_root(1).bytes());
                              out.text(2, "x");
                          }),
                          "slot root 1: ");
}

TEST(ManifestDecode, LastOneWinsUnknownAndMistypedAreSkipped) {
    const Manifest manifest = plain_of(data_model()["datasets"][0]);
    const Bytes bytes = header_with([](Writer& header) {
        header.varint(3, 77);
        header.varint(10, 1700000000); // uploadedAt of an older generation
        header.text(3, "mistyped size");
        header.varint(8, 5);
        header.text(8, "first");
        header.text(8, "second");
        header.text(9, "a/b");
        header.text(9, "");
        header.text(100, "unknown");
    });
    const Manifest decoded = must(decode_manifest(bytes));
    EXPECT_EQ(decoded.tree, manifest.tree);
    EXPECT_EQ(decoded.dataset_size_bytes, 77u);
    EXPECT_EQ(decoded.filename, "second");
    EXPECT_EQ(decoded.mimetype, std::nullopt) << "empty is not set";
}

TEST(ManifestDecode, OuterMessage) {
    Bytes bytes = unhex(data_model()["datasets"][0]["manifestHex"]);
    const Manifest manifest = must(decode_manifest(bytes));
    Writer more;
    more.varint(2, 7);
    more.varint(1, 7); // mistyped header: skipped
    append(bytes, more.view());
    EXPECT_EQ(must(decode_manifest(bytes)), manifest);

    expect_decode_refused({}, "no header");
    expect_decode_refused(must(from_hex("0801")), "no header");
    expect_decode_refused(must(from_hex("0a00")), "tree CID is missing");
    expect_decode_refused(Bytes(kMaxManifestBytes + 1), "over the limit");
    EXPECT_EQ(must_fail(decode_manifest(must(from_hex("0a05")))).code(), Errc::protobuf_invalid);
    EXPECT_EQ(must_fail(decode_manifest(must(from_hex("0a0108")))).code(), Errc::protobuf_invalid);
}

TEST(ManifestDecode, TruncationAtEveryByteIsRefused) {
    for (const Json& text :
         {data_model()["datasets"][4]["manifestHex"], data_model()["external"][0]["manifestHex"],
          data_model()["protectedDatasets"][1]["protectedManifestHex"],
          data_model()["protectedDatasets"][0]["verifiableManifestDummyRoots"]["hex"]}) {
        const Bytes bytes = unhex(text);
        ASSERT_TRUE(decode_manifest(bytes).has_value());
        for (std::size_t size = 0; size < bytes.size(); ++size)
            EXPECT_FALSE(decode_manifest(BytesView(bytes).first(size)).has_value()) << size;
    }
}

TEST(ManifestDecode, HeaderLengthAtItsBounds) {
    const Bytes bytes = unhex(data_model()["datasets"][0]["manifestHex"]);
    for (const int length : {0, 1, static_cast<int>(bytes.size()) - 1, 0x7f}) {
        Bytes changed = bytes;
        changed[1] = static_cast<std::uint8_t>(length);
        EXPECT_FALSE(decode_manifest(changed).has_value()) << length;
    }
}

} // namespace
} // namespace codex::codec

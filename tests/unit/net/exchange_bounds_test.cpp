// Messages of block exchange that are not what they should be: values that crash other nodes, which
// are refused and cannot be written; what is missing, unknown or too long.
#include "codec/protobuf.hpp"
#include "exchange_fixture.hpp"

namespace codex::net::exchange {
namespace {

using codec::protobuf::Writer;
using test::must_fail;
using testing::HasSubstr;

Error refusal(BytesView body) {
    Collected collected;
    Decoder decoder;
    return must_fail(decoder.receive(framed(body), collected));
}

/// A want list of one entry, whose address and fields are given.
Bytes want_list(std::uint64_t leaf, std::uint64_t index, std::uint64_t priority,
                std::uint64_t cancel, std::uint64_t type, std::uint64_t dont_have,
                std::uint64_t full) {
    Writer address;
    address.varint(1, leaf);
    address.bytes(2, tree().bytes());
    address.varint(3, index);
    Writer entry;
    entry.message(1, address);
    entry.varint(2, priority);
    entry.varint(3, cancel);
    entry.varint(4, type);
    entry.varint(5, dont_have);
    Writer list;
    list.message(1, entry);
    list.varint(2, full);
    Writer message;
    message.message(1, list);
    return message.take();
}

TEST(ExchangeBounds, ValuesThatCrashOthersAreRefused) {
    EXPECT_EQ(
        decoded(want_list(1, kMaxIndex, INT32_MAX, 1, 1, 1, 1))->message.wants[0].address.index,
        kMaxIndex);
    for (const Bytes& bad : {
             want_list(2, 0, 0, 0, 0, 0, 0), want_list(1, kMaxIndex + 1, 0, 0, 0, 0, 0),
             want_list(1, UINT64_MAX, 0, 0, 0, 0, 0),
             want_list(1, 0, std::uint64_t{INT32_MAX} + 1, 0, 0, 0, 0),
             want_list(1, 0, UINT64_MAX, 0, 0, 0, 0), // -1
             want_list(1, 0, 0, 2, 0, 0, 0), want_list(1, 0, 0, 0, 2, 0, 0),
             want_list(1, 0, 0, 0, UINT64_MAX, 0, 0), want_list(1, 0, 0, 0, 0, 2, 0),
             want_list(1, 0, 0, 0, 0, 0, 2), want_list(0, 0, 0, 0, 0, 0, 0), // no CID of a block
         })
        EXPECT_EQ(refusal(bad).code(), Errc::exchange_invalid);
    EXPECT_THAT(refusal(want_list(1, 0, 0, 2, 0, 0, 0)).text(), HasSubstr("cancel is 2"));
}

TEST(ExchangeBounds, ValuesThatCrashOthersCannotBeWritten) {
    // Flags and types have no other values here; numbers are held to their bounds.
    Message largest;
    largest.wants = {{{tree(), true, kMaxIndex}}};
    EXPECT_EQ(decoded(encode(largest))->message.wants, largest.wants);
    Message beyond;
    beyond.wants = {{{tree(), true, kMaxIndex + 1}}};
    EXPECT_EXIT(static_cast<void>(encode(beyond)), testing::ExitedWithCode(70), "kMaxIndex");
    Message without;
    without.presences = {{{Cid(), false, 0}}};
    EXPECT_EXIT(static_cast<void>(encode(without)), testing::ExitedWithCode(70), "is_null");
    // All that is written of flags, types and priority is 0 or 1.
    for (const auto& want : {Want{{tree(), true, 1}, true, WantType::have, true},
                             Want{{tree(), true, 1}, false, WantType::block, false}}) {
        Message message;
        message.wants = {want};
        EXPECT_EQ(decoded(encode(message))->message.wants[0], want);
    }
}

TEST(ExchangeBounds, WhatMustBeThereIsMissed) {
    Writer address;
    address.varint(1, 1);
    address.varint(3, 1);
    Writer no_tree;
    no_tree.message(1, address);
    Writer bad_cid;
    Writer of_bad_cid;
    of_bad_cid.bytes(4, Bytes{1, 2, 3});
    bad_cid.message(1, of_bad_cid);
    for (const std::uint32_t field : {3u, 4u}) {
        for (Writer* part : {&no_tree, &bad_cid}) {
            Writer message;
            message.message(field, *part);
            EXPECT_EQ(refusal(message.view()).code(), Errc::exchange_invalid);
        }
        Writer empty;
        empty.bytes(field, {});
        EXPECT_THAT(refusal(empty.view()).text(), HasSubstr("missing"));
    }
    Writer list;
    list.message(1, no_tree);
    Writer message;
    message.message(1, list);
    EXPECT_THAT(refusal(message.view()).text(), HasSubstr("CID of the tree is missing"));
    EXPECT_THAT(refusal(message.view()).text(), HasSubstr("byte"));
}

TEST(ExchangeBounds, WhatIsUnknownOrLeftOutIsNoError) {
    // As libraries for version 3 write it: what is 0 is left out.
    Writer address;
    address.bytes(4, Cid::empty_block().bytes());
    Writer entry;
    entry.message(1, address);
    Writer list;
    list.message(1, entry);
    list.text(9, "unknown");
    list.text(2, "full of another wire type");
    Writer presence;
    presence.message(1, address);
    Writer message;
    message.varint(2, 7);
    message.text(15, std::string(100000, 'x'));
    message.message(1, list);
    message.message(4, presence);
    message.varint(3, 7); // payload of another wire type
    Bytes body = message.take();
    append(body, must(from_hex("2dffffffff"
                               "29ffffffffffffffff"))); // fixed widths
    for (const std::size_t piece : {1u, 3u, 1u << 20}) {
        const auto found = decoded(body, piece);
        ASSERT_EQ(found->message.wants.size(), 1u);
        EXPECT_EQ(found->message.wants[0], (Want{{Cid::empty_block(), false, 0}}));
        ASSERT_EQ(found->message.presences.size(), 1u);
        EXPECT_TRUE(found->message.presences[0].have);
        EXPECT_FALSE(found->message.full);
    }
}

TEST(ExchangeBounds, WhatIsSaidOfPaymentIsPassedOverAndNothingIsSaidOfIt) {
    Writer account;
    account.bytes(1, Bytes(20, 0xaa));
    Writer no_account;
    no_account.bytes(1, Bytes(300, 0xaa));
    Writer update;
    update.text(1, R"({"signedState": "no JSON that anybody reads)");
    for (const Writer* const first : {&account, &no_account}) {
        Writer message;
        message.varint(5, UINT64_MAX);
        message.message(6, *first);
        message.message(7, update);
        const auto found = decoded(message.view());
        EXPECT_EQ(found->messages, 1);
        EXPECT_TRUE(found->message.wants.empty() && found->message.presences.empty());
    }
    // And each message ends with no pending bytes, an account of nobody, and an update of nothing.
    Message wants;
    wants.wants = {{{tree(), true, 1}}};
    Message presences;
    presences.presences = {{{tree(), true, 1}}};
    for (const Message& message : {Message(), wants, presences})
        EXPECT_TRUE(to_hex(encode(message)).ends_with("280032020a003a020a00"));
}

/// Keeps nothing.
class CountedBlocks final : public MessageEvents {
public:
    void wants_begin() override {}
    void want(const Want& /*want*/) override {}
    void wants_end(bool /*full*/) override {}
    void delivery(const Delivery& delivery) override { bytes += delivery.data.size(); }
    void presence(const Presence& /*presence*/) override {}
    void message_end() override { ++messages; }
    std::size_t bytes = 0;
    int messages = 0;
};

TEST(ExchangeBounds, TheLongestMessageCostsOneBlockOfMemory) {
    Message one;
    const Bytes data(65536, 'x');
    one.deliveries = {
        {Cid::block(crypto::sha256(data)), data, {tree(), true, 3}, as_bytes("proof")}};
    // The delivery alone: behind the empty list, before what each message ends with.
    const Bytes body = encode(one);
    const BytesView delivery = BytesView(body).subspan(4, body.size() - 4 - 10);
    const std::size_t count = kMaxMessageBytes / delivery.size();
    Bytes length;
    codec::append_uvarint(length, count * delivery.size());
    Decoder decoder;
    CountedBlocks counted;
    must(decoder.receive(length, counted));
    std::size_t most = 0;
    for (std::size_t i = 0; i < count; ++i) {
        for (const std::size_t at : {std::size_t{0}, std::size_t{30000}, std::size_t{60000}})
            must(decoder.receive(delivery.subspan(at, at == 60000 ? delivery.size() - at : 30000),
                                 counted));
        most = std::max(most, decoder.held_bytes());
        ASSERT_EQ(counted.bytes, (i + 1) * data.size());
    }
    EXPECT_EQ(counted.messages, 1);
    EXPECT_GT(count, 1500U);
    EXPECT_LE(most, 3 * data.size());
}

TEST(ExchangeBounds, APriceOverItsBoundMakesThePresenceNone) {
    const auto with_price = [](std::size_t size) {
        Writer address;
        address.bytes(4, Cid::empty_block().bytes());
        Writer presence;
        presence.message(1, address);
        presence.bytes(3, Bytes(size, 1));
        Writer message;
        message.message(4, presence);
        return message.take();
    };
    const auto one = decoded(with_price(1));
    EXPECT_EQ(one->message.presences[0].price[31], 1);
    EXPECT_EQ(one->message.presences[0].price[30], 0);
    EXPECT_EQ(decoded(with_price(32))->message.presences.size(), 1u);
    EXPECT_TRUE(decoded(with_price(33))->message.presences.empty());
}

TEST(ExchangeBounds, SizesAtTheirBounds) {
    Collected collected;
    Decoder longest;
    Bytes length;
    codec::append_uvarint(length, kMaxMessageBytes);
    must(longest.receive(length, collected));
    Decoder longer;
    length.clear();
    codec::append_uvarint(length, kMaxMessageBytes + 1);
    EXPECT_EQ(must_fail(longer.receive(length, collected)).code(), Errc::limit_exceeded);
    Decoder garbage;
    EXPECT_EQ(must_fail(garbage.receive(Bytes(10, 0xff), collected)).code(),
              Errc::protobuf_invalid);

    DecodeLimits limits;
    limits.block_bytes = 100;
    const auto with_block = [&](std::size_t size) {
        Message message;
        const Bytes data(size, 'x');
        message.deliveries = {
            {Cid::block(crypto::sha256(data)), data, {tree(), true, 3}, as_bytes("proof")}};
        Decoder decoder(limits);
        return decoder.receive(encode_framed(message), collected);
    };
    must(with_block(100));
    EXPECT_EQ(must_fail(with_block(101)).code(), Errc::limit_exceeded);
    // A length inside that reaches over the end of what it is in.
    EXPECT_THAT(refusal(must(from_hex("0a7f00"))).text(), HasSubstr("127 bytes, but 1 are left"));
    EXPECT_THAT(refusal(must(from_hex("0a020a7f"))).text(), HasSubstr("127 bytes, but 0 are left"));
    EXPECT_THAT(refusal(must(from_hex("0a020a80"))).text(), HasSubstr("cut"));
    EXPECT_THAT(refusal(must(from_hex("1a"))).text(), HasSubstr("cut"));
    EXPECT_THAT(refusal(must(from_hex("0b"))).text(), HasSubstr("wire type 3"));
    EXPECT_THAT(refusal(must(from_hex("0001"))).text(), HasSubstr("field number 0"));
    // An entry longer than any.
    Writer entry;
    entry.text(9, std::string(1025, 'x'));
    Writer list;
    list.message(1, entry);
    Writer message;
    message.message(1, list);
    EXPECT_EQ(refusal(message.view()).code(), Errc::limit_exceeded);
}

} // namespace
} // namespace codex::net::exchange

// Messages of block exchange: those of the vectors and of running nodes, both ways, in any pieces;
// and values that crash other nodes, which are refused and cannot be written.
#include "net/exchange/decoder.hpp"

#include "byte_generator.hpp"
#include "codec/protobuf.hpp"
#include "codec/uvarint.hpp"
#include "crypto/hash/sha256.hpp"
#include "network_vectors.hpp"

namespace codex::net::exchange {
namespace {

using codec::protobuf::Writer;
using test::Json;
using test::must;
using test::must_fail;
using test::unhex;
using testing::HasSubstr;

/// Puts together what the decoder gives, and so keeps the bytes of blocks.
class Collected final : public MessageEvents {
public:
    void wants_begin() override { ++lists; }
    void want(const Want& want) override { message.wants.push_back(want); }
    void wants_end(bool full) override { message.full |= full; }
    void delivery(const Delivery& delivery) override {
        Delivery kept = delivery;
        kept.data = keep(delivery.data);
        kept.proof = keep(delivery.proof);
        message.deliveries.push_back(kept);
    }
    void presence(const Presence& presence) override { message.presences.push_back(presence); }
    void message_end() override { ++messages; }

    Message message;
    int lists = 0;
    int messages = 0;

private:
    BytesView keep(BytesView bytes) {
        return *kept_.emplace_back(std::make_unique<Bytes>(bytes.begin(), bytes.end()));
    }
    std::vector<std::unique_ptr<Bytes>> kept_;
};

Bytes framed(BytesView body) {
    Bytes bytes;
    codec::append_uvarint(bytes, body.size());
    append(bytes, body);
    return bytes;
}

/// What one message says that arrives in pieces of `piece` bytes.
std::unique_ptr<Collected> decoded(BytesView body, std::size_t piece = SIZE_MAX) {
    auto collected = std::make_unique<Collected>();
    Decoder decoder;
    const Bytes stream = framed(body);
    for (std::size_t at = 0; at < stream.size();) {
        const std::size_t part = std::min(piece, stream.size() - at);
        must(decoder.receive(BytesView(stream).subspan(at, part), *collected));
        at += part;
        EXPECT_EQ(decoder.is_between_messages(), at == stream.size());
    }
    EXPECT_EQ(collected->messages, 1);
    return collected;
}

Error refusal(BytesView body) {
    Collected collected;
    Decoder decoder;
    return must_fail(decoder.receive(framed(body), collected));
}

/// The data that the nodes of the captures stored (tests/vectors/README.md).
Bytes captured_data(std::size_t size) {
    Bytes bytes(size);
    std::uint32_t state = 1;
    for (std::uint8_t& byte : bytes) {
        state = state * 1664525U + 1013904223U;
        byte = static_cast<std::uint8_t>(state >> 24);
    }
    return bytes;
}

/// The message of a capture, with blocks of the test generator in their places.
Bytes captured(const Json& entry) {
    if (!entry.contains("parts"))
        return unhex(entry["hex"]);
    Bytes body;
    for (const Json& part : entry["parts"]) {
        if (part.contains("hex")) {
            append(body, unhex(part["hex"]));
            continue;
        }
        unsigned long bytes = 0;
        unsigned long block = 0;
        const auto words = part["blockData"].get<std::string>();
        if (std::sscanf(words.c_str(), "lcg %lu bytes, block %lu", &bytes, &block) != 2)
            throw std::runtime_error("cannot read " + words);
        Bytes content = captured_data(bytes);
        content.resize((bytes + 65535) / 65536 * 65536);
        append(body, BytesView(content).subspan(block * 65536, 65536));
    }
    return body;
}

TEST(ExchangeMessages, VectorsBothWays) {
    const Json& messages = network()["blockexc"]["messages"];
    ASSERT_EQ(messages.size(), 9u);
    for (const Json& vector : messages) {
        const Bytes body = unhex(vector["message"]);
        const auto found = decoded(body);
        if (vector["name"] == "account")
            found->message.account = must(from_hex("00112233445566778899aabbccddeeff00112233"));
        EXPECT_EQ(encode(found->message), body) << vector["name"];
        const Bytes whole = encode_framed(found->message);
        EXPECT_TRUE(equal(BytesView(whole).first(whole.size() - body.size()),
                          unhex(vector["frame_prefix"])));
    }
}

TEST(ExchangeMessages, OfRunningNodesAreReadAndWrittenTheSame) {
    const Json captures = test::load_vectors("network-captures.json");
    std::size_t seen = 0;
    for (const Json& entry : captures["blockExchange"]) {
        const Bytes body = captured(entry);
        ASSERT_EQ(body.size(), entry["len"]) << entry["what"];
        if (entry.contains("sha256")) {
            EXPECT_TRUE(equal(crypto::sha256(body), unhex(entry["sha256"])));
        }
        const auto found = decoded(body);
        if (found->message.deliveries.size() <= kMaxBlocksWritten) {
            EXPECT_EQ(encode(found->message), body) << entry["what"];
        }
        for (const Delivery& delivery : found->message.deliveries)
            EXPECT_TRUE(equal(crypto::sha256(delivery.data), delivery.cid.digest()));
        ++seen;
    }
    EXPECT_GE(seen, 30u);
}

TEST(ExchangeMessages, ArriveInAnyPieces) {
    const Json& messages = network()["blockexc"]["messages"];
    for (const Json& vector : messages) {
        const Bytes body = unhex(vector["message"]);
        const auto whole = decoded(body);
        for (const std::size_t piece : {1u, 2u, 3u, 19u, 50u}) {
            const auto found = decoded(body, piece);
            EXPECT_EQ(encode(found->message), encode(whole->message)) << vector["name"] << piece;
        }
    }
}

TEST(ExchangeMessages, FollowEachOtherInOneStream) {
    Bytes stream;
    for (const Json& vector : network()["blockexc"]["messages"])
        append(stream, framed(unhex(vector["message"])));
    append(stream, Bytes{0}); // a message of nothing
    for (const std::size_t piece : {1u, 7u, 1000u, 100000u}) {
        Collected collected;
        Decoder decoder;
        for (std::size_t at = 0; at < stream.size(); at += piece)
            must(decoder.receive(BytesView(stream).subspan(at, std::min(piece, stream.size() - at)),
                                 collected));
        EXPECT_EQ(collected.messages, 10);
        EXPECT_EQ(collected.message.wants.size(), 5u);
        EXPECT_EQ(collected.message.presences.size(), 2u);
        EXPECT_EQ(collected.message.deliveries.size(), 2u);
        EXPECT_TRUE(decoder.is_between_messages());
    }
}

TEST(ExchangeMessages, CutAtAnyByteNeverGiveMoreThanTheyHave) {
    for (const Json& vector : network()["blockexc"]["messages"]) {
        const Bytes body = unhex(vector["message"]);
        for (std::size_t size = 0; size < body.size(); ++size) {
            // The stream ends: what is not whole is not given.
            Collected waiting;
            Decoder decoder;
            const Bytes stream = framed(body);
            must(decoder.receive(BytesView(stream).first(stream.size() - body.size() + size),
                                 waiting));
            EXPECT_EQ(waiting.messages, 0);
            EXPECT_FALSE(decoder.is_between_messages());
            // The message says that it is shorter: an error, or a border between two fields.
            Collected shorter;
            Decoder other;
            if (other.receive(framed(BytesView(body).first(size)), shorter)) {
                EXPECT_EQ(shorter.messages, 1);
            }
        }
    }
}

Cid tree() {
    return Cid::sha256(codec::Multicodec::codex_root, crypto::sha256(as_bytes("tree")));
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

TEST(ExchangeMessages, ValuesThatCrashOthersAreRefused) {
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

TEST(ExchangeMessages, WhatMustBeThereIsMissed) {
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

TEST(ExchangeMessages, WhatIsUnknownOrLeftOutIsNoError) {
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

TEST(ExchangeMessages, APriceOverItsBoundMakesThePresenceNone) {
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

TEST(ExchangeMessages, SizesAtTheirBounds) {
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

TEST(ExchangeMessages, BlocksArePutIntoPlaceByTheCaller) {
    const Bytes proof = unhex(network()["proofs"]["trees"][2]["proofs"][1]["encoded"]);
    Message message;
    DeliveryMessage built;
    std::vector<Bytes> data;
    for (std::size_t i = 0; i < kMaxBlocksWritten; ++i)
        data.push_back(test::generate(static_cast<std::uint32_t>(i), i * 1000));
    for (std::size_t i = 0; i < data.size(); ++i) {
        const Cid cid = Cid::block(crypto::sha256(data[i]));
        const bool leaf = i % 2 == 0;
        const BlockAddress address{leaf ? tree() : cid, leaf, leaf ? i : 0};
        message.deliveries.push_back(
            {cid, data[i], address, leaf ? BytesView(proof) : BytesView()});
        built.add(cid, data[i].size(), address, proof);
    }
    Bytes bytes = built.head();
    for (std::size_t i = 0; i < data.size(); ++i) {
        append(bytes, built.parts()[i].head);
        append(bytes, data[i]);
        append(bytes, built.parts()[i].tail);
    }
    append(bytes, DeliveryMessage::tail());
    EXPECT_EQ(bytes, encode_framed(message));
    EXPECT_EQ(encode(message).size(), built.size());
}

TEST(ExchangeMessages, TheEmptyBlockIsAFieldOfNothing) {
    Message message;
    message.deliveries = {{Cid::empty_block(), {}, {tree(), true, 9}, as_bytes("p")}};
    const Bytes body = encode(message);
    EXPECT_THAT(to_hex(body), HasSubstr(to_hex(Cid::empty_block().bytes()) + "1200"));
    const auto found = decoded(body);
    ASSERT_EQ(found->message.deliveries.size(), 1u);
    EXPECT_TRUE(found->message.deliveries[0].data.empty());
    EXPECT_EQ(found->message.deliveries[0].address, message.deliveries[0].address);
}

TEST(ExchangeMessages, SizesOfWantsAndPresences) {
    Message wants;
    Message presences;
    for (std::uint64_t i = 0; i < kMaxEntriesWritten; ++i) {
        wants.wants.push_back({{tree(), true, i}, false, WantType::have, true});
        presences.presences.push_back({{tree(), true, i}});
    }
    EXPECT_LT(encode(wants).size(), 60000u);
    EXPECT_LT(encode(presences).size(), 90000u);
    EXPECT_EQ(decoded(encode(wants))->message.wants, wants.wants);
    EXPECT_EQ(decoded(encode(presences), 1000)->message.presences, presences.presences);
}

} // namespace
} // namespace codex::net::exchange

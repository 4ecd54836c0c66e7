// Messages of block exchange: those of the vectors and of running nodes, both ways, in any pieces.
#include "byte_generator.hpp"
#include "exchange_fixture.hpp"

namespace codex::net::exchange {
namespace {

using test::Json;
using test::unhex;
using testing::HasSubstr;

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

/// Keeps the first block that it may have, memory and all.
class Taker final : public MessageEvents {
public:
    void wants_begin() override {}
    void want(const Want& /*want*/) override {}
    void wants_end(bool /*full*/) override {}
    void delivery(const Delivery& delivery) override {
        if (delivery.memory == nullptr || !memory.empty())
            return;
        memory = std::move(*delivery.memory);
        data = delivery.data;
        EXPECT_TRUE(delivery.memory->empty());
    }
    void presence(const Presence& /*presence*/) override {}
    void message_end() override {}

    Bytes memory;
    BytesView data;
};

TEST(ExchangeMessages, LeaveTheMemoryOfABlockThatCameInPiecesToWhoeverWantsIt) {
    const Bytes data(1000, 7);
    const Bytes other(1000, 8);
    Message message;
    for (const BytesView of : {BytesView(data), BytesView(other)}) {
        Delivery& delivery = message.deliveries.emplace_back();
        delivery.cid = Cid::block(crypto::sha256(of));
        delivery.address.cid = delivery.cid;
        delivery.data = of;
    }
    const Bytes stream = framed(encode(message));
    Taker taker;
    Collected after;
    Decoder decoder;
    must(decoder.receive(BytesView(stream).first(stream.size() / 4), taker));
    must(decoder.receive(BytesView(stream).subspan(stream.size() / 4, stream.size() / 2), taker));
    must(decoder.receive(BytesView(stream).subspan(stream.size() / 4 * 3), after));
    EXPECT_TRUE(equal(taker.data, data));
    EXPECT_LE(taker.data.data() + taker.data.size(), taker.memory.data() + taker.memory.size());
    EXPECT_GE(taker.data.data(), taker.memory.data());
    ASSERT_EQ(after.message.deliveries.size(), 1U);
    EXPECT_TRUE(equal(after.message.deliveries[0].data, other)) << "the next one has its own";

    Taker nothing;
    Decoder whole;
    must(whole.receive(stream, nothing));
    EXPECT_TRUE(nothing.memory.empty()) << "what is whole in the input is the caller's";
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

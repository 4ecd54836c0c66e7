// Ids, records and messages of the DHT.
#include "codec/protobuf.hpp"
#include "net/dht/message.hpp"
#include "net/dht/record.hpp"
#include "network_vectors.hpp"

namespace codex::net::dht {
namespace {

using codec::protobuf::Writer;
using test::Json;
using test::must;
using test::must_fail;
using test::unhex;
using testing::HasSubstr;

Id id_of(const Json& text) {
    return Id::from_bytes(unhex(text));
}

RequestId request_id(std::initializer_list<std::uint8_t> bytes) {
    return must(RequestId::from_bytes(Bytes(bytes)));
}

Bytes record_at(std::size_t index) {
    return unhex(network()["spr"]["records"][index]["bytes"]);
}

/// What the messages of the vectors say, in their order.
std::vector<Body> expected_bodies() {
    const Id id = id_of(network()["dht_ids"]["log_distance"][0]["a"]);
    const std::array<std::uint8_t, 4> loopback = {127, 0, 0, 1};
    const auto text = [](std::string_view words) { return Bytes(words.begin(), words.end()); };
    return {Ping{1},
            Pong{1, SocketAddress(loopback, 5000)},
            FindNode{{256}},
            Nodes{1, {}},
            TalkRequest{text("echo"), text("hi")},
            TalkResponse{text("hi")},
            FindNodeFast{id},
            GetProviders{id},
            AddProvider{id, record_at(0)},
            Providers{1, {record_at(0)}},
            Nodes{1, {record_at(0), record_at(1)}}};
}

TEST(DhtIds, AreThoseOfTheVectors) {
    for (const Json& vector : network()["identity"]["vectors"]) {
        const PeerId peer = must(PeerId::from_bytes(unhex(vector["peer_id_bytes"])));
        EXPECT_EQ(Id::of_peer(peer), id_of(vector["dht_node_id"]));
    }
    for (const Json& vector : network()["spr"]["records"])
        EXPECT_EQ(must(open_node_record(unhex(vector["bytes"]))).id, id_of(vector["node_id"]));
    const Json& ids = network()["dht_ids"];
    for (const Json& vector : ids["cid_to_id"]) {
        const Cid cid = must(Cid::from_text(vector["cid_text"].get<std::string>()));
        EXPECT_EQ(Id::of_content(cid).text(), vector["id"].get<std::string>());
    }
    const Bytes address = unhex(ids["eth_address_to_id"][0]["address"]);
    EXPECT_EQ(Id::of_account(BytesView(address).first<20>()),
              id_of(ids["eth_address_to_id"][0]["id"]));
    const Json captured = test::load_vectors("network-captures.json");
    for (const Json& node : captured["nodes"]) {
        const PeerId peer = must(PeerId::from_text(node["peerId"].get<std::string>()));
        EXPECT_EQ(Id::of_peer(peer), id_of(node["nodeId"]));
    }
}

TEST(DhtIds, LogDistances) {
    for (const Json& vector : network()["dht_ids"]["log_distance"])
        EXPECT_EQ(log_distance(id_of(vector["a"]), id_of(vector["b"])), vector["distance"]);
    // Each bit alone, and with all below it.
    for (unsigned bit = 0; bit < 256; ++bit) {
        Id one;
        one.bytes[31 - bit / 8] = static_cast<std::uint8_t>(1u << bit % 8);
        Id all = one;
        for (unsigned below = 0; below < bit; ++below)
            all.bytes[31 - below / 8] |= static_cast<std::uint8_t>(1u << below % 8);
        EXPECT_EQ(log_distance(Id(), one), bit + 1);
        EXPECT_EQ(log_distance(all, Id()), bit + 1);
        EXPECT_EQ(log_distance(all, all), 0u);
    }
}

TEST(DhtRecords, SayWhereANodeIsReached) {
    const SecretKey key = identity_named("dht_a");
    const auto reached = [&](std::vector<std::string> texts) {
        std::vector<Multiaddr> addresses;
        for (const std::string& text : texts)
            addresses.push_back(must(Multiaddr::from_text(text)));
        const auto record = must(open_node_record(seal_peer_record(key, 7, addresses)));
        EXPECT_EQ(record.record.sequence, 7u);
        const auto address = udp_address(record.record);
        return address ? address->text() : "nowhere";
    };
    EXPECT_EQ(reached({"/ip4/127.0.0.1/udp/8090"}), "127.0.0.1:8090");
    EXPECT_EQ(reached({"/ip4/10.0.0.1/tcp/1", "/ip4/10.0.0.2/udp/2", "/ip4/10.0.0.3/udp/3"}),
              "10.0.0.2:2");
    EXPECT_EQ(reached({"/ip6/2001:db8::1/udp/2"}), "[2001:db8::1]:2");
    EXPECT_EQ(reached({"/ip4/10.0.0.1/udp/0", "/ip4/10.0.0.1/udp/1/quic-v1", "/udp/5",
                       "/dns4/example.org/udp/6", "/ip4/10.0.0.1/tcp/4"}),
              "nowhere");
    EXPECT_EQ(reached({}), "nowhere");
}

TEST(DhtRecords, AreKeptByteForByteAndHaveAKeyOfTheirKind) {
    const Bytes envelope = record_at(2);
    EXPECT_EQ(must(open_node_record(envelope)).envelope, envelope);
    Bytes changed = envelope;
    changed.back() ^= 1;
    EXPECT_EQ(must_fail(open_node_record(changed)).code(), Errc::record_invalid);
}

TEST(DhtMessages, OfTheReferenceBothWays) {
    const Json& vectors = network()["dht_messages"]["vectors"];
    const std::vector<Body> bodies = expected_bodies();
    ASSERT_EQ(vectors.size(), bodies.size());
    for (std::size_t i = 0; i < bodies.size(); ++i) {
        const Bytes plain = unhex(vectors[i]["hex"]);
        const Message message = must(decode(plain));
        EXPECT_EQ(message.id, request_id({1})) << i;
        EXPECT_EQ(message.body, bodies[i]) << i;
        EXPECT_EQ(encode(message), plain) << i;
    }
    for (const Json& reject : network()["dht_messages"]["reject"])
        EXPECT_FALSE(decode(unhex(reject["hex"])).has_value()) << reject["why"];
}

TEST(DhtMessages, CapturedOnesBothWays) {
    const Json captured = test::load_vectors("network-captures.json");
    std::size_t count = 0;
    for (const Json& kind : captured["dht"]) {
        for (const Json& vector : kind) {
            const Bytes plain = unhex(vector["hex"]);
            const Message message = must(decode(plain));
            EXPECT_EQ(message.id.bytes().size(), RequestId::kMaxBytes);
            EXPECT_EQ(encode(message), plain);
            if (const auto* nodes = std::get_if<Nodes>(&message.body)) {
                for (const Bytes& record : nodes->records)
                    EXPECT_TRUE(udp_address(must(open_node_record(record)).record));
            }
            if (const auto* add = std::get_if<AddProvider>(&message.body)) {
                EXPECT_FALSE(udp_address(must(open_node_record(add->record)).record));
            }
            ++count;
        }
    }
    EXPECT_EQ(count, 21u);
}

TEST(DhtMessages, CutAnywhereAreRefused) {
    for (const Json& vector : network()["dht_messages"]["vectors"]) {
        const Bytes plain = unhex(vector["hex"]);
        for (std::size_t size = 0; size < plain.size(); ++size)
            EXPECT_FALSE(decode(BytesView(plain).first(size)).has_value()) << size;
    }
}

/// A message of this kind, whose body is given.
Bytes framed(std::uint8_t kind, const Writer& body) {
    Writer frame;
    frame.bytes(1, Bytes{1});
    frame.message(2, body);
    Bytes plain = {kind};
    append(plain, frame.view());
    return plain;
}

TEST(DhtMessages, OfKindsThatNobodySpeaksAreEmpty) {
    for (const std::uint8_t kind : Bytes{0x00, 0x07, 0x08, 0x09, 0x0a, 0x0e, 0x82, 0x84, 0xff}) {
        Writer frame;
        frame.bytes(1, Bytes{1, 2});
        frame.bytes(2, Bytes{0xff, 0xff, 0xff}); // no message
        Bytes plain = {kind};
        append(plain, frame.view());
        const Message message = must(decode(plain));
        EXPECT_EQ(message, (Message{request_id({1, 2}), Unspoken{kind}}));
        EXPECT_EQ(must(decode(encode(message))), message);
    }
    EXPECT_EXIT(static_cast<void>(encode({RequestId(), Unspoken{0x83}})),
                testing::ExitedWithCode(70), "is_spoken");
}

TEST(DhtMessages, FieldsOfOtherLengthsAreRefused) {
    const auto refusal = [](std::uint8_t kind, const Writer& body) {
        const Error error = must_fail(decode(framed(kind, body)));
        EXPECT_EQ(error.code(), Errc::malformed);
        return error.text();
    };
    for (const std::size_t size : {0u, 1u, 3u, 4u}) {
        Writer distance;
        distance.bytes(1, Bytes{1, 0});
        distance.bytes(1, Bytes(size));
        EXPECT_THAT(refusal(0x03, distance), HasSubstr("distance has"));
    }
    for (const std::size_t size : {0u, 31u, 33u}) {
        Writer target;
        target.bytes(1, Bytes(size));
        for (const std::uint8_t kind : Bytes{0x0b, 0x0c, 0x83})
            EXPECT_THAT(refusal(kind, target), HasSubstr("id has"));
    }
    const auto pong = [](const Bytes& family, std::size_t ip_bytes, std::size_t port_bytes) {
        Writer ip;
        ip.bytes(1, family);
        ip.bytes(2, Bytes(ip_bytes));
        Writer body;
        body.varint(1, 1);
        body.message(2, ip);
        body.bytes(3, Bytes(port_bytes));
        return body;
    };
    EXPECT_EQ(std::get<Pong>(must(decode(framed(0x02, pong({0}, 16, 2)))).body).seen.text(),
              "[::]:0");
    for (const std::size_t size : {0u, 1u, 3u})
        EXPECT_THAT(refusal(0x02, pong({1}, 4, size)), HasSubstr("port has"));
    for (const std::size_t size : {0u, 3u, 5u, 16u})
        EXPECT_THAT(refusal(0x02, pong({1}, size, 2)), HasSubstr("IP address has"));
    for (const std::size_t size : {0u, 4u, 15u, 17u})
        EXPECT_THAT(refusal(0x02, pong({0}, size, 2)), HasSubstr("IP address has"));
    EXPECT_THAT(refusal(0x02, pong({}, 4, 2)), HasSubstr("family of the address has 0"));
    EXPECT_THAT(refusal(0x02, pong({0, 1}, 4, 2)), HasSubstr("family of the address has 2"));
    EXPECT_THAT(refusal(0x02, pong({2}, 4, 2)), HasSubstr("family 2"));
}

TEST(DhtMessages, WhatMustBeThereIsMissed) {
    for (const std::uint8_t kind :
         Bytes{0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0b, 0x0c, 0x0d, 0x83}) {
        EXPECT_EQ(must_fail(decode(framed(kind, Writer()))).code(), Errc::malformed) << int{kind};
        Writer no_body;
        no_body.bytes(1, Bytes{1});
        Bytes plain = {kind};
        append(plain, no_body.view());
        EXPECT_THAT(must_fail(decode(plain)).text(), HasSubstr("body is missing"));
        Writer no_id;
        no_id.bytes(2, {});
        plain = {kind};
        append(plain, no_id.view());
        EXPECT_THAT(must_fail(decode(plain)).text(), HasSubstr("request id is missing"));
    }
    Writer add;
    add.bytes(1, Bytes(32));
    EXPECT_THAT(must_fail(decode(framed(0x0b, add))).text(), HasSubstr("record is missing"));
    Writer talk;
    talk.bytes(1, Bytes{1});
    EXPECT_THAT(must_fail(decode(framed(0x05, talk))).text(), HasSubstr("request is missing"));
    EXPECT_THAT(must_fail(decode({})).text(), HasSubstr("empty"));
}

TEST(DhtMessages, WhatIsUnknownIsSkipped) {
    // As later nodes write it: field 3 of the frame is whether its sender only asks.
    Writer body;
    body.varint(1, 5);
    body.text(9, "unknown");
    body.text(1, "of another wire type");
    Writer frame;
    frame.bytes(1, Bytes(8, 7));
    frame.message(2, body);
    frame.varint(3, 1);
    Bytes plain = {0x01};
    append(plain, frame.view());
    EXPECT_EQ(must(decode(plain)), (Message{must(RequestId::from_bytes(Bytes(8, 7))), Ping{5}}));
    // An answer of 0 bytes is one; nothing else is empty.
    const Message silent{RequestId(), TalkResponse{}};
    EXPECT_EQ(must(decode(encode(silent))), silent);
}

TEST(DhtMessages, CountsAtTheirBounds) {
    const Message most{RequestId(), FindNode{std::vector<std::uint16_t>(kMaxDistances, 256)}};
    EXPECT_EQ(must(decode(encode(most))), most);
    Writer distances;
    for (std::size_t i = 0; i <= kMaxDistances; ++i)
        distances.bytes(1, Bytes{0xff, 0xff});
    EXPECT_EQ(must_fail(decode(framed(0x03, distances))).code(), Errc::limit_exceeded);
    EXPECT_EXIT(static_cast<void>(encode({RequestId(), FindNode{{257}}})),
                testing::ExitedWithCode(70), "kMaxDistance");
    EXPECT_EXIT(static_cast<void>(encode({RequestId(), FindNode{}})), testing::ExitedWithCode(70),
                "empty");
    Writer records;
    records.varint(1, UINT64_MAX);
    for (std::size_t i = 0; i < kMaxRecords + 5; ++i)
        records.bytes(2, Bytes{static_cast<std::uint8_t>(i)});
    const auto nodes = std::get<Nodes>(must(decode(framed(0x04, records))).body);
    EXPECT_EQ(nodes.total, UINT64_MAX);
    ASSERT_EQ(nodes.records.size(), kMaxRecords);
    EXPECT_EQ(nodes.records.back(), Bytes{kMaxRecords - 1});
    EXPECT_EQ(must_fail(RequestId::from_bytes(Bytes(9))).code(), Errc::limit_exceeded);
}

} // namespace
} // namespace codex::net::dht

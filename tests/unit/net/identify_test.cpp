// What peers say about themselves: written by the rules, read whatever comes.
#include "net/identify/identify.hpp"

#include "codec/protobuf.hpp"
#include "codec/uvarint.hpp"
#include "network_vectors.hpp"

namespace codex::net::identify {
namespace {

using test::must;
using test::must_fail;
using testing::HasSubstr;

Multiaddr address(std::string_view text) {
    return must(Multiaddr::from_text(text));
}

Identify sample(const SecretKey& key) {
    Identify identify;
    identify.public_key = key.public_key();
    identify.listen_addresses = {address("/ip4/192.0.2.7/tcp/8070"), address("/ip6/::1/tcp/8070")};
    identify.protocols = {std::string(kIdentify), "/codex/blockexc/1.0.0"};
    identify.observed_address = address("/ip4/127.0.0.1/tcp/40000");
    identify.protocol_version = kProtocolVersion;
    identify.agent_version = "Codex";
    identify.signed_record = seal_peer_record(key, 1700000000, identify.listen_addresses);
    identify.record = must(open_peer_record(identify.signed_record));
    return identify;
}

Bytes framed(BytesView message) {
    Bytes bytes;
    codec::append_uvarint(bytes, message.size());
    append(bytes, message);
    return bytes;
}

TEST(Identify, IsWrittenFieldByField) {
    const SecretKey key = identity_named("dht_a");
    Identify identify = sample(key);
    identify.signed_record.clear();
    identify.record.reset();
    const std::string expected = "0a25" + to_hex(key.public_key().encoded()) + //
                                 "1208"
                                 "04c0000207061f86"
                                 "1214"
                                 "2900000000000000000000000000000001061f86" +
                                 "1a0e"
                                 "2f697066732f69642f312e302e30" + //
                                 "1a15"
                                 "2f636f6465782f626c6f636b6578632f312e302e30" + //
                                 "2208"
                                 "047f000001069c40"
                                 "2a0a"
                                 "697066732f302e312e30"
                                 "3205"
                                 "436f646578";
    EXPECT_EQ(to_hex(encode(identify)), expected);
}

TEST(Identify, RoundTripsWithASignedRecord) {
    const Identify identify = sample(identity_named("dht_a"));
    EXPECT_EQ(must(decode(encode(identify))), identify);
    EXPECT_EQ(must(decode(encode(Identify()))), Identify());
}

TEST(Identify, AtMost4KiBAreWritten) {
    Identify identify = sample(identity_named("dht_a"));
    identify.listen_addresses.assign(1000, address("/dns4/a.long.name.example.org/tcp/8070"));
    const Bytes message = encode(identify);
    EXPECT_LE(message.size(), kMaxWrittenBytes);
    const Identify back = must(decode(message));
    EXPECT_EQ(back.protocols, identify.protocols) << "these are what must be known";
    EXPECT_EQ(back.public_key, identify.public_key);
    EXPECT_GT(back.listen_addresses.size(), 50u);
    EXPECT_FALSE(back.record.has_value());
    identify.protocols.assign(1000, "/a/protocol/1.0.0");
    identify.agent_version = std::string(10000, 'a');
    EXPECT_LE(encode(identify).size(), kMaxWrittenBytes);
}

TEST(Identify, CutAtAnyByteGivesAPrefixOrAnError) {
    const Bytes message = encode(sample(identity_named("dht_a")));
    std::size_t clean = 0;
    for (std::size_t size = 0; size < message.size(); ++size)
        clean += decode(BytesView(message).first(size)).has_value() ? 1 : 0;
    EXPECT_EQ(clean, 9u) << "the nine borders between fields, the front included";
    const Bytes stream = framed(message);
    for (std::size_t size = 0; size < stream.size(); ++size) {
        Reader reader;
        must(reader.receive(BytesView(stream).first(size)));
        EXPECT_EQ(must_fail(reader.finish()).code(), Errc::identify_invalid) << size;
    }
}

TEST(Identify, IsReadInAnyPiecesAndPutTogether) {
    const SecretKey key = identity_named("dht_a");
    Identify first;
    first.public_key = key.public_key();
    first.listen_addresses = {address("/ip4/192.0.2.1/tcp/1"), address("/ip4/192.0.2.2/tcp/2")};
    first.agent_version = "old";
    Identify second;
    second.listen_addresses = {address("/ip4/192.0.2.3/tcp/3")};
    second.agent_version = "new";
    Bytes stream = framed(encode(first));
    append(stream, framed(encode(second)));
    for (const std::size_t piece : {1u, 3u, 1000u}) {
        Reader reader;
        for (std::size_t at = 0; at < stream.size(); at += piece)
            must(
                reader.receive(BytesView(stream).subspan(at, std::min(piece, stream.size() - at))));
        const Identify found = must(reader.finish());
        EXPECT_EQ(found.public_key, key.public_key());
        EXPECT_EQ(found.listen_addresses, second.listen_addresses);
        EXPECT_EQ(found.agent_version, "new");
    }
    // A push that has nothing changes nothing.
    Identify kept = sample(key);
    merge(kept, Identify());
    EXPECT_EQ(kept, sample(key));
}

TEST(Identify, BoundsOfWhatIsRead) {
    const auto with = [](std::size_t size) { return framed(Bytes(size, 0)); };
    Reader large;
    Bytes length;
    codec::append_uvarint(length, kMaxReadBytes + 1);
    EXPECT_EQ(must_fail(large.receive(length)).code(), Errc::limit_exceeded);
    EXPECT_EQ(must_fail(decode(Bytes(kMaxReadBytes + 1))).code(), Errc::limit_exceeded);
    Reader malformed;
    EXPECT_EQ(must_fail(malformed.receive(with(3))).code(), Errc::identify_invalid);

    Reader many;
    for (std::size_t i = 0; i < 100; ++i)
        must(many.receive(framed({})));
    must(many.finish());

    codec::protobuf::Writer writer;
    for (int i = 0; i < 300; ++i) {
        writer.text(3, "/p/" + std::to_string(i));
        writer.bytes(2, address("/ip4/192.0.2.1/tcp/1").bytes());
        writer.bytes(2, must(from_hex("ff7f"))); // nobody knows this one
    }
    writer.text(3, std::string(257, 'p'));
    writer.text(6, std::string(1000, 'a'));
    const Identify found = must(decode(writer.view()));
    EXPECT_EQ(found.protocols.size(), kMaxProtocols);
    EXPECT_EQ(found.listen_addresses.size(), kMaxAddresses);
    EXPECT_EQ(found.agent_version->size(), kMaxTextBytes);
}

TEST(Identify, AMalformedRecordOrKeyFailsTheMessage) {
    const Bytes record = sample(identity_named("dht_a")).signed_record;
    for (std::size_t i = 0; i < record.size(); i += 7) {
        Bytes changed = record;
        changed[i] ^= 0x10;
        codec::protobuf::Writer writer;
        writer.bytes(8, changed);
        EXPECT_EQ(must_fail(decode(writer.view())).code(), Errc::identify_invalid) << i;
    }
    EXPECT_THAT(must_fail(decode(must(from_hex("0a03080212")))).text(), HasSubstr("field 1"));
}

TEST(Identify, WhoSpeaksMustBeThePeerOfTheHandshake) {
    const SecretKey key = identity_named("dht_a");
    const PeerId peer(key.public_key());
    const PeerId other(identity_named("dht_b").public_key());
    Identify identify = sample(key);
    must(check_sender(identify, peer, true));
    EXPECT_TRUE(identify.record.has_value());
    EXPECT_THAT(must_fail(check_sender(identify, other, false)).text(), HasSubstr(peer.text()));
    identify.public_key.reset();
    EXPECT_EQ(must_fail(check_sender(identify, peer, true)).code(), Errc::identify_invalid);
    must(check_sender(identify, other, false));
    EXPECT_FALSE(identify.record.has_value()) << "the record of another peer says nothing here";
    EXPECT_TRUE(identify.signed_record.empty());
}

} // namespace
} // namespace codex::net::identify

// Signed envelopes and the records of peers.
#include "net/identity/peer_record.hpp"

#include "codec/protobuf.hpp"
#include "net/identity/envelope.hpp"
#include "network_vectors.hpp"

namespace codex::net {
namespace {

using test::Json;
using test::must;
using test::must_fail;
using test::unhex;
using testing::HasSubstr;

std::vector<std::string> texts_of(const std::vector<Multiaddr>& addresses) {
    std::vector<std::string> texts;
    for (const Multiaddr& address : addresses)
        texts.push_back(address.text());
    return texts;
}

TEST(PeerRecords, OfTheNetworkAreOpened) {
    const Json& records = network()["spr"]["records"];
    ASSERT_EQ(records.size(), 11u);
    for (const Json& vector : records) {
        const Bytes envelope = must(spr_bytes(vector["text"].get<std::string>()));
        EXPECT_EQ(envelope, unhex(vector["bytes"]));
        EXPECT_EQ(spr_text(envelope), vector["text"].get<std::string>());
        const PeerRecord record = must(open_peer_record(envelope));
        EXPECT_EQ(record.peer.text(), vector["peer_id_text"].get<std::string>());
        EXPECT_EQ(record.sequence, vector["seq"]);
        EXPECT_EQ(texts_of(record.addresses), vector["addresses"].get<std::vector<std::string>>());
    }
}

TEST(PeerRecords, AreMadeByteForByte) {
    const Json& make = network()["spr"]["make"];
    const SecretKey key = must(SecretKey::from_scalar(unhex(make["private_key"])));
    const std::vector<Multiaddr> addresses = {
        must(Multiaddr::from_text(make["addresses"][0].get<std::string>()))};
    const Bytes envelope = seal_peer_record(key, make["seq"], addresses);
    EXPECT_EQ(envelope, unhex(make["bytes"]));
    EXPECT_EQ(spr_text(envelope), make["text"].get<std::string>());
    EXPECT_EQ(must(open_peer_record(envelope)).addresses, addresses);
}

TEST(PeerRecords, AnyChangedOrMissingByteIsRefused) {
    const Bytes envelope = unhex(network()["spr"]["make"]["bytes"]);
    for (std::size_t size = 0; size < envelope.size(); ++size)
        EXPECT_EQ(must_fail(open_peer_record(BytesView(envelope).first(size))).code(),
                  Errc::record_invalid)
            << size;
    for (std::size_t i = 0; i < envelope.size(); ++i) {
        Bytes changed = envelope;
        changed[i] ^= 0x10;
        EXPECT_EQ(must_fail(open_peer_record(changed)).code(), Errc::record_invalid) << i;
    }
    EXPECT_EQ(must_fail(open_peer_record(Bytes(kMaxEnvelopeBytes + 1))).code(),
              Errc::limit_exceeded);
}

TEST(PeerRecords, OfAnotherPurposeKindOrPeerAreRefused) {
    const SecretKey key = identity_named("dht_a");
    const Bytes type = {0x03, 0x01};
    const PeerRecord own{PeerId(key.public_key()), 7, {}};
    const Bytes payload = encode_peer_record(own);
    EXPECT_EQ(must(open_peer_record(seal_envelope(key, "libp2p-peer-record", type, payload))), own);
    const auto refusal = [&](std::string_view domain, const Bytes& kind, const PeerRecord& record) {
        Error error = must_fail(
            open_peer_record(seal_envelope(key, domain, kind, encode_peer_record(record))));
        EXPECT_EQ(error.code(), Errc::record_invalid);
        return error.text();
    };
    EXPECT_THAT(refusal("libp2p-routing-state", type, own), HasSubstr("signature"));
    EXPECT_THAT(refusal("libp2p-peer-record", {0x03, 0x02}, own), HasSubstr("another kind"));
    const PeerRecord other{PeerId(identity_named("dht_b").public_key()), 7, {}};
    EXPECT_THAT(refusal("libp2p-peer-record", type, other), HasSubstr(other.peer.text()));
}

TEST(PeerRecords, NeedPeerNumberAndOneReadableAddressIfAny) {
    const PeerId peer(identity_named("dht_a").public_key());
    const auto decoded = [&](bool with_peer, bool with_number, std::vector<std::string> addresses) {
        codec::protobuf::Writer writer;
        if (with_peer)
            writer.bytes(1, peer.bytes());
        if (with_number)
            writer.varint(2, 0);
        for (const std::string& address : addresses) {
            codec::protobuf::Writer nested;
            nested.bytes(1, must(from_hex(address)));
            writer.message(3, nested);
        }
        return decode_peer_record(writer.view());
    };
    EXPECT_TRUE(must(decoded(true, true, {})).addresses.empty());
    EXPECT_THAT(must_fail(decoded(false, true, {})).text(), HasSubstr("field 1"));
    EXPECT_THAT(must_fail(decoded(true, false, {})).text(), HasSubstr("field 2"));
    // A protocol that nobody here knows, and one address of one part only.
    EXPECT_THAT(must_fail(decoded(true, true, {"ff7f"})).text(), HasSubstr("none of 1"));
    EXPECT_EQ(texts_of(must(decoded(true, true, {"ff7f", "047f000001061f86"})).addresses),
              std::vector<std::string>{"/ip4/127.0.0.1/tcp/8070"});
    EXPECT_EQ(
        must(decoded(true, true, std::vector<std::string>(1000, "0401020304"))).addresses.size(),
        kMaxRecordAddresses);
}

TEST(PeerRecords, TextsOfOtherFormsAreRefused) {
    const std::string good = network()["spr"]["make"]["text"];
    for (const std::string& bad : {good.substr(4), "SPR:" + good.substr(4), good + "=", good + "A",
                                   std::string("spr:+/+/"), std::string("spr:"), std::string()}) {
        const auto bytes = spr_bytes(bad);
        EXPECT_TRUE(!bytes || !open_peer_record(*bytes)) << bad;
    }
    EXPECT_THAT(must_fail(spr_bytes("enr:abc")).hint(), HasSubstr("copy the whole"));
    EXPECT_EQ(must_fail(spr_bytes("spr:" + std::string(100000, 'A'))).code(), Errc::limit_exceeded);
}

TEST(PeerRecords, TheNumberOfTheNextIsHigher) {
    EXPECT_EQ(next_sequence(0, 1700000000), 1700000000u);
    EXPECT_EQ(next_sequence(1700000000, 1700000000), 1700000001u);
    EXPECT_EQ(next_sequence(1800000000, 1700000000), 1800000001u) << "the clock went back";
    EXPECT_EQ(next_sequence(UINT64_MAX, 5), UINT64_MAX);
    std::vector<std::uint64_t> kept;
    const auto keeper = [&kept](std::uint64_t sequence) { kept.push_back(sequence); };
    EXPECT_EQ(next_sequence(7, 5, keeper), 8U);
    EXPECT_EQ(kept, std::vector<std::uint64_t>(1, 8));
}

} // namespace
} // namespace codex::net

// Packets of the DHT, and the keys that they are sealed with.
#include "net/dht/detail/aes.hpp"
#include "net/dht/handshake.hpp"
#include "net/dht/message.hpp"
#include "net/dht/record.hpp"
#include "network_vectors.hpp"

namespace codex::net::dht {
namespace {

using test::Json;
using test::must;
using test::must_fail;
using test::unhex;
using testing::HasSubstr;

template <std::size_t Size> std::array<std::uint8_t, Size> fixed(const Json& text) {
    const Bytes bytes = unhex(text);
    std::array<std::uint8_t, Size> array{};
    EXPECT_EQ(bytes.size(), Size);
    std::copy_n(bytes.begin(), std::min(bytes.size(), Size), array.begin());
    return array;
}

Id node(const std::string& name) {
    return Id::of_peer(PeerId(identity_named(name).public_key()));
}

const Json& packet_named(const std::string& name) {
    for (const Json& vector : network()["dht_packets"]["vectors"])
        if (vector["name"] == name)
            return vector;
    throw std::runtime_error("no such packet: " + name);
}

Packet opened(const std::string& name) {
    return must(open_packet(node("dht_b"), unhex(packet_named(name)["packet"])));
}

TEST(DhtPackets, OfTheReferenceAreOpened) {
    const Json& ordinary = packet_named("ordinary ping");
    const Packet ping = opened("ordinary ping");
    EXPECT_EQ(std::get<OrdinaryHead>(ping.head).source, node("dht_a"));
    EXPECT_EQ(ping.nonce, fixed<12>(ordinary["nonce"]));
    EXPECT_TRUE(equal(BytesView(ping.header).subspan(16), unhex(ordinary["header"])));
    EXPECT_EQ(open_message(fixed<16>(ordinary["read_key"]), ping), unhex(ordinary["message"]));

    const Json& whoareyou = packet_named("whoareyou");
    const Packet challenge = opened("whoareyou");
    const auto& asked = std::get<ChallengeHead>(challenge.head);
    EXPECT_EQ(challenge.header, unhex(whoareyou["challenge_data"]));
    EXPECT_EQ(challenge.nonce, fixed<12>(whoareyou["request_nonce"]));
    EXPECT_EQ(asked.id_nonce, fixed<16>(whoareyou["id_nonce"]));
    EXPECT_EQ(asked.sequence, whoareyou["record_seq"]);
}

TEST(DhtPackets, HandshakesOfTheReferenceAreFollowed) {
    const SecretKey own = identity_named("dht_b");
    for (const std::string name : {"handshake ping without record", "handshake ping with record"}) {
        const Json& vector = packet_named(name);
        const Packet packet = opened(name);
        const auto& head = std::get<HandshakeHead>(packet.head);
        const Bytes challenge = unhex(vector["challenge_data"]);
        EXPECT_EQ(head.source, node("dht_a"));
        EXPECT_EQ(head.signature, unhex(vector["id_signature"]));
        EXPECT_EQ(head.ephemeral_key, unhex(vector["eph_key"]));
        if (vector["record"].is_null()) {
            EXPECT_TRUE(head.record.empty());
        } else {
            EXPECT_EQ(head.record, unhex(vector["record"]));
            EXPECT_EQ(must(open_node_record(head.record)).id, head.source);
        }
        EXPECT_TRUE(verify_id(identity_named("dht_a").public_key(), head.signature, challenge,
                              head.ephemeral_key, node("dht_b")));
        const SessionKeys keys =
            must(agree_on_keys(own, must(PublicKey::decode(head.ephemeral_key)), head.source,
                               node("dht_b"), challenge));
        EXPECT_EQ(keys.initiator, fixed<16>(vector["initiator_key"]));
        EXPECT_EQ(keys.recipient, fixed<16>(vector["recipient_key"]));
        EXPECT_EQ(open_message(keys.initiator, packet), unhex(vector["message"]));
        EXPECT_EQ(open_message(keys.recipient, packet), std::nullopt);
    }
}

TEST(DhtPackets, AreMadeByteForByte) {
    for (const Json& vector : network()["dht_packets"]["vectors"]) {
        const Bytes datagram = unhex(vector["packet"]);
        const Packet packet = must(open_packet(node("dht_b"), datagram));
        MaskingIv iv{};
        std::copy_n(datagram.begin(), iv.size(), iv.begin());
        const Bytes header = make_header(iv, packet.nonce, packet.head);
        EXPECT_EQ(header, packet.header);
        Bytes sealed;
        if (vector.contains("message")) {
            const auto key =
                fixed<16>(vector[vector.contains("read_key") ? "read_key" : "initiator_key"]);
            sealed = seal_message(key, packet.nonce, header, unhex(vector["message"]));
        }
        EXPECT_EQ(make_datagram(node("dht_b"), header, sealed), datagram) << vector["name"];
    }
}

TEST(DhtPackets, CutAnywhereAreRefusedOrNotOpened) {
    for (const Json& vector : network()["dht_packets"]["vectors"]) {
        const Bytes datagram = unhex(vector["packet"]);
        for (std::size_t size = 0; size < datagram.size(); ++size) {
            const auto packet = open_packet(node("dht_b"), BytesView(datagram).first(size));
            if (!packet) {
                EXPECT_EQ(packet.error().code(), Errc::malformed);
                continue;
            }
            const char* key = vector.contains("read_key") ? "read_key" : "initiator_key";
            EXPECT_EQ(open_message(fixed<16>(vector[key]), *packet), std::nullopt) << size;
        }
    }
}

TEST(DhtPackets, AnyChangedByteIsRefusedOrNotOpened) {
    for (const std::string name : {"ordinary ping", "handshake ping with record"}) {
        const Json& vector = packet_named(name);
        const Bytes datagram = unhex(vector["packet"]);
        const char* key = vector.contains("read_key") ? "read_key" : "initiator_key";
        for (std::size_t i = 0; i < datagram.size(); ++i) {
            Bytes changed = datagram;
            changed[i] ^= 0x01;
            const auto packet = open_packet(node("dht_b"), changed);
            if (packet) {
                EXPECT_EQ(open_message(fixed<16>(vector[key]), *packet), std::nullopt) << i;
            }
        }
    }
}

/// A datagram to dht_b with a header that is made by hand.
Bytes with_header(const std::string& fixed_part, std::size_t authdata, std::size_t message) {
    Bytes header(16);
    append(header, unhex(fixed_part));
    header.resize(header.size() + authdata);
    return make_datagram(node("dht_b"), header, Bytes(message));
}

TEST(DhtPackets, OfOtherFormsAreRefused) {
    const auto refusal = [](BytesView datagram) {
        const Error error = must_fail(open_packet(node("dht_b"), datagram));
        EXPECT_EQ(error.code(), Errc::malformed);
        return error.text();
    };
    const std::string nonce = "0102030405060708090a0b0c";
    must(open_packet(node("dht_b"), with_header("646973637635000100" + nonce + "0020", 32, 16)));
    EXPECT_THAT(refusal(with_header("646973637636000100" + nonce + "0020", 32, 16)),
                HasSubstr("another protocol"));
    EXPECT_THAT(refusal(with_header("646973637635000200" + nonce + "0020", 32, 16)),
                HasSubstr("another protocol"));
    EXPECT_THAT(refusal(with_header("646973637635000103" + nonce + "0020", 32, 16)),
                HasSubstr("flag 3"));
    for (const std::size_t size : {0u, 31u, 33u}) {
        const std::string bytes = fmt::format("{:04x}", size);
        EXPECT_THAT(refusal(with_header("646973637635000100" + nonce + bytes, size, 48)),
                    HasSubstr("bytes of authdata"));
    }
    for (const std::size_t size : {23u, 25u}) {
        const std::string bytes = fmt::format("{:04x}", size);
        EXPECT_THAT(refusal(with_header("646973637635000101" + nonce + bytes, size, 1)),
                    HasSubstr("bytes of authdata"));
    }
    EXPECT_THAT(refusal(with_header("646973637635000101" + nonce + "0018", 24, 1)),
                HasSubstr("a message of 1 bytes"));
    EXPECT_THAT(refusal(with_header("646973637635000100" + nonce + "0020", 32, 15)),
                HasSubstr("a message of 15 bytes"));
    EXPECT_THAT(refusal(with_header("646973637635000100" + nonce + "ffff", 32, 16)),
                HasSubstr("but 48 are left"));
    // Of a handshake: no room for the sizes, and for what they say.
    EXPECT_THAT(refusal(with_header("646973637635000102" + nonce + "0021", 33, 16)),
                HasSubstr("33 bytes of authdata"));
    HandshakeHead head;
    head.signature = Bytes(70);
    head.ephemeral_key = Bytes(37);
    Bytes header = make_header({}, {}, head);
    must(open_packet(node("dht_b"), make_datagram(node("dht_b"), header, Bytes(16))));
    header[16 + 23 + 33] = 38;
    EXPECT_THAT(refusal(make_datagram(node("dht_b"), header, Bytes(16))),
                HasSubstr("108 bytes, but 107 are left"));
    // For another node its header is noise.
    EXPECT_THAT(
        must_fail(open_packet(node("dht_a"), unhex(packet_named("whoareyou")["packet"]))).text(),
        HasSubstr("for another node"));
    EXPECT_THAT(refusal(Bytes(62)), HasSubstr("62 bytes"));
    EXPECT_THAT(refusal(Bytes(kMaxDatagramBytes + 1)), HasSubstr("65508 bytes"));
}

TEST(DhtKeys, AreThoseOfTheReference) {
    const Json& crypto = network()["dht_crypto"];
    const Json& ecdh = crypto["ecdh"];
    const SecretKey secret = must(SecretKey::from_scalar(unhex(ecdh["secret"])));
    const SecretBytes shared =
        must(secret.agree(must(PublicKey::secp256k1(unhex(ecdh["public"])))));
    EXPECT_TRUE(equal(shared, unhex(ecdh["shared_compressed"])));

    const Json& derived = crypto["key_derivation"];
    const SessionKeys keys =
        must(agree_on_keys(must(SecretKey::from_scalar(unhex(derived["ephemeral"]))),
                           must(PublicKey::secp256k1(unhex(derived["dest_public"]))),
                           Id::from_bytes(unhex(derived["node_a"])),
                           Id::from_bytes(unhex(derived["node_b"])), unhex(derived["challenge"])));
    EXPECT_EQ(keys.initiator, fixed<16>(derived["initiator_key"]));
    EXPECT_EQ(keys.recipient, fixed<16>(derived["recipient_key"]));

    const Json& gcm = crypto["gcm"];
    const auto key = fixed<16>(gcm["key"]);
    const Bytes nonce = unhex(gcm["nonce"]);
    const Bytes cipher = unhex(gcm["cipher"]);
    EXPECT_EQ(detail::aes_gcm_seal(key, nonce, unhex(gcm["ad"]), unhex(gcm["plain"])), cipher);
    EXPECT_EQ(detail::aes_gcm_open(key, nonce, unhex(gcm["ad"]), cipher), unhex(gcm["plain"]));
    for (std::size_t size = 0; size < cipher.size(); ++size)
        EXPECT_FALSE(
            detail::aes_gcm_open(key, nonce, unhex(gcm["ad"]), BytesView(cipher).first(size)));
}

TEST(DhtKeys, BothSidesAgreeAndNobodyElse) {
    SeededSecrets random(1);
    const SecretKey a = must(SecretKey::generate(random));
    const SecretKey b = must(SecretKey::generate(random));
    const SecretKey c = must(SecretKey::generate(random));
    EXPECT_EQ(must(a.agree(b.public_key())), must(b.agree(a.public_key())));
    EXPECT_NE(must(a.agree(b.public_key())), must(c.agree(a.public_key())));
    const Bytes point =
        unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"); // RFC 8032
    EXPECT_EQ(must_fail(a.agree(must(PublicKey::ed25519(point)))).code(), Errc::unsupported);
    const Bytes challenge = {1, 2, 3};
    const Id id = node("dht_b");
    const auto keys = must(agree_on_keys(a, b.public_key(), node("dht_a"), id, challenge));
    EXPECT_NE(keys.initiator, keys.recipient);
    EXPECT_NE(must(agree_on_keys(a, b.public_key(), node("dht_a"), id, Bytes{1, 2})).initiator,
              keys.initiator);
    EXPECT_NE(must(agree_on_keys(a, b.public_key(), id, node("dht_a"), challenge)).initiator,
              keys.initiator);
}

TEST(DhtKeys, ProofsAreThoseOfTheReferenceAndOfOnePurpose) {
    const Json& vector = network()["dht_crypto"]["id_signature"];
    const SecretKey key = must(SecretKey::from_scalar(unhex(vector["static_key"])));
    const Bytes challenge = unhex(vector["challenge"]);
    const Bytes ephemeral = unhex(vector["ephemeral_field"]);
    const Id id = Id::from_bytes(unhex(vector["node_b"]));
    const Bytes signature = sign_id(key, challenge, ephemeral, id);
    EXPECT_EQ(signature, unhex(vector["signature_der"]));
    EXPECT_TRUE(verify_id(key.public_key(), signature, challenge, ephemeral, id));
    EXPECT_FALSE(verify_id(key.public_key(), signature, ephemeral, ephemeral, id));
    EXPECT_FALSE(verify_id(key.public_key(), signature, challenge, challenge, id));
    EXPECT_FALSE(verify_id(key.public_key(), signature, challenge, ephemeral, Id()));
    EXPECT_FALSE(
        verify_id(identity_named("dht_a").public_key(), signature, challenge, ephemeral, id));
    // The compact form of discv5 is none.
    EXPECT_FALSE(
        verify_id(key.public_key(), unhex(vector["signature_compact"]), challenge, ephemeral, id));
}

} // namespace
} // namespace codex::net::dht

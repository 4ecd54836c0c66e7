// Keys, peer ids, and what is signed with them.
#include "net/identity/peer_id.hpp"

#include "codec/cid.hpp"
#include "codec/multibase.hpp"
#include "network_vectors.hpp"

#include <set>
#include <unordered_set>

namespace codex::net {
namespace {

using test::must;
using test::must_fail;
using test::unhex;
using testing::HasSubstr;

Bytes from(std::string_view text) {
    return must(from_hex(text));
}

/// The public key of an identity of the vectors, in protobuf.
Bytes encoded(const std::string& name) {
    const SecretKey key = identity_named(name);
    return Bytes(key.public_key().encoded().begin(), key.public_key().encoded().end());
}

/// RFC 8032, test 2: key, message 72, signature.
constexpr std::string_view kEd25519Key =
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
constexpr std::string_view kEd25519Signature =
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

TEST(Identity, VectorsBothWays) {
    const auto& vectors = network()["identity"]["vectors"];
    ASSERT_EQ(vectors.size(), 3u);
    for (const auto& vector : vectors) {
        const SecretKey key = must(SecretKey::decode(unhex(vector["key_file"])));
        EXPECT_TRUE(equal(key.encode(), unhex(vector["key_file"])));
        const SecretKey same = must(SecretKey::from_scalar(unhex(vector["private_key"])));
        EXPECT_EQ(same.public_key(), key.public_key());
        EXPECT_TRUE(equal(key.public_key().data(), unhex(vector["public_key_compressed"])));
        EXPECT_TRUE(equal(key.public_key().encoded(), unhex(vector["public_key_protobuf"])));
        EXPECT_EQ(must(PublicKey::decode(unhex(vector["public_key_protobuf"]))), key.public_key());

        const PeerId peer(key.public_key());
        EXPECT_TRUE(equal(peer.bytes(), unhex(vector["peer_id_bytes"])));
        EXPECT_EQ(peer.text(), vector["peer_id_text"].get<std::string>());
        EXPECT_EQ(must(PeerId::from_text(vector["peer_id_text"].get<std::string>())), peer);
        EXPECT_EQ(must(PeerId::from_bytes(unhex(vector["peer_id_bytes"]))), peer);
        EXPECT_EQ(must(peer.public_key()), key.public_key());
    }
}

TEST(Identity, SignaturesHoldAndAreTheSameEachTime) {
    const SecretKey key = identity_named("dht_a");
    const BytesView message = as_bytes("what is said");
    const Bytes signature = key.sign(message);
    EXPECT_EQ(key.sign(message), signature);
    EXPECT_TRUE(key.public_key().verify(message, signature));
    EXPECT_FALSE(key.public_key().verify(as_bytes("what is not"), signature));
    EXPECT_FALSE(identity_named("dht_b").public_key().verify(message, signature));
    EXPECT_FALSE(key.public_key().verify(message, {}));
    for (std::size_t size = 0; size < signature.size(); ++size)
        EXPECT_FALSE(key.public_key().verify(message, BytesView(signature).first(size)));
    for (std::size_t i = 0; i < signature.size(); ++i) {
        Bytes changed = signature;
        changed[i] ^= 1;
        EXPECT_FALSE(key.public_key().verify(message, changed)) << i;
    }
    Bytes longer = signature;
    longer.push_back(0);
    EXPECT_FALSE(key.public_key().verify(message, longer));
}

TEST(Identity, NoSignatureOfOursHasAHighS) {
    // It holds for a library that refuses those (AHighSIsRefused), and is as short as others want
    // it.
    for (std::uint8_t i = 0; i < 200; ++i) {
        const SecretKey key =
            must(SecretKey::from_scalar(Bytes(32, static_cast<std::uint8_t>(i + 1))));
        const Bytes signature = key.sign(Bytes(10, i));
        EXPECT_TRUE(key.public_key().verify(Bytes(10, i), signature)) << int{i};
        EXPECT_LE(signature.size(), 71U); // 72 with a high s
        EXPECT_EQ(signature[0], 0x30);
        EXPECT_EQ(signature[1], signature.size() - 2);
    }
}

/// r and s of a DER signature, without leading zeros.
std::pair<Bytes, Bytes> numbers_of(BytesView der) {
    const std::size_t r_size = der[3];
    const std::size_t s_size = der[5 + r_size];
    return {Bytes(der.begin() + 4, der.begin() + 4 + static_cast<std::ptrdiff_t>(r_size)),
            Bytes(der.end() - static_cast<std::ptrdiff_t>(s_size), der.end())};
}

/// More keys than are remembered as points, by turns: each checks what it has signed, and no other.
TEST(Identity, ManyKeysByTurnsAreToldApart) {
    SeededSecrets secrets(7);
    std::vector<SecretKey> keys;
    std::vector<Bytes> signatures;
    const BytesView message = as_bytes("told apart");
    for (int i = 0; i < 300; ++i) {
        keys.push_back(must(SecretKey::generate(secrets)));
        signatures.push_back(keys.back().sign(message));
    }
    for (int turn = 0; turn < 2; ++turn)
        for (std::size_t i = 0; i < keys.size(); ++i) {
            EXPECT_TRUE(keys[i].public_key().verify(message, signatures[i])) << i;
            EXPECT_FALSE(keys[i].public_key().verify(message, signatures[(i + 1) % 300])) << i;
        }
}

TEST(Identity, AHighSIsRefused) {
    const SecretKey key = identity_named("dht_a");
    const BytesView message = as_bytes("m");
    const auto [r, s] = numbers_of(key.sign(message));
    // n - s is as good a signature to many, and not to us.
    const Bytes order = from("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    Bytes low(32);
    std::copy_backward(s.begin() + (s.size() == 33 ? 1 : 0), s.end(), low.end());
    Bytes high(33); // its first bit is set, so a zero stands in front
    int borrow = 0;
    for (std::size_t i = 32; i-- > 0;) {
        int digit = order[i] - low[i] - borrow;
        borrow = digit < 0 ? 1 : 0;
        high[i + 1] = static_cast<std::uint8_t>(digit + (borrow != 0 ? 256 : 0));
    }
    Bytes der = {0x30, 0, 0x02, static_cast<std::uint8_t>(r.size())};
    append(der, r);
    der.push_back(0x02);
    der.push_back(33);
    append(der, high);
    der[1] = static_cast<std::uint8_t>(der.size() - 2);
    EXPECT_FALSE(key.public_key().verify(message, der));
}

TEST(Identity, Ed25519IsTakenFromOthers) {
    const PublicKey key = must(PublicKey::ed25519(from(kEd25519Key)));
    EXPECT_EQ(to_hex(key.encoded()), "08011220" + std::string(kEd25519Key));
    EXPECT_EQ(must(PublicKey::decode(key.encoded())), key);
    const std::uint8_t message = 0x72;
    EXPECT_TRUE(key.verify({&message, 1}, from(kEd25519Signature)));
    EXPECT_FALSE(key.verify(as_bytes("s"), from(kEd25519Signature)));
    EXPECT_FALSE(key.verify({&message, 1}, {}));
    const PeerId peer(key);
    EXPECT_TRUE(peer.text().starts_with("12D3KooW"));
    EXPECT_EQ(must(PeerId::from_text(peer.text())), peer);
    EXPECT_EQ(must(peer.public_key()), key);
    for (const char* small : {"00", "01"})
        EXPECT_EQ(must_fail(PublicKey::ed25519(from(small + std::string(62, '0')))).code(),
                  Errc::public_key_invalid);
}

TEST(Identity, PublicKeysOfOtherFormsAreRefused) {
    const Bytes good = encoded("dht_a");
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_FALSE(PublicKey::decode(BytesView(good).first(size)).has_value()) << size;
    // Not a point: the curve has none with this x.
    EXPECT_EQ(must_fail(PublicKey::secp256k1(from("02" + std::string(63, '0') + "5"))).code(),
              Errc::public_key_invalid);
    EXPECT_EQ(must_fail(PublicKey::decode(from("08001200"))).code(), Errc::unsupported);
    EXPECT_THAT(must_fail(PublicKey::decode(from("08031200"))).text(), HasSubstr("ECDSA"));
    EXPECT_THAT(must_fail(PublicKey::decode(from("08091200"))).text(), HasSubstr("number 9"));
    EXPECT_THAT(must_fail(PublicKey::decode(from("1200"))).text(), HasSubstr("1 is missing"));
    EXPECT_THAT(must_fail(PublicKey::decode(from("0802"))).text(), HasSubstr("2 is missing"));
    // In another order, with a field nobody knows: the same key.
    Bytes turned = from("1221");
    append(turned, BytesView(good).last(33));
    append(turned, from("08021a0178"));
    EXPECT_TRUE(equal(must(PublicKey::decode(turned)).encoded(), good));
}

TEST(SecretKeys, ScalarsAtTheirBounds) {
    const auto refused = [](std::string_view scalar) {
        return must_fail(SecretKey::from_scalar(from(scalar))).code() == Errc::key_file_invalid;
    };
    EXPECT_TRUE(refused(std::string(64, '0')));
    EXPECT_TRUE(refused("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"));
    EXPECT_TRUE(refused(std::string(64, 'f')));
    EXPECT_TRUE(refused("01"));
    must(SecretKey::from_scalar(
        from("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140")));
    must(SecretKey::from_scalar(from(std::string(63, '0') + "1")));
}

TEST(SecretKeys, AreDrawnAgainWhenTheyAreNone) {
    ListedSecrets random({Bytes(32, 0xff), Bytes(32, 0), Bytes(32, 7)});
    EXPECT_EQ(must(SecretKey::generate(random)).public_key(),
              must(SecretKey::from_scalar(Bytes(32, 7))).public_key());
    ListedSecrets none({});
    EXPECT_EQ(must_fail(SecretKey::generate(none)).code(), Errc::io);
}

TEST(PeerIds, AllTextForms) {
    const PeerId peer(identity_named("dht_a").public_key());
    const Cid cid = Cid::make(codec::Multicodec::libp2p_key, codec::HashCodec::identity,
                              identity_named("dht_a").public_key().encoded());
    EXPECT_EQ(must(PeerId::from_text(cid.text())), peer);
    for (const auto base :
         {codec::Multibase::base32, codec::Multibase::base16, codec::Multibase::base64url})
        EXPECT_EQ(must(PeerId::from_text(must(codec::multibase_encode(base, cid.bytes())))), peer);
    // Of a key that is too long, the id is its SHA-256, and has no key in it.
    const std::string hashed = "QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC";
    const PeerId other = must(PeerId::from_text(hashed));
    EXPECT_EQ(other.text(), hashed);
    EXPECT_EQ(must_fail(other.public_key()).code(), Errc::unsupported);
    EXPECT_NE(std::hash<PeerId>()(peer), std::hash<PeerId>()(other));
    EXPECT_EQ((std::unordered_set<PeerId>{peer, other, peer}).size(), 2u);
    EXPECT_EQ((std::set<PeerId>{peer, other, peer}).size(), 2u);
}

TEST(PeerIds, RefusalsExplain) {
    const std::string good = PeerId(identity_named("dht_a").public_key()).text();
    const auto refusal = [](const std::string& text) { return must_fail(PeerId::from_text(text)); };
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_EQ(refusal(good.substr(0, size)).code(), Errc::peer_id_invalid) << size;
    EXPECT_THAT(refusal(good + "l").text(), HasSubstr("character 'l'"));
    EXPECT_THAT(refusal("/p2p/" + good).hint(), HasSubstr("/p2p/"));
    EXPECT_THAT(refusal("spr:CiUI").hint(), HasSubstr("record"));
    EXPECT_THAT(refusal(Cid::empty_block().text()).hint(), HasSubstr("CID of data"));
    EXPECT_THAT(refusal("peer").text(), HasSubstr("begins like none"));
    EXPECT_THAT(refusal(std::string(129, '1')).text(), HasSubstr("129 characters"));
    EXPECT_THAT(refusal("\x1b[31m").text(), HasSubstr("\\x1b"));

    Bytes bytes = {0x00, 0x25};
    append(bytes, encoded("dht_a"));
    must(PeerId::from_bytes(bytes));
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(PeerId::from_bytes(BytesView(bytes).first(size)).has_value()) << size;
    Bytes longer = bytes;
    longer.push_back(0);
    EXPECT_THAT(must_fail(PeerId::from_bytes(longer)).text(), HasSubstr("1 bytes follow"));
    // A key that is none, one in another order, and one of a kind whose id is a hash.
    Bytes none = bytes;
    none[6] = 0x05;
    EXPECT_FALSE(PeerId::from_bytes(none).has_value());
    Bytes turned = {0x00, 0x25, 0x12, 0x21};
    append(turned, BytesView(bytes).last(33));
    append(turned, from("0802"));
    EXPECT_THAT(must_fail(PeerId::from_bytes(turned)).text(), HasSubstr("one form"));
    EXPECT_THAT(must_fail(PeerId::from_bytes(from("000408001200"))).text(), HasSubstr("RSA"));
    EXPECT_FALSE(PeerId::from_bytes(from("0000")).has_value());
    EXPECT_FALSE(PeerId::from_bytes(from("1340" + std::string(128, '0'))).has_value());
}

} // namespace
} // namespace codex::net

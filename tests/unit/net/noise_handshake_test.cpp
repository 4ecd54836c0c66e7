// The handshake: byte for byte, cut anywhere, changed anywhere, with peers that are not what they
// say.
#include "net/noise/handshake.hpp"

#include "codec/protobuf.hpp"
#include "net/noise/detail/symmetric.hpp"
#include "network_vectors.hpp"

#include <functional>
#include <sodium.h>

namespace codex::net::noise {
namespace {

using test::must;
using test::must_fail;
using test::unhex;
using testing::HasSubstr;

const test::Json& vectors() {
    return network()["noise_xx"];
}

/// One end: identity, static keys and handshake.
struct End {
    End(Role role, SecretKey own_identity, SecretRandom& statics,
        std::optional<PeerId> expected = std::nullopt)
        : identity(std::move(own_identity)), static_keys(must(KeyPair::generate(statics))),
          proof(identity_proof(identity, static_keys)),
          handshake(role, proof, static_keys, expected) {}

    SecretKey identity;
    KeyPair static_keys;
    Bytes proof;
    Handshake handshake;
};

/// The ends of the vectors, started; `frame1` is what the initiator says first.
struct VectorEnds {
    VectorEnds() {
        EXPECT_EQ(must(start(initiator, "initiator")), unhex(vectors()["frame1"]));
        EXPECT_TRUE(must(start(responder, "responder")).empty());
    }
    static Result<Bytes> start(End& end, const std::string& who) {
        ListedSecrets ephemeral({unhex(vectors()[who + "_ephemeral"])});
        Bytes out;
        CODEX_CHECK(end.handshake.start(ephemeral, out));
        return out;
    }
    ListedSecrets initiator_static{unhex(vectors()["initiator_static"])};
    ListedSecrets responder_static{unhex(vectors()["responder_static"])};
    End initiator{Role::initiator, identity_named("dht_a"), initiator_static,
                  PeerId(identity_named("dht_b").public_key())};
    End responder{Role::responder, identity_named("dht_b"), responder_static};
};

/// What an end answers to `input`, all of which it takes.
Bytes answer(End& end, BytesView input) {
    Bytes out;
    EXPECT_EQ(must(end.handshake.receive(input, out)), input.size());
    return out;
}

TEST(NoiseHandshake, IsThatOfTheVectorsByteForByte) {
    VectorEnds ends;
    EXPECT_TRUE(equal(ends.initiator.static_keys.public_key(),
                      unhex(vectors()["initiator_static_public"])));
    EXPECT_EQ(answer(ends.responder, unhex(vectors()["frame1"])), unhex(vectors()["frame2"]));
    EXPECT_FALSE(ends.responder.handshake.done());
    EXPECT_EQ(answer(ends.initiator, unhex(vectors()["frame2"])), unhex(vectors()["frame3"]));
    EXPECT_TRUE(ends.initiator.handshake.done());
    EXPECT_TRUE(answer(ends.responder, unhex(vectors()["frame3"])).empty());
    ASSERT_TRUE(ends.responder.handshake.done());

    Established there = ends.initiator.handshake.finish();
    Established here = ends.responder.handshake.finish();
    EXPECT_TRUE(equal(there.hash, unhex(vectors()["handshake_hash"])));
    EXPECT_EQ(there.hash, here.hash);
    EXPECT_EQ(there.peer_key, identity_named("dht_b").public_key());
    EXPECT_EQ(here.peer_key, identity_named("dht_a").public_key());
    for (const auto& frame : vectors()["transport"]) {
        const bool forth = frame["dir"] == "i->r";
        Bytes sealed;
        must((forth ? there : here).sealer.seal(unhex(frame["plain"]), sealed));
        EXPECT_EQ(sealed, unhex(frame["frame"]));
        const auto opened = must((forth ? here : there).opener.open(sealed));
        ASSERT_TRUE(opened.has_value());
        EXPECT_TRUE(equal(opened->plain, unhex(frame["plain"])));
        EXPECT_EQ(opened->size, sealed.size());
    }
}

TEST(NoiseHandshake, HashesOnTheWayAreThoseOfTheVectors) {
    detail::SymmetricState state("Noise_XX_25519_ChaChaPoly_SHA256");
    state.mix_hash({});
    const Bytes frame1 = unhex(vectors()["frame1"]);
    state.mix_hash(BytesView(frame1).subspan(2));
    Bytes none;
    must(state.encrypt_and_hash({}, none));
    EXPECT_TRUE(equal(state.hash(), unhex(vectors()["hash_after_1"])));
}

TEST(NoiseHandshake, TakesBytesInAnyPiecesAndLeavesWhatFollows) {
    for (const std::size_t piece : {1u, 2u, 3u, 7u, 1000u}) {
        VectorEnds ends;
        Bytes to_responder = unhex(vectors()["frame1"]);
        append(to_responder, unhex(vectors()["frame3"]));
        append(to_responder, as_bytes("early"));
        Bytes said;
        std::size_t at = 0;
        while (at < to_responder.size() && !ends.responder.handshake.done()) {
            const BytesView rest = BytesView(to_responder).subspan(at);
            const BytesView part = rest.first(std::min(piece, rest.size()));
            at += must(ends.responder.handshake.receive(part, said));
        }
        EXPECT_EQ(said, unhex(vectors()["frame2"]));
        EXPECT_EQ(to_responder.size() - at, 5u);
        Bytes more;
        EXPECT_EQ(must(ends.responder.handshake.receive(as_bytes("early"), more)), 0u);
    }
}

TEST(NoiseHandshake, AChangedByteIsRefusedWhereverItIs) {
    const Bytes frame1 = unhex(vectors()["frame1"]);
    const Bytes frame2 = unhex(vectors()["frame2"]);
    const Bytes frame3 = unhex(vectors()["frame3"]);
    const auto refused = [](End& end, Bytes frame, std::size_t at) {
        frame[at] ^= 0x40;
        Bytes out;
        const Errc code = must_fail(end.handshake.receive(frame, out)).code();
        EXPECT_TRUE(out.empty()) << "who is refused is told nothing";
        return code == Errc::noise_decrypt || code == Errc::noise_message ||
               code == Errc::noise_identity;
    };
    for (std::size_t at = 2; at < frame2.size(); at += 5) {
        VectorEnds ends;
        EXPECT_TRUE(refused(ends.initiator, frame2, at)) << at;
    }
    for (std::size_t at = 2; at < frame3.size(); at += 5) {
        VectorEnds ends;
        static_cast<void>(answer(ends.responder, frame1));
        EXPECT_TRUE(refused(ends.responder, frame3, at)) << at;
    }
    // Of the first message, the last one shows it.
    VectorEnds ends;
    Bytes changed = frame1;
    changed[10] ^= 1;
    const Bytes second = answer(ends.responder, changed);
    Bytes out;
    EXPECT_EQ(must_fail(ends.initiator.handshake.receive(second, out)).code(), Errc::noise_decrypt);
}

TEST(NoiseHandshake, AMessageCutAtAnyByteIsRefused) {
    for (const char* name : {"frame1", "frame2", "frame3"}) {
        const Bytes whole = unhex(vectors()[name]);
        for (std::size_t size = 0; size + 2 < whole.size(); ++size) {
            VectorEnds ends;
            const bool second = std::string(name) == "frame2";
            End& end = second ? ends.initiator : ends.responder;
            if (std::string(name) == "frame3")
                static_cast<void>(answer(end, unhex(vectors()["frame1"])));
            Bytes cut = {static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
            append(cut, BytesView(whole).subspan(2, size));
            Bytes out;
            EXPECT_FALSE(end.handshake.receive(cut, out).has_value()) << name << " " << size;
        }
    }
}

TEST(NoiseHandshake, AnotherPeerIsNotToldWhoAsks) {
    SeededSecrets random(1);
    End asks(Role::initiator, identity_named("dht_a"), random,
             PeerId(identity_named("libp2p_spec").public_key()));
    End answers(Role::responder, identity_named("dht_b"), random);
    Bytes first;
    Bytes none;
    must(asks.handshake.start(random, first));
    must(answers.handshake.start(random, none));
    const Bytes second = answer(answers, first);
    Bytes third;
    const Error error = must_fail(asks.handshake.receive(second, third));
    EXPECT_EQ(error.code(), Errc::peer_wrong);
    EXPECT_THAT(error.text(), HasSubstr(PeerId(answers.identity.public_key()).text()));
    EXPECT_TRUE(third.empty());
}

TEST(NoiseHandshake, AKeyOfSmallOrderIsRefused) {
    for (const std::uint8_t first : Bytes{0, 1}) {
        SeededSecrets random(2);
        End end(Role::responder, identity_named("dht_b"), random);
        Bytes out;
        must(end.handshake.start(random, out));
        Bytes frame(34);
        frame[1] = 32;
        frame[2] = first;
        EXPECT_EQ(must_fail(end.handshake.receive(frame, out)).code(), Errc::noise_message);
    }
}

/// A responder that says `payload(its static key)` of itself: what the initiator makes of it, and
/// in `out` what it answers.
Result<std::size_t> heard_payload(const std::function<Bytes(const Key&)>& payload, Bytes& out) {
    SeededSecrets random(3);
    End asks(Role::initiator, identity_named("dht_a"), random);
    Bytes first;
    must(asks.handshake.start(random, first));
    const KeyPair ephemeral = must(KeyPair::generate(random));
    const KeyPair own = must(KeyPair::generate(random));
    detail::SymmetricState state("Noise_XX_25519_ChaChaPoly_SHA256");
    state.mix_hash({});
    const BytesView theirs = BytesView(first).subspan(2);
    state.mix_hash(theirs);
    Bytes message(2);
    must(state.encrypt_and_hash({}, message));
    append(message, ephemeral.public_key());
    state.mix_hash(ephemeral.public_key());
    Key shared{};
    must(ephemeral.agree(theirs, shared));
    state.mix_key(shared);
    must(state.encrypt_and_hash(own.public_key(), message));
    must(own.agree(theirs, shared));
    state.mix_key(shared);
    must(state.encrypt_and_hash(payload(own.public_key()), message));
    message[0] = static_cast<std::uint8_t>((message.size() - 2) >> 8);
    message[1] = static_cast<std::uint8_t>(message.size() - 2);
    return asks.handshake.receive(message, out);
}

Error refusal_of_payload(const Bytes& payload) {
    Bytes out;
    Error error = must_fail(heard_payload([&](const Key&) { return payload; }, out));
    EXPECT_TRUE(out.empty());
    return error;
}

TEST(NoiseHandshake, ExtensionsOfOthersAndUnknownFieldsArePassedOver) {
    const SecretKey key = identity_named("dht_b");
    const auto with_more = [&](const Key& static_key) {
        const std::string_view domain = "noise-libp2p-static-key:";
        Bytes to_sign(domain.begin(), domain.end());
        append(to_sign, static_key);
        codec::protobuf::Writer extensions;
        extensions.text(2, "/yamux/1.0.0");
        codec::protobuf::Writer writer;
        writer.message(4, extensions);
        writer.bytes(2, key.sign(to_sign));
        writer.text(3, "early data of an older form");
        writer.bytes(1, key.public_key().encoded());
        return writer.take();
    };
    Bytes out;
    must(heard_payload(with_more, out));
    EXPECT_FALSE(out.empty());
}

TEST(NoiseHandshake, APeerWithAnEd25519KeyIsTaken) {
    std::array<std::uint8_t, crypto_sign_PUBLICKEYBYTES> public_key{};
    std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret_key{};
    const Bytes seed(crypto_sign_SEEDBYTES, 5);
    ASSERT_EQ(crypto_sign_seed_keypair(public_key.data(), secret_key.data(), seed.data()), 0);
    const PublicKey key = must(PublicKey::ed25519(public_key));
    const auto payload = [&](const Key& static_key) {
        const std::string_view domain = "noise-libp2p-static-key:";
        Bytes to_sign(domain.begin(), domain.end());
        append(to_sign, static_key);
        Bytes signature(crypto_sign_BYTES);
        EXPECT_EQ(crypto_sign_detached(signature.data(), nullptr, to_sign.data(), to_sign.size(),
                                       secret_key.data()),
                  0);
        codec::protobuf::Writer writer;
        writer.bytes(1, key.encoded());
        writer.bytes(2, signature);
        return writer.take();
    };
    Bytes out;
    must(heard_payload(payload, out));
    EXPECT_FALSE(out.empty());
}

TEST(NoiseHandshake, WhoCannotProveItsKeyIsRefused) {
    const SecretKey key = identity_named("dht_b");
    const auto payload = [&](std::optional<Bytes> public_key, std::optional<Bytes> signature) {
        codec::protobuf::Writer writer;
        if (public_key)
            writer.bytes(1, *public_key);
        if (signature)
            writer.bytes(2, *signature);
        return writer.take();
    };
    const Bytes encoded(key.public_key().encoded().begin(), key.public_key().encoded().end());
    const Bytes foreign = key.sign(as_bytes("something else"));
    for (const Bytes& bad :
         {payload({}, foreign), payload(encoded, {}), payload(encoded, foreign),
          payload(encoded, Bytes()), payload(Bytes{1, 2}, foreign), Bytes(), Bytes{0x0a, 0x7f}})
        EXPECT_EQ(refusal_of_payload(bad).code(), Errc::noise_identity);
    // A kind of key that nobody here checks.
    EXPECT_THAT(refusal_of_payload(payload(Bytes{8, 0, 18, 0}, foreign)).text(), HasSubstr("RSA"));
}

TEST(NoiseHandshake, SaysNothingButWhoItIs) {
    // A field 4 makes other programs leave out multistream-select.
    const Bytes payload = unhex(vectors()["initiator_payload"]);
    codec::protobuf::Reader reader(payload);
    std::vector<std::uint32_t> numbers;
    while (const auto field = must(reader.next()))
        numbers.push_back(field->number);
    EXPECT_EQ(numbers, (std::vector<std::uint32_t>{1, 2}));
}

} // namespace
} // namespace codex::net::noise

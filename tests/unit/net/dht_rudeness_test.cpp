// Sessions of the DHT with nodes that break the rules: forged, replayed and late packets, floods.
#include "dht_fixture.hpp"

namespace codex::net::dht {
namespace {

using test::must;
using test::must_fail;
using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr Clock::Instant kBegin{};

/// A and B, and what A said to reach B, as far as it went.
struct Contacted {
    Node a{1, 1};
    Node b{2, 2};
    Bytes call;
    Bytes challenge;
    Bytes handshake;

    Contacted() {
        call = only_datagram(must(a.transport.send(b.contact(), ping(1), kBegin)));
        challenge = only_datagram(must(b.transport.receive(call, a.address, kBegin)));
        handshake = only_datagram(must(a.transport.receive(challenge, b.address, kBegin)));
    }
    [[nodiscard]] Error refused(const Bytes& datagram, Clock::Instant now = kBegin) {
        return must_fail(b.transport.receive(datagram, a.address, now));
    }
    /// A handshake in A's name, with some of it replaced, under whatever keys follow from it.
    [[nodiscard]] Bytes forged(const SecretKey& signer, const Bytes& record) {
        SeededSecrets random(99);
        const SecretKey ephemeral = must(SecretKey::generate(random));
        const Packet asked = must(open_packet(a.transport.id(), challenge));
        const BytesView key = ephemeral.public_key().encoded();
        const Id b_id = b.transport.id();
        const HandshakeHead head{a.transport.id(), sign_id(signer, asked.header, key, b_id),
                                 Bytes(key.begin(), key.end()), record};
        const Bytes header = make_header({}, {}, head);
        const SessionKeys keys = must(
            agree_on_keys(ephemeral, b.key.public_key(), a.transport.id(), b_id, asked.header));
        return make_datagram(b_id, header,
                             seal_message(keys.initiator, {}, header, encode(ping(66))));
    }
};

TEST(DhtRudeness, AHandshakeCountsOnce) {
    Contacted both;
    EXPECT_EQ(
        must(both.b.transport.receive(both.handshake, both.a.address, kBegin)).messages.size(), 1u);
    EXPECT_EQ(both.refused(both.handshake).code(), Errc::peer_wrong);
    // So does a challenge.
    EXPECT_EQ(must_fail(both.a.transport.receive(both.challenge, both.b.address, kBegin)).code(),
              Errc::peer_wrong);
    // What is replayed of the beginning does no harm to the keys that there are.
    const Bytes challenge =
        only_datagram(must(both.b.transport.receive(both.call, both.a.address, kBegin + 1s)));
    EXPECT_EQ(must_fail(both.a.transport.receive(challenge, both.b.address, kBegin + 1s)).code(),
              Errc::peer_wrong);
    EXPECT_EQ(both.refused(both.handshake, kBegin + 1s).code(), Errc::peer_wrong);
    const Bytes next =
        only_datagram(must(both.a.transport.send(both.b.contact(), ping(2), kBegin + 1s)));
    EXPECT_EQ(only_message(must(both.b.transport.receive(next, both.a.address, kBegin + 1s))),
              ping(2));
}

TEST(DhtRudeness, AChallengeStandsForHalfASecond) {
    Contacted in_time;
    EXPECT_EQ(
        must(in_time.b.transport.receive(in_time.handshake, in_time.a.address, kBegin + 499ms))
            .messages.size(),
        1u);
    Contacted late;
    EXPECT_THAT(late.refused(late.handshake, kBegin + 500ms).text(), HasSubstr("no challenge"));
    EXPECT_EQ(late.b.transport.held().challenges, 1u);
    must(late.b.transport.tick(kBegin + 500ms));
    EXPECT_EQ(late.b.transport.held().challenges, 0u);
}

TEST(DhtRudeness, ThereIsOneChallengeAtATime) {
    Contacted both;
    const auto call_again = [&](Clock::Instant now) {
        Node fresh(1, 1);
        const Bytes call =
            only_datagram(must(fresh.transport.send(both.b.contact(), ping(2), now)));
        return must(both.b.transport.receive(call, both.a.address, now)).datagrams.size();
    };
    EXPECT_EQ(call_again(kBegin + 499ms), 0u);
    EXPECT_EQ(call_again(kBegin + 500ms), 1u);
    EXPECT_EQ(call_again(kBegin + 501ms), 0u);
    // Another address is another node as far as that goes.
    Node fresh(1, 1);
    const Bytes call = only_datagram(must(fresh.transport.send(both.b.contact(), ping(2), kBegin)));
    SocketAddress elsewhere = both.a.address;
    elsewhere.port = 1;
    EXPECT_EQ(must(both.b.transport.receive(call, elsewhere, kBegin)).datagrams.size(), 1u);
}

TEST(DhtRudeness, AChallengeIsAnsweredForASecondAndFromWhereTheRequestWent) {
    const auto answered = [](const SocketAddress& from, Clock::Instant now) {
        Node a(1, 1);
        Node b(2, 2);
        const Bytes call = only_datagram(must(a.transport.send(b.contact(), ping(1), kBegin)));
        const Bytes challenge = only_datagram(must(b.transport.receive(call, a.address, kBegin)));
        const auto out = a.transport.receive(challenge, from, now);
        if (!out) {
            EXPECT_EQ(out.error().code(), Errc::peer_wrong);
        }
        return out.has_value();
    };
    const SocketAddress b_address = Node(2, 2).address;
    EXPECT_TRUE(answered(b_address, kBegin + 999ms));
    EXPECT_FALSE(answered(b_address, kBegin + 1s));
    EXPECT_FALSE(answered(Node(3, 3).address, kBegin));
}

TEST(DhtRudeness, NoChangedByteGetsThrough) {
    for (std::size_t i = 0;; ++i) {
        Contacted both;
        if (i == both.handshake.size())
            break;
        Bytes changed = both.handshake;
        changed[i] ^= 0x20;
        const auto out = both.b.transport.receive(changed, both.a.address, kBegin);
        EXPECT_TRUE(!out || out->messages.empty()) << i;
        EXPECT_EQ(both.b.transport.held().sessions, 0u) << i;
        // And the true one still does.
        EXPECT_EQ(
            must(both.b.transport.receive(both.handshake, both.a.address, kBegin)).messages.size(),
            1u)
            << i;
    }
}

TEST(DhtRudeness, NoCutDatagramGetsThrough) {
    Contacted both;
    for (std::size_t size = 0; size < both.handshake.size(); ++size) {
        const auto out =
            both.b.transport.receive(BytesView(both.handshake).first(size), both.a.address, kBegin);
        EXPECT_FALSE(out.has_value()) << size;
    }
    EXPECT_EQ(
        must(both.b.transport.receive(both.handshake, both.a.address, kBegin)).messages.size(), 1u);
}

TEST(DhtRudeness, NobodySpeaksInTheNameOfAnother) {
    Contacted both;
    const Node other(3, 3);
    EXPECT_EQ(must(both.b.transport.receive(both.forged(both.a.key, both.a.record), both.a.address,
                                            kBegin))
                  .messages.at(0)
                  .message,
              ping(66))
        << "A itself, for comparison";
    for (const bool known : {false, true}) {
        Contacted forged;
        if (known) {
            forged.b.known.nodes.emplace(forged.a.transport.id(),
                                         KnownNode{forged.a.key.public_key(), 1});
            const Bytes again = only_datagram(
                must(forged.b.transport.receive(forged.call, forged.a.address, kBegin + 1s)));
            forged.challenge = again;
        }
        const Clock::Instant now = known ? kBegin + 1s : kBegin;
        EXPECT_THAT(forged.refused(forged.forged(other.key, forged.a.record), now).text(),
                    HasSubstr("cannot prove"));
        EXPECT_THAT(forged.refused(forged.forged(other.key, other.record), now).text(),
                    HasSubstr("record of another node"));
        EXPECT_THAT(forged.refused(forged.forged(other.key, {}), now).text(),
                    HasSubstr(known ? "cannot prove" : "shows no record"));
        Bytes changed = forged.a.record;
        changed.back() ^= 1;
        EXPECT_EQ(forged.refused(forged.forged(forged.a.key, changed), now).code(),
                  Errc::record_invalid);
        EXPECT_EQ(forged.b.transport.held().sessions, 0u);
    }
    // From another address there is no challenge to answer.
    Contacted elsewhere;
    EXPECT_THAT(
        must_fail(elsewhere.b.transport.receive(elsewhere.handshake, other.address, kBegin)).text(),
        HasSubstr("no challenge"));
    // Nor in that of the node itself.
    const Bytes own = make_datagram(
        both.b.transport.id(), make_header({}, {}, OrdinaryHead{both.b.transport.id()}), Bytes(20));
    EXPECT_THAT(both.refused(own).text(), HasSubstr("name of this node"));
}

TEST(DhtRudeness, AKeyOfAnotherKindAgreesOnNothing) {
    Contacted both;
    const Packet asked = must(open_packet(both.a.transport.id(), both.challenge));
    const Id b_id = both.b.transport.id();
    const Bytes ed25519 = test::unhex(
        "08011220d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"); // RFC 8032
    for (const Bytes& key : {ed25519, Bytes(37), Bytes()}) {
        const HandshakeHead head{both.a.transport.id(),
                                 sign_id(both.a.key, asked.header, key, b_id), key, both.a.record};
        const Bytes datagram = make_datagram(b_id, make_header({}, {}, head), Bytes(20));
        EXPECT_EQ(both.refused(datagram).code(), Errc::malformed);
    }
}

TEST(DhtRudeness, WhatIsNoMessageLeavesAllAsItWas) {
    Contacted both;
    must(both.b.transport.receive(both.handshake, both.a.address, kBegin));
    const Packet asked = must(open_packet(both.a.transport.id(), both.challenge));
    const Packet answered = must(open_packet(both.b.transport.id(), both.handshake));
    const auto& head = std::get<HandshakeHead>(answered.head);
    const SessionKeys keys =
        must(agree_on_keys(both.b.key, must(PublicKey::decode(head.ephemeral_key)),
                           both.a.transport.id(), both.b.transport.id(), asked.header));
    const Bytes header = make_header({}, {}, OrdinaryHead{both.a.transport.id()});
    const auto sealed = [&](BytesView plain) {
        return make_datagram(both.b.transport.id(), header,
                             seal_message(keys.initiator, {}, header, plain));
    };
    for (const Bytes& bad : {Bytes(), Bytes{1}, Bytes{1, 2, 3}, Bytes(100, 0xff)})
        EXPECT_FALSE(both.b.transport.receive(sealed(bad), both.a.address, kBegin).has_value());
    EXPECT_EQ(only_message(
                  must(both.b.transport.receive(sealed(encode(ping(4))), both.a.address, kBegin))),
              ping(4));
    EXPECT_EQ(both.b.transport.held().challenges, 0u);
}

TEST(DhtRudeness, FloodsStayWithinTheLimits) {
    TransportLimits limits;
    limits.sessions = 2;
    limits.challenges = 3;
    limits.requests = 4;
    limits.calls = 2;
    Node b(2, 2, limits);
    std::size_t in = 0;
    std::size_t out = 0;
    for (std::uint64_t i = 0; i < 200; ++i) {
        Node rude(100 + i, static_cast<std::uint8_t>(i + 3));
        const Bytes call = only_datagram(must(rude.transport.send(b.contact(), ping(1), kBegin)));
        const Bytes challenge =
            only_datagram(must(b.transport.receive(call, rude.address, kBegin)));
        in += call.size();
        out += challenge.size();
        must(b.transport.send(rude.contact(), ping(2), kBegin));
    }
    EXPECT_LE(out, in);
    EXPECT_EQ(b.transport.held().challenges, 3u);
    EXPECT_EQ(b.transport.held().requests, 4u);
    EXPECT_EQ(b.transport.held().calls, 2u);
    EXPECT_EQ(b.transport.held().sessions, 0u);
    must(b.transport.tick(kBegin + 1s));
    EXPECT_EQ(b.transport.held().challenges + b.transport.held().requests, 0u);
    EXPECT_EQ(b.transport.next_tick(), std::nullopt);
}

TEST(DhtRudeness, TheSessionThatWasNotUsedForLongestGoes) {
    TransportLimits limits;
    limits.sessions = 2;
    Node hub(50, 50, limits);
    std::deque<Node> nodes;
    for (std::uint8_t i = 1; i <= 3; ++i)
        nodes.emplace_back(i, i);
    const auto meet = [&](Node& node) {
        const Bytes call = only_datagram(must(node.transport.send(hub.contact(), ping(1), kBegin)));
        const Bytes asked = only_datagram(must(hub.transport.receive(call, node.address, kBegin)));
        const Bytes shown = only_datagram(must(node.transport.receive(asked, hub.address, kBegin)));
        must(hub.transport.receive(shown, node.address, kBegin));
    };
    meet(nodes[0]);
    meet(nodes[1]);
    const Bytes heard =
        only_datagram(must(nodes[0].transport.send(hub.contact(), ping(2), kBegin)));
    EXPECT_EQ(only_message(must(hub.transport.receive(heard, nodes[0].address, kBegin))), ping(2));
    // Packets that only claim to be from it are no use of a session.
    const Bytes junk = make_datagram(
        hub.transport.id(), make_header({}, {}, OrdinaryHead{nodes[1].transport.id()}), Bytes(20));
    must(hub.transport.receive(junk, nodes[1].address, kBegin));
    meet(nodes[2]);
    EXPECT_EQ(hub.transport.held().sessions, 2u);
    must(hub.transport.reply(nodes[0].endpoint(), ping(2)));
    must(hub.transport.reply(nodes[2].endpoint(), ping(2)));
    EXPECT_EQ(must_fail(hub.transport.reply(nodes[1].endpoint(), ping(2))).code(),
              Errc::unavailable);
}

TEST(DhtRudeness, WithoutRandomnessNothingIsSent) {
    ListedSecrets none{};
    SeededSecrets seeded(7);
    const SecretKey key = must(SecretKey::generate(seeded));
    const ListedNodes nobody;
    Transport transport(key, none, nobody);
    Node b(2, 2);
    EXPECT_EQ(must_fail(transport.send(b.contact(), ping(1), kBegin)).code(), Errc::io);
    Contacted both;
    const Bytes call = make_datagram(
        transport.id(), make_header({}, {}, OrdinaryHead{both.a.transport.id()}), Bytes(20));
    EXPECT_EQ(must_fail(transport.receive(call, both.a.address, kBegin)).code(), Errc::io);
    EXPECT_EQ(transport.held().challenges, 0u);
}

} // namespace
} // namespace codex::net::dht

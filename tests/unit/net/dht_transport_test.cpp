// Sessions of the DHT as they should go: first contact, crossing, keys that were lost.
#include "dht_fixture.hpp"

namespace codex::net::dht {
namespace {

using test::must;
using test::must_fail;
using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr Clock::Instant kStart{};

/// Brings what was sent from one node to the other.
Output bring(const Bytes& datagram, const Node& from, Node& to, Clock::Instant now = kStart) {
    return must(to.transport.receive(datagram, from.address, now));
}

/// The first message of `from` to a node that knows nothing of it; the two have keys then.
Output shake_hands(Node& from, Node& to, Clock::Instant now = kStart) {
    const Bytes call = only_datagram(must(from.transport.send(to.contact(), ping(1), now)));
    const Bytes challenge = only_datagram(bring(call, from, to, now));
    const Bytes handshake = only_datagram(bring(challenge, to, from, now));
    return bring(handshake, from, to, now);
}

TEST(DhtTransport, FirstContactTakesFourDatagrams) {
    Node a(1, 1);
    Node b(2, 2);
    const Output called = must(a.transport.send(b.contact(), ping(1), kStart));
    EXPECT_EQ(called.datagrams.at(0).to, b.address);
    const Bytes call = only_datagram(called);
    EXPECT_EQ(call.size(), 16u + 23 + 32 + 20);

    const Output challenged = bring(call, a, b);
    EXPECT_EQ(challenged.datagrams.at(0).to, a.address);
    const Bytes challenge = only_datagram(challenged);
    EXPECT_EQ(challenge.size(), kMinDatagramBytes);

    const Bytes handshake = only_datagram(bring(challenge, b, a));
    const Output arrived = bring(handshake, a, b);
    EXPECT_TRUE(arrived.datagrams.empty());
    ASSERT_EQ(arrived.messages.size(), 1u);
    EXPECT_EQ(arrived.messages[0].from, a.endpoint());
    EXPECT_EQ(arrived.messages[0].message, ping(1));
    ASSERT_EQ(arrived.learned.size(), 1u);
    EXPECT_EQ(arrived.learned[0].envelope, a.record);

    // Both ways now, one datagram each.
    const Message answer{ping(1).id, Pong{7, a.address}};
    const Bytes pong = only_datagram(must(b.transport.reply(a.endpoint(), answer)));
    EXPECT_EQ(only_message(bring(pong, b, a)), answer);
    const Bytes next = only_datagram(must(a.transport.send(b.contact(), ping(2), kStart)));
    EXPECT_EQ(only_message(bring(next, a, b)), ping(2));
    const Bytes back = only_datagram(must(b.transport.send(a.contact(), ping(3), kStart)));
    EXPECT_EQ(only_message(bring(back, b, a)), ping(3));
}

TEST(DhtTransport, TheRecordGoesToThoseWhoHaveItNotOrAnOlderOne) {
    const auto sent_record = [](std::optional<std::uint64_t> known_sequence) {
        Node a(1, 1);
        Node b(2, 2);
        if (known_sequence)
            b.known.nodes.emplace(a.transport.id(), KnownNode{a.key.public_key(), *known_sequence});
        const Bytes call = only_datagram(must(a.transport.send(b.contact(), ping(1), kStart)));
        const Bytes challenge = only_datagram(bring(call, a, b));
        const Bytes handshake = only_datagram(bring(challenge, b, a));
        const Output arrived = bring(handshake, a, b);
        EXPECT_EQ(arrived.messages.size(), 1u);
        const Packet packet = must(open_packet(b.transport.id(), handshake));
        const bool sent = !std::get<HandshakeHead>(packet.head).record.empty();
        EXPECT_EQ(arrived.learned.size(), sent ? 1u : 0u);
        return sent;
    };
    EXPECT_TRUE(sent_record(std::nullopt));
    EXPECT_TRUE(sent_record(Node::kSequence - 1));
    EXPECT_FALSE(sent_record(Node::kSequence));
    EXPECT_FALSE(sent_record(Node::kSequence + 1));
}

TEST(DhtTransport, ANodeThatIsElsewhereThanItSaysIsHeardAndNotLearned) {
    Node a(1, 1);
    Node b(2, 2);
    a.address.port = 9999; // of a translation on the way
    const Output arrived = shake_hands(a, b);
    EXPECT_EQ(arrived.messages.size(), 1u);
    EXPECT_TRUE(arrived.learned.empty());
}

TEST(DhtTransport, WhatFollowsTheFirstMessageWaitsForTheHandshake) {
    Node a(1, 1);
    Node b(2, 2);
    const Bytes call = only_datagram(must(a.transport.send(b.contact(), ping(0), kStart)));
    const std::size_t most = TransportLimits().messages_per_call;
    for (std::size_t i = 1; i <= most; ++i)
        EXPECT_TRUE(must(a.transport.send(b.contact(), ping(i), kStart)).datagrams.empty());
    const Error refused = must_fail(a.transport.send(b.contact(), ping(99), kStart));
    EXPECT_EQ(refused.code(), Errc::limit_exceeded);
    EXPECT_THAT(refused.text(), HasSubstr("10.0.0.2:8090"));

    const Bytes challenge = only_datagram(bring(call, a, b));
    const Output behind = bring(challenge, b, a);
    ASSERT_EQ(behind.datagrams.size(), 1 + most);
    for (std::size_t i = 0; i <= most; ++i) {
        const Output arrived = bring(behind.datagrams[i].bytes, a, b);
        ASSERT_EQ(arrived.messages.size(), 1u);
        EXPECT_EQ(arrived.messages[0].message, ping(i));
    }
    EXPECT_EQ(a.transport.held().calls, 0u);
}

TEST(DhtTransport, ACallThatNobodyAnsweredIsMadeAgainForThoseThatWait) {
    Node a(1, 1);
    Node b(2, 2);
    must(a.transport.send(b.contact(), ping(0), kStart)); // and is lost
    must(a.transport.send(b.contact(), ping(1), kStart + 100ms));
    must(a.transport.send(b.contact(), ping(2), kStart + 500ms));
    EXPECT_EQ(a.transport.next_tick(), kStart + 600ms);
    EXPECT_TRUE(must(a.transport.tick(kStart + 599ms)).datagrams.empty());
    const Bytes again = only_datagram(must(a.transport.tick(kStart + 600ms)));
    const Bytes challenge = only_datagram(bring(again, a, b, kStart + 610ms));
    const Output behind = bring(challenge, b, a, kStart + 620ms);
    ASSERT_EQ(behind.datagrams.size(), 2u);
    EXPECT_EQ(bring(behind.datagrams[0].bytes, a, b, kStart + 630ms).messages.at(0).message,
              ping(1));
    EXPECT_EQ(only_message(bring(behind.datagrams[1].bytes, a, b, kStart + 630ms)), ping(2));

    // What has waited for a second is given up, and so there is nothing to call for.
    Node c(3, 3);
    must(a.transport.send(c.contact(), ping(0), kStart + 1s));
    must(a.transport.send(c.contact(), ping(1), kStart + 1s));
    EXPECT_TRUE(must(a.transport.tick(kStart + 2s)).datagrams.empty());
    EXPECT_EQ(a.transport.held().calls, 0u);
    // Nobody ticked: the next message makes the call, and those that wait come behind it.
    must(a.transport.send(c.contact(), ping(3), kStart + 3s));
    must(a.transport.send(c.contact(), ping(4), kStart + 3s));
    only_datagram(must(a.transport.send(c.contact(), ping(5), kStart + 3700ms)));
    EXPECT_EQ(a.transport.held().calls, 1u);
}

/// Whether both can speak to the other, with what they have.
void expect_both_ways(Node& a, Node& b) {
    for (int round = 0; round < 2; ++round) {
        const Bytes there = only_datagram(must(a.transport.send(b.contact(), ping(8), kStart)));
        EXPECT_EQ(only_message(bring(there, a, b)), ping(8));
        const Bytes back = only_datagram(must(b.transport.send(a.contact(), ping(9), kStart)));
        EXPECT_EQ(only_message(bring(back, b, a)), ping(9));
    }
}

TEST(DhtTransport, HandshakesThatCrossLeaveKeysBothWays) {
    // Both call at once. In which order the handshakes arrive makes no difference.
    for (const bool a_first : {true, false}) {
        Node a(1, 1);
        Node b(2, 2);
        const Bytes call_a = only_datagram(must(a.transport.send(b.contact(), ping(1), kStart)));
        const Bytes call_b = only_datagram(must(b.transport.send(a.contact(), ping(2), kStart)));
        const Bytes challenge_a = only_datagram(bring(call_b, b, a));
        const Bytes challenge_b = only_datagram(bring(call_a, a, b));
        const Bytes handshake_a = only_datagram(bring(challenge_b, b, a));
        const Bytes handshake_b = only_datagram(bring(challenge_a, a, b));
        // Before either arrives each writes by its own handshake, which the other has not yet.
        if (a_first) {
            EXPECT_EQ(bring(handshake_a, a, b).messages.at(0).message, ping(1));
        }
        EXPECT_EQ(bring(handshake_b, b, a).messages.at(0).message, ping(2));
        if (!a_first) {
            EXPECT_EQ(bring(handshake_a, a, b).messages.at(0).message, ping(1));
        }
        expect_both_ways(a, b);
    }
}

TEST(DhtTransport, HandshakesThatCrossHalfwayLeaveKeysBothWays) {
    // B is through with its handshake before A is challenged for its call.
    Node a(1, 1);
    Node b(2, 2);
    const Bytes call_a = only_datagram(must(a.transport.send(b.contact(), ping(1), kStart)));
    must(a.transport.send(b.contact(), ping(3), kStart)); // waits
    const Bytes call_b = only_datagram(must(b.transport.send(a.contact(), ping(2), kStart)));
    const Bytes challenge_a = only_datagram(bring(call_b, b, a));
    const Bytes challenge_b = only_datagram(bring(call_a, a, b));
    const Bytes handshake_b = only_datagram(bring(challenge_a, a, b));
    const Output at_a = bring(handshake_b, b, a);
    EXPECT_EQ(at_a.messages.at(0).message, ping(2));
    ASSERT_EQ(at_a.datagrams.size(), 1u) << "what waits uses the keys that came";
    EXPECT_EQ(only_message(bring(at_a.datagrams[0].bytes, a, b)), ping(3));
    const Bytes handshake_a = only_datagram(bring(challenge_b, b, a));
    EXPECT_EQ(bring(handshake_a, a, b).messages.at(0).message, ping(1));
    expect_both_ways(a, b);
}

TEST(DhtTransport, WhatIsOnItsWayDuringANewHandshakeIsStillRead) {
    Node a(1, 1);
    Node b(2, 2);
    shake_hands(a, b);
    const Bytes slow = only_datagram(must(b.transport.reply(a.endpoint(), ping(5))));
    // A has lost nothing, but B calls as if it had no keys: it was asked to agree anew.
    const Bytes request = only_datagram(must(a.transport.send(b.contact(), ping(6), kStart)));
    Node b_again(2, 2); // B restarted, with the same key
    const Bytes challenge = only_datagram(bring(request, a, b_again));
    const Bytes handshake = only_datagram(bring(challenge, b_again, a));
    EXPECT_EQ(bring(handshake, a, b_again).messages.at(0).message, ping(6));
    EXPECT_EQ(only_message(bring(slow, b, a)), ping(5)) << "under the older key";
    const Bytes fast = only_datagram(must(b_again.transport.reply(a.endpoint(), ping(7))));
    EXPECT_EQ(only_message(bring(fast, b_again, a)), ping(7)) << "under the newer one";
    EXPECT_EQ(a.transport.held().sessions, 1u);
}

TEST(DhtTransport, AnAnswerNeedsKeysAndIsNotRepeated) {
    Node a(1, 1);
    Node b(2, 2);
    EXPECT_EQ(must_fail(b.transport.reply(a.endpoint(), ping(1))).code(), Errc::unavailable);
    shake_hands(a, b);
    const Bytes answer = only_datagram(must(b.transport.reply(a.endpoint(), ping(1))));
    Node a_again(1, 1);
    const Bytes challenge = only_datagram(bring(answer, b, a_again));
    EXPECT_EQ(must_fail(b.transport.receive(challenge, a.address, kStart)).code(),
              Errc::peer_wrong);
}

TEST(DhtTransport, TheSameNodeElsewhereNeedsKeysAnew) {
    Node a(1, 1);
    Node b(2, 2);
    shake_hands(a, b);
    const Bytes request = only_datagram(must(a.transport.send(b.contact(), ping(2), kStart)));
    SocketAddress elsewhere = a.address;
    elsewhere.port = 1;
    const Output challenged = must(b.transport.receive(request, elsewhere, kStart));
    EXPECT_EQ(only_datagram(challenged).size(), kMinDatagramBytes);
    EXPECT_EQ(challenged.datagrams[0].to, elsewhere);
}

TEST(DhtTransport, MessagesAreBounded) {
    Node a(1, 1);
    Node b(2, 2);
    const Message longest{RequestId(), TalkResponse{Bytes(kMaxPlainBytes - 11)}};
    EXPECT_EQ(encode(longest).size(), kMaxPlainBytes);
    shake_hands(a, b);
    EXPECT_LE(only_datagram(must(a.transport.send(b.contact(), longest, kStart))).size(),
              kMaxDatagramBytes);
    const Message longer{RequestId(), TalkResponse{Bytes(kMaxPlainBytes - 10)}};
    EXPECT_EQ(must_fail(a.transport.send(b.contact(), longer, kStart)).code(),
              Errc::limit_exceeded);
    EXPECT_EQ(must_fail(a.transport.reply(b.endpoint(), longer)).code(), Errc::limit_exceeded);
    // A key that is not that of the id is a mistake of the caller.
    Contact wrong = b.contact();
    wrong.key = a.key.public_key();
    EXPECT_EXIT(static_cast<void>(a.transport.send(wrong, ping(1), kStart)),
                testing::ExitedWithCode(70), "of_peer");
}

} // namespace
} // namespace codex::net::dht

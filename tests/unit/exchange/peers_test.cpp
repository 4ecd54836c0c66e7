// Messages of block exchange over all streams of all peers.
#include "peers_fixture.hpp"

namespace codex::exchange::test {
namespace {

Message presence_of(const BlockAddress& address) {
    Message message;
    message.presences.emplace_back();
    message.presences.back().address = address;
    return message;
}

/// Reads one message and answers it on the same stream; then ends it.
Task<void> answer_once(World* world, std::size_t length, Message answer, net::Stream stream) {
    const auto more = co_await stream.wait_more(length - 1, world->in(minutes(5)));
    if (!more || !*more)
        co_return;
    stream.consume(length);
    const Bytes bytes = net::exchange::encode_framed(answer);
    const auto written = co_await stream.write(bytes, world->in(minutes(5)));
    if (written) {
        co_await stream.finish(world->in(minutes(5)));
    }
}

TEST_F(PeersTest, AsksAndAnswersOnAStreamOfEachSide) {
    Speaker a(world.internet, 1);
    Speaker b(world.internet, 2);
    world.connect(a, b);
    EXPECT_TRUE(world.until([&] { return a.heard.joins == 1 && b.heard.joins == 1; }));
    a.peers->send(b.id(), wants({want_have(leaf(tree, 3)), cancel(plain(tree))}, true));
    EXPECT_TRUE(world.until([&] { return b.heard.messages == 1; }));
    ASSERT_EQ(b.heard.wants.size(), 2u);
    EXPECT_EQ(b.heard.wants[0], std::pair(a.id(), want_have(leaf(tree, 3))));
    EXPECT_EQ(b.heard.wants[1], std::pair(a.id(), cancel(plain(tree))));
    EXPECT_EQ(b.heard.full_lists, 1);
    b.peers->send(a.id(), presence_of(leaf(tree, 3)));
    EXPECT_TRUE(world.until([&] { return a.heard.messages == 1; }));
    ASSERT_EQ(a.heard.presences.size(), 1u);
    EXPECT_EQ(a.heard.presences[0].second.address, leaf(tree, 3));
    EXPECT_EQ(a.peers->traffic(b.id()).messages_out, 1u);
    EXPECT_EQ(b.peers->traffic(a.id()).messages_in, 1u);
    EXPECT_EQ(a.peers->traffic(b.id()).bytes_out, b.peers->traffic(a.id()).bytes_in);
}

TEST_F(PeersTest, SendsBlocksOfManySizesByEachMuxer) {
    for (const std::string_view muxer : {net::mux::kMplex, net::mux::kYamux}) {
        World other;
        Speaker a(other.internet, 1, {}, with_muxer(muxer));
        Speaker b(other.internet, 2, {}, with_muxer(muxer));
        other.connect(a, b);
        ASSERT_TRUE(other.until([&] { return a.peers->has(b.id()); }));
        std::size_t blocks = 0;
        for (const std::size_t size : {0u, 1u, 100u, 65536u, 1u << 20}) {
            must(other.run(a.peers->send_blocks(b.id(), blocks_message(3, size))));
            blocks += 3;
        }
        EXPECT_EQ(a.peers->unsent_blocks(b.id()), 0u);
        EXPECT_TRUE(other.until([&] { return b.heard.messages == 5; }));
        ASSERT_EQ(b.heard.blocks.size(), blocks);
        for (const auto& block : b.heard.blocks)
            EXPECT_EQ(Cid::block(crypto::sha256(block.data)), block.cid);
    }
}

TEST_F(PeersTest, HearsAnswersOnTheStreamOfTheQuestion) {
    Speaker a(world.internet, 1);
    Raw b(world.internet, 2);
    const Message question = wants({want_have(leaf(tree, 1))});
    const std::size_t length = net::exchange::encode_framed(question).size();
    const Message answer = presence_of(leaf(tree, 1));
    b.serve(
        [&](net::Stream stream) { return answer_once(&world, length, answer, std::move(stream)); });
    world.connect(a, b);
    ASSERT_TRUE(world.until([&] { return a.peers->has(b.id()); }));
    // Each stream is ended by the peer after one message: the next goes on a new one.
    for (std::size_t i = 1; i <= 4; ++i) {
        a.peers->send(b.id(), question);
        EXPECT_TRUE(world.until([&] { return a.heard.presences.size() == i; })) << i;
        world.pass(seconds(1)); // until a has heard of the end
    }
}

TEST_F(PeersTest, ReadsAllStreamsOfAPeerHoweverTheyAreMixed) {
    Speaker a(world.internet, 1);
    Raw b(world.internet, 2);
    world.connect(b, a);
    const Bytes message = net::exchange::encode_framed(wants({want_have(leaf(tree, 1))}));
    std::deque<net::Stream> streams;
    for (int i = 0; i < 5; ++i)
        streams.push_back(b.open(world, a.id()));
    for (std::size_t at = 0; at < message.size(); ++at)
        for (net::Stream& stream : streams)
            b.write(world, stream, BytesView(message).subspan(at, 1));
    EXPECT_TRUE(world.until([&] { return a.heard.messages == 5; }));
    EXPECT_EQ(a.heard.wants.size(), 5u);
    while (streams.size() > 1)
        streams.pop_front();
    b.write(world, streams.front(), message);
    EXPECT_TRUE(world.until([&] { return a.heard.messages == 6; }));
}

TEST_F(PeersTest, TellsWhoComesAndGoes) {
    Speaker a(world.internet, 1);
    Speaker b(world.internet, 2);
    Node c(world.internet, 3);
    world.connect(a, b);
    world.connect(a, c);
    EXPECT_TRUE(world.until([&] { return a.heard.joins == 2; }));
    // What c is comes out when it is asked something.
    a.peers->send(c.id(), presence_of(plain(tree)));
    EXPECT_TRUE(world.until([&] { return a.heard.leaves == 1; }));
    EXPECT_EQ(a.heard.there, std::vector<PeerId>(1, b.id()));
    EXPECT_TRUE(a.host->connection(c.id()));
    a.peers->send(c.id(), presence_of(plain(tree)));
    const Error gone = must_fail(world.run(a.peers->send_blocks(c.id(), blocks_message(1, 10))));
    EXPECT_EQ(gone.code(), Errc::not_found);
    b.peers->drop(a.id(), "enough");
    EXPECT_TRUE(world.until([&] { return a.heard.leaves == 2 && b.heard.leaves == 1; }));
    EXPECT_TRUE(a.peers->all().empty());
    world.connect(b, a);
    EXPECT_TRUE(world.until([&] { return a.heard.joins == 3 && b.heard.joins == 2; }));
    Heard late;
    a.peers->add(late);
    EXPECT_EQ(late.there, std::vector<PeerId>(1, b.id()));
}

/// Wants nobody.
class Unsociable final : public Heard {
public:
    void joined(const PeerId& peer) override {
        Heard::joined(peer);
        of->drop(peer, "nobody is wanted");
    }
    Peers* of = nullptr;
};

TEST_F(PeersTest, TellsOfAPeerThatIsDroppedAsItComes) {
    Speaker a(world.internet, 1);
    Speaker b(world.internet, 2);
    Unsociable unsociable;
    unsociable.of = a.peers.get();
    a.peers->add(unsociable);
    world.connect(b, a);
    EXPECT_TRUE(world.until([&] { return unsociable.joins == 1 && unsociable.leaves == 1; }));
    EXPECT_TRUE(world.until([&] { return b.peers->all().empty() && b.heard.leaves == 1; }));
    EXPECT_TRUE(a.peers->all().empty());
    a.peers->remove(unsociable);
}

TEST_F(PeersTest, ManyTalkToEachOther) {
    std::vector<std::unique_ptr<Speaker>> all;
    for (std::uint8_t i = 1; i <= 5; ++i)
        all.push_back(std::make_unique<Speaker>(world.internet, i));
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            world.connect(*all[i], *all[j]);
    for (auto& from : all)
        for (auto& to : all)
            if (from != to) {
                EXPECT_TRUE(world.until([&] { return from->peers->has(to->id()); }));
                must(world.run(from->peers->send_blocks(to->id(), blocks_message(2, 1000))));
                from->peers->send(to->id(), presence_of(plain(tree)));
            }
    for (auto& node : all) {
        EXPECT_TRUE(world.until([&] { return node->heard.messages == 8; }));
        EXPECT_EQ(node->heard.blocks.size(), 8u);
        EXPECT_EQ(node->heard.there.size(), 4u);
    }
}

TEST_F(PeersTest, MayGoBeforeItsHostWithStreamsOpen) {
    Speaker a(world.internet, 1);
    Speaker b(world.internet, 2);
    world.connect(a, b);
    ASSERT_TRUE(world.until([&] { return a.peers->has(b.id()) && b.peers->has(a.id()); }));
    a.peers->send(b.id(), presence_of(plain(tree)));
    b.peers->send(a.id(), presence_of(plain(tree)));
    ASSERT_TRUE(world.until([&] { return a.heard.messages == 1 && b.heard.messages == 1; }));
    a.peers.reset();
    b.peers->send(a.id(), presence_of(plain(tree)));
    b.peers->send(a.id(), presence_of(plain(tree)));
    world.pass(minutes(20));
    EXPECT_EQ(a.heard.messages, 1);
}

} // namespace
} // namespace codex::exchange::test

// Peers that are slow, deaf, or send what nobody can read or wants: what is held for them has
// bounds.
#include "peers_fixture.hpp"

namespace codex::exchange::test {
namespace {

using PeersLimits = PeersTest;

Task<void> hold(World* world, std::vector<std::unique_ptr<net::Stream>>* to, net::Stream stream) {
    to->push_back(std::make_unique<net::Stream>(std::move(stream)));
    co_await world->loop.pause_until(world->in(minutes(60)));
}

TEST_F(PeersLimits, LetsAPeerHaveSoManyStreams) {
    net::HostOptions options;
    options.limits.protocol_streams = 3;
    Speaker a(world.internet, 1, {}, options);
    Raw b(world.internet, 2);
    world.connect(b, a);
    const Bytes message = net::exchange::encode_framed(wants({want_have(leaf(tree, 1))}));
    std::vector<net::Stream> streams;
    for (int i = 0; i < 3; ++i) {
        streams.push_back(b.open(world, a.id()));
        b.write(world, streams.back(), message);
    }
    // Whether the fourth is of no use comes out when it is opened, or when it is read.
    auto fourth = world.run(b.host->open(
        a.id(), std::vector<std::string>(1, std::string(kProtocol)), world.in(minutes(1))));
    EXPECT_TRUE(
        world.until([&] { return a.host->limit_counts().of(net::Limit::protocol_streams) == 1; }));
    EXPECT_TRUE(world.until([&] { return a.heard.messages == 3; }));
    if (fourth) {
        const Error error = must_fail(world.run(fourth->wait_more(0, world.in(minutes(1)))));
        EXPECT_EQ(error.code(), Errc::unavailable);
    }
}

TEST_F(PeersLimits, ResetsAStreamOfGarbageAndReadsTheOthers) {
    Speaker a(world.internet, 1);
    Raw b(world.internet, 2);
    world.connect(b, a);
    const Bytes good = net::exchange::encode_framed(wants({want_have(leaf(tree, 1))}));
    net::Stream sane = b.open(world, a.id());
    b.write(world, sane, good);
    // A length of 100 MiB and one byte; no field; a flag that crashes others.
    const Bytes too_long = {0x81, 0x80, 0x80, 0x32};
    const Bytes no_field = {0x02, 0x07, 0x07};
    Bytes bad_flag = good;
    bad_flag.back() = 9;
    std::uint64_t hits = 0;
    for (const Bytes& bad : {too_long, no_field, pattern(5000)}) {
        net::Stream stream = b.open(world, a.id());
        b.write(world, stream, good);
        b.write(world, stream, bad);
        ++hits;
        EXPECT_TRUE(world.until([&] {
            return a.host->limit_counts().of(net::Limit::exchange_message) == hits;
        })) << hits;
        const Error error = must_fail(world.run(stream.wait_more(0, world.in(minutes(1)))));
        EXPECT_EQ(error.code(), Errc::unavailable);
    }
    b.write(world, sane, good);
    EXPECT_TRUE(world.until([&] { return a.heard.messages == 5; })); // what came before counts
    EXPECT_EQ(a.heard.leaves, 0);
}

TEST_F(PeersLimits, HoldsOnlySoMuchOfWhatIsNotWhole) {
    PeersOptions options;
    options.input_bytes = 300000;
    Speaker a(world.internet, 1, options);
    Raw b(world.internet, 2);
    world.connect(b, a);
    const RawBytes message = blocks_message(1, 200000);
    const BytesView most = BytesView(message).first(message.size() - 60);
    net::Stream first = b.open(world, a.id());
    net::Stream second = b.open(world, a.id());
    b.write(world, first, most);
    world.pass(seconds(1));
    EXPECT_EQ(a.host->limit_counts().of(net::Limit::exchange_input), 0u);
    b.write(world, second, most);
    EXPECT_TRUE(
        world.until([&] { return a.host->limit_counts().of(net::Limit::exchange_input) == 1; }));
    b.write(world, first, BytesView(message).subspan(most.size()));
    EXPECT_TRUE(world.until([&] { return a.heard.blocks.size() == 1; }));
    net::Stream third = b.open(world, a.id());
    b.write(world, third, message);
    EXPECT_TRUE(world.until([&] { return a.heard.blocks.size() == 2; }));
}

TEST_F(PeersLimits, WaitsForAPeerThatReadsSlowlyAndGivesUpOnOneThatNeverReads) {
    Speaker a(world.internet, 1, {}, with_muxer(net::mux::kYamux));
    Raw b(world.internet, 2, with_muxer(net::mux::kYamux));
    std::vector<std::unique_ptr<net::Stream>> held;
    b.serve([&](net::Stream stream) { return hold(&world, &held, std::move(stream)); });
    world.connect(a, b);
    ASSERT_TRUE(world.until([&] { return a.peers->has(b.id()); }));
    const Clock::Instant start = world.loop.now();
    const Error error =
        must_fail(world.run(a.peers->send_blocks(b.id(), blocks_message(20, 65536))));
    EXPECT_EQ(error.code(), Errc::timeout) << error.text();
    EXPECT_EQ(world.loop.now() - start, PeersOptions().patience);
    // The peer is still there, and so is the room for small messages, but no more of it than this.
    std::vector<Want> entries(1024, want_have(leaf(tree, 1)));
    const Message list = wants(std::move(entries));
    const std::size_t size = net::exchange::encode_framed(list).size();
    while (a.host->limit_counts().of(net::Limit::exchange_unsent) == 0) {
        a.peers->send(b.id(), list);
        ASSERT_LE(a.peers->unsent(b.id()), PeersOptions().unsent_bytes);
    }
    EXPECT_GT(a.peers->unsent(b.id()), PeersOptions().unsent_bytes - size);
    EXPECT_TRUE(world.until([&] { return a.peers->unsent(b.id()) == 0; }, minutes(120)));
}

TEST_F(PeersLimits, HoldsUpAPeerWhileNobodyMayRead) {
    for (const std::string_view muxer : {net::mux::kMplex, net::mux::kYamux}) {
        World other;
        Speaker a(other.internet, 1, {}, with_muxer(muxer));
        Speaker b(other.internet, 2, {}, with_muxer(muxer));
        other.connect(a, b);
        ASSERT_TRUE(other.until([&] { return a.peers->has(b.id()) && b.peers->has(a.id()); }));
        b.heard.reads = false;
        TaskGroup group(other.loop);
        std::optional<Result<void>> sent;
        group.start(codex::detail::keep_value(
            a.peers->send_blocks(b.id(), blocks_message(20, std::size_t{1} << 19)), &sent));
        other.pass(seconds(5));
        EXPECT_FALSE(sent) << muxer;
        EXPECT_TRUE(b.heard.blocks.empty());
        b.heard.reads = true;
        b.peers->read_on(a.id());
        EXPECT_TRUE(other.until([&] { return sent && b.heard.messages == 1; })) << muxer;
        must(std::move(*sent));
        EXPECT_EQ(b.heard.blocks.size(), 20u);
    }
}

TEST_F(PeersLimits, LetsQuestionsOvertakeBlocks) {
    WireOptions wire;
    wire.delay = milliseconds(50);
    World slow(wire);
    Speaker a(slow.internet, 1);
    Speaker b(slow.internet, 2);
    slow.connect(a, b);
    ASSERT_TRUE(slow.until([&] { return a.peers->has(b.id()); }));
    a.peers->send(b.id(), wants({want_have(leaf(tree, 0))}));
    ASSERT_TRUE(slow.until([&] { return b.heard.messages == 1; }));
    TaskGroup group(slow.loop);
    std::optional<Result<void>> sent;
    group.start(codex::detail::keep_value(
        a.peers->send_blocks(b.id(), blocks_message(20, std::size_t{1} << 17)), &sent));
    a.peers->send(b.id(), wants({want_have(leaf(tree, 1))}));
    EXPECT_TRUE(slow.until([&] { return b.heard.blocks.size() == 20; }));
    EXPECT_LT(b.heard.order.find('w', 1), 12u) << b.heard.order;
}

TEST_F(PeersLimits, LosesOnlyWhatIsOnAStreamThatBreaks) {
    Speaker a(world.internet, 1);
    Raw b(world.internet, 2);
    std::vector<std::unique_ptr<net::Stream>> held;
    b.serve([&](net::Stream stream) { return hold(&world, &held, std::move(stream)); });
    world.connect(a, b);
    ASSERT_TRUE(world.until([&] { return a.peers->has(b.id()); }));
    a.peers->send(b.id(), wants({want_have(leaf(tree, 1))}));
    ASSERT_TRUE(world.until([&] { return held.size() == 1 && !held[0]->unread().empty(); }));
    held[0]->reset();
    world.pass(seconds(1));
    const Message second = wants({want_have(leaf(tree, 2))});
    a.peers->send(b.id(), second);
    ASSERT_TRUE(world.until([&] { return held.size() == 2 && !held[1]->unread().empty(); }));
    EXPECT_TRUE(equal(held[1]->unread(), net::exchange::encode_framed(second)));
}

/// Takes streams and resets each at once.
Task<void> refuse_later(int* count, net::Stream stream) {
    ++*count;
    stream.reset();
    co_return;
}

TEST_F(PeersLimits, GivesUpOnAPeerThatTakesStreamsAndNoMessages) {
    Speaker a(world.internet, 1, {}, with_muxer(net::mux::kYamux));
    Raw b(world.internet, 2, with_muxer(net::mux::kYamux));
    int streams = 0;
    b.serve([&](net::Stream stream) { return refuse_later(&streams, std::move(stream)); });
    world.connect(a, b);
    ASSERT_TRUE(world.until([&] { return a.peers->has(b.id()); }));
    const Error error =
        must_fail(world.run(a.peers->send_blocks(b.id(), blocks_message(20, 65536))));
    EXPECT_EQ(error.code(), Errc::unavailable) << error.text();
    world.pass(minutes(1));
    EXPECT_LE(streams, 3);
    EXPECT_EQ(a.peers->unsent_blocks(b.id()), 0u);
}

/// Takes no block.
class Uninterested : public PeerEvents {
public:
    void unasked(const PeerId& /*peer*/) override { ++blocks; }
    int blocks = 0;
};

TEST_F(PeersLimits, OneThatSendsWhatNobodyAskedForIsDropped) {
    Speaker a(world.internet, 1);
    Speaker b(world.internet, 2);
    Uninterested uninterested;
    b.peers->remove(b.heard);
    b.peers->add(uninterested);
    world.connect(a, b);
    ASSERT_TRUE(world.until([&] { return b.peers->has(a.id()) && a.peers->has(b.id()); }));
    const Bytes data(100, 7);
    const auto send = [&](std::uint64_t index) {
        Message message;
        message.deliveries.emplace_back();
        message.deliveries.back().cid = block_named("x");
        message.deliveries.back().address = leaf(tree_named("t"), index);
        message.deliveries.back().data = data;
        const Bytes framed = net::exchange::encode_framed(message);
        const auto sent =
            world.run(a.peers->send_blocks(b.id(), RawBytes(framed.begin(), framed.end())));
        return sent.has_value();
    };
    // What it was asked for before may come as often as it likes.
    b.peers->note_withdrawn(a.id(), leaf(tree_named("t"), 100), 500);
    for (std::uint64_t i = 0; i < 500; ++i)
        EXPECT_TRUE(send(100 + i));
    for (std::uint64_t i = 0; i < 64; ++i)
        EXPECT_TRUE(send(i));
    world.pass(seconds(1));
    EXPECT_EQ(uninterested.blocks, 64);
    EXPECT_TRUE(b.peers->has(a.id()));
    send(64);
    EXPECT_TRUE(world.until([&] { return !b.peers->has(a.id()); }, seconds(5)));
    EXPECT_EQ(uninterested.blocks, 65);
    EXPECT_EQ(b.host->limit_counts().of(net::Limit::exchange_unasked), 1u);
    ASSERT_TRUE(world.until([&] { return !a.peers->has(b.id()); }, seconds(5)));
    // It may come again. What was withdrawn is not for ever.
    world.connect(a, b);
    ASSERT_TRUE(world.until([&] { return b.peers->has(a.id()) && a.peers->has(b.id()); }));
    b.peers->note_withdrawn(a.id(), leaf(tree_named("t"), 0), 1);
    EXPECT_TRUE(b.peers->was_withdrawn(a.id(), leaf(tree_named("t"), 0)));
    EXPECT_FALSE(b.peers->was_withdrawn(a.id(), leaf(tree_named("t"), 1)));
    EXPECT_FALSE(b.peers->was_withdrawn(a.id(), leaf(tree_named("u"), 0)));
    world.pass(seconds(31));
    EXPECT_FALSE(b.peers->was_withdrawn(a.id(), leaf(tree_named("t"), 0)));
}

} // namespace
} // namespace codex::exchange::test

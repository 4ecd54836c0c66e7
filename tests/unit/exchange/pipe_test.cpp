// A peer over a pipe: what it says first, what it says then, and each way in which it may end.
#include "exchange/pipe.hpp"

#include "fetch_fixture.hpp"

#include <gmock/gmock.h>

namespace codex::exchange::test {
namespace {

using repo::test::seeds;
using testing::HasSubstr;

/// The two ends of a pipe, as large as one of the system.
class PipeEnds {
public:
    explicit PipeEnds(World& world, std::size_t buffer_bytes = std::size_t{64} << 10)
        : internet_(world.loop, {.delay = milliseconds(1), .buffer_bytes = buffer_bytes}),
          host_(internet_.host(kIp)) {
        const SocketAddress at(kIp, 7);
        auto acceptor = must(host_->listen(at));
        here = must(world.run(host_->connect(at, world.in(seconds(5)))));
        there = must(world.run(acceptor->accept()));
    }

private:
    static constexpr std::array<std::uint8_t, 4> kIp{10, 1, 0, 1};
    SimulatedInternet internet_;
    std::unique_ptr<Network> host_;

public:
    std::unique_ptr<Socket> here;
    std::unique_ptr<Socket> there; ///< what the test says comes from there
};

class PipeTest : public testing::Test {
protected:
    /// Attaches one end, which hears what the other says.
    void attach(PipeOptions options, const PeersOptions& of_peers = {}) {
        pipe = std::make_unique<PipePeer>(world.loop, std::move(ends->here), std::move(options));
        peers = std::make_unique<Peers>(world.loop, of_peers);
        peers->add(heard);
        peers->attach(*pipe);
    }
    [[nodiscard]] FetchOptions from_the_pipe() const {
        FetchOptions options;
        options.pipes = {pipe.get()};
        return options;
    }
    void say(BytesView bytes) {
        must(world.run(write_all(ends->there.get(), bytes, world.in(minutes(5)))));
    }
    /// What has been written to the other end, up to now.
    std::string said() {
        world.pass(seconds(1));
        Bytes bytes(std::size_t{1} << 20);
        const auto got = must(ends->there->try_read(bytes));
        return std::string(as_text(BytesView(bytes).first(got.value_or(0))));
    }
    /// How it ends, within `span`.
    [[nodiscard]] Error end(Clock::Duration span = seconds(5)) {
        EXPECT_TRUE(world.until([&] { return pipe->ended(); }, span));
        if (!pipe->error())
            return {Errc::internal, "it has not ended"};
        return {pipe->error()->code(), pipe->error()->text()};
    }
    void forget() {
        peers.reset();
        pipe.reset();
        heard = {};
        ends.emplace(world);
    }

    World world;
    std::optional<PipeEnds> ends{std::in_place, world};
    Heard heard;
    std::unique_ptr<PipePeer> pipe;
    std::unique_ptr<Peers> peers; ///< goes first
    const Message question = wants({want_have(leaf(tree_named("t"), 3))});
};

TEST_F(PipeTest, ADatasetComesFromOneEndToTheOther) {
    const Dataset data(seeds(1, 200));
    Store seeder(world, 1);
    seeder.store(data, {0, data.size()});
    PipePeer serving(world.loop, std::move(ends->there),
                     {"the one that fetches", true, seconds(60)});
    Peers served(world.loop);
    const Server server(served, seeder.repo, seeder.executor);
    served.attach(serving);
    attach({"the one that serves", false, seconds(60)});
    Store leecher(world, 2);
    Fetch fetch(*peers, leecher.repo, data.cid, from_the_pipe(), {});
    const FetchStatus status = must(world.run(Fetch::run(&fetch)));
    leecher.expect_whole(data);
    EXPECT_EQ(status.blocks_fetched, data.size());
    EXPECT_TRUE(serving.greeted() && pipe->greeted());
    EXPECT_EQ(pipe->connected(), std::vector<PeerId>(1, pipe->id()));
    EXPECT_TRUE(pipe->is_connected(pipe->id()));
    EXPECT_FALSE(pipe->is_connected(seeder.id()));
    EXPECT_NE(pipe->id(), serving.id()) << "it is made of the name";
    EXPECT_EQ(pipe->name(), "the one that serves");
    // The end of one side is the end of the other, which is no failure.
    peers->drop(pipe->id(), "all is here");
    EXPECT_THAT(end().text(), HasSubstr("all is here"));
    EXPECT_TRUE(world.until([&] { return serving.ended(); }, seconds(5)));
    EXPECT_EQ(serving.error()->code(), Errc::unavailable);
    EXPECT_FALSE(serving.is_connected(serving.id()));
}

TEST_F(PipeTest, OneThatSaysNothingIsNamedWhileItIsWaitedForAndInTheError) {
    const Dataset data(seeds(1, 20));
    attach({"'ssh nobody'", false, seconds(60), "ssh nobody"});
    Store leecher(world, 2);
    Begun begun(world, *peers, leecher, data.cid, from_the_pipe());
    world.pass(seconds(2));
    EXPECT_FALSE(begun.fetch.status().waiting);
    world.pass(seconds(2));
    FetchStatus now = begun.fetch.status();
    ASSERT_TRUE(now.waiting);
    EXPECT_EQ(now.waiting->words, "nothing has come yet from 'ssh nobody'");
    EXPECT_GT(now.waiting->left, seconds(20));
    EXPECT_LE(now.waiting->left, seconds(30));
    ASSERT_TRUE(world.until([&] { return begun.result.has_value(); }, minutes(1)));
    const Error error = must_fail(std::move(*begun.result));
    EXPECT_EQ(error.code(), Errc::unavailable);
    EXPECT_EQ(error.text(), "nothing has come from 'ssh nobody'");
    now = begun.fetch.status();
    ASSERT_EQ(now.peers.size(), 1U);
    EXPECT_EQ(now.peers[0].name, "ssh nobody");
    EXPECT_THAT(now.peers[0].error, HasSubstr("'ssh nobody'"));
}

TEST_F(PipeTest, OneThatBeginsToSpeakAndOneThatIsNotThereLeaveNobodyOut) {
    const Dataset data(seeds(1, 20));
    attach({"late", false, seconds(60)});
    Store seeder(world, 1);
    seeder.store(data, {0, data.size()});
    Store leecher(world, 2);
    Begun begun(world, *peers, leecher, data.cid, from_the_pipe());
    world.pass(milliseconds(2500));
    PipePeer serving(world.loop, std::move(ends->there), {"who fetches", true, seconds(60)});
    Peers served(world.loop);
    const Server server(served, seeder.repo, seeder.executor);
    served.attach(serving);
    for (int i = 0; i < 60000 && !begun.result; ++i) { // at no time, also between two looks
        const FetchStatus now = begun.fetch.status();
        EXPECT_FALSE(now.waiting) << now.waiting->words;
        world.pass(milliseconds(1));
    }
    ASSERT_TRUE(begun.result);
    EXPECT_TRUE(must(std::move(*begun.result)).peers[0].error.empty());
}

TEST_F(PipeTest, GreetsAtOnceAndTakesAGreetingInAnyPieces) {
    for (const std::size_t piece : {1U, 5U, 1000U}) {
        attach({"other", false, seconds(60)});
        EXPECT_EQ(said(), "codex-exchange 1\n"); // without waiting for the other side
        Bytes bytes;
        append(bytes, as_bytes("codex-exchange  1 more blocks words\n"));
        append(bytes, net::exchange::encode_framed(question)); // early
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            EXPECT_EQ(pipe->greeted(), at >= 36) << at;
            say(BytesView(bytes).subspan(at, std::min(piece, bytes.size() - at)));
            world.pass(milliseconds(10));
        }
        EXPECT_EQ(heard.messages, 1);
        EXPECT_EQ(heard.joins, 1);
        forget();
    }
    attach({"other", true, seconds(60)});
    EXPECT_EQ(said(), "codex-exchange 1 blocks\n");
    say(as_bytes("codex-exchange 1\n")); // who serves does not ask for blocks
    EXPECT_TRUE(world.until([&] { return pipe->greeted() && heard.joins == 1; }, seconds(5)));
    peers->send(pipe->id(), question);
    EXPECT_EQ(said(), std::string(as_text(net::exchange::encode_framed(question))));
}

TEST_F(PipeTest, RefusesWhatIsNoGreeting) {
    const std::string right = "codex-exchange 1 blocks";
    const struct {
        std::string said;
        bool ends;
        Errc code;
        const char* words;
    } kinds[] = {
        {"GET / HTTP/1.1\r\n", false, Errc::exchange_invalid, "GET / HTTP/1.1"},
        {"Welcome to this host\n" + right + "\n", false, Errc::exchange_invalid, "Welcome"},
        {"\n", false, Errc::exchange_invalid, "begins with \"\""},
        {"codex-exchange\n", false, Errc::exchange_invalid, "no block exchange"},
        {"codex-exchange 2 blocks\n", false, Errc::unsupported, "version 2"},
        {"codex-exchange 1\n", false, Errc::protocol_unsupported, "no blocks to give"},
        {std::string(300, '\0'), false, Errc::exchange_invalid, "no block exchange"},
        {right + std::string(300, ' '), false, Errc::exchange_invalid, "no end within 256"},
        {right + std::string(300, ' ') + "\n", false, Errc::exchange_invalid, "no end within 256"},
        {"", true, Errc::unavailable, "without a word"},
        {"codex-ex", true, Errc::exchange_invalid, "codex-ex"},
        {right, true, Errc::exchange_invalid, "no end within 256"},
    };
    for (const auto& kind : kinds) {
        SCOPED_TRACE(kind.said);
        attach({"other", false, seconds(60)});
        say(as_bytes(kind.said));
        if (kind.ends)
            ends->there->end();
        const Error error = end();
        EXPECT_EQ(error.code(), kind.code) << error.text();
        EXPECT_THAT(error.text(), HasSubstr(kind.words));
        EXPECT_THAT(error.text(), testing::StartsWith("other: "));
        EXPECT_FALSE(pipe->greeted());
        EXPECT_EQ(heard.joins, 0);
        forget();
    }
}

TEST_F(PipeTest, WaitsForAGreetingForItsTimeAlone) {
    attach({"other", false, seconds(20)});
    const Clock::Instant start = world.loop.now();
    TaskGroup beside(world.loop);
    for (int i = 0; i < 15; ++i) { // a byte a second changes nothing
        say(as_bytes("codex-exchange 1 blocks\n").subspan(static_cast<std::size_t>(i), 1));
        world.pass(seconds(1));
    }
    EXPECT_EQ(end(seconds(6)).code(), Errc::timeout);
    EXPECT_GE(world.loop.now() - start, milliseconds(19900));
    EXPECT_LE(world.loop.now() - start, seconds(21));
}

TEST_F(PipeTest, EndsOverWhatIsNoMessage) {
    for (const Bytes& bad :
         {Bytes{0x81, 0x80, 0x80, 0x32}, Bytes{0x02, 0x07, 0x07}, Bytes(20, 0xff)}) {
        attach({"other", false, seconds(60)});
        say(as_bytes("codex-exchange 1 blocks\n"));
        say(net::exchange::encode_framed(question));
        EXPECT_TRUE(world.until([&] { return heard.messages == 1; }, seconds(5)));
        say(bad);
        const Error error = end();
        EXPECT_EQ(error.code(), Errc::exchange_invalid);
        EXPECT_THAT(error.text(), HasSubstr("no message"));
        EXPECT_TRUE(world.until([&] { return heard.leaves == 1; }, seconds(5)));
        EXPECT_EQ(peers->limit_counts().of(net::Limit::exchange_message), 1U);
        EXPECT_TRUE(peers->all().empty());
        forget();
    }
}

TEST_F(PipeTest, EndsWithTheOtherSideWhereverThatIs) {
    const Bytes message = net::exchange::encode_framed(question);
    for (std::size_t size = 0; size <= message.size(); ++size) {
        attach({"other", false, seconds(60)});
        say(as_bytes("codex-exchange 1 blocks\n"));
        say(BytesView(message).first(size));
        EXPECT_TRUE(world.until([&] { return heard.joins == 1; }, seconds(5)));
        ends->there->close();
        const Error error = end();
        EXPECT_EQ(error.code(), Errc::unavailable) << error.text();
        EXPECT_EQ(heard.messages, size == message.size() ? 1 : 0) << size;
        EXPECT_TRUE(world.until([&] { return heard.leaves == 1; }, seconds(5)));
        forget();
    }
}

TEST_F(PipeTest, GivesUpOnWhoNeverReadsAndHoldsNoMoreForHim) {
    PeersOptions options;
    options.unsent_bytes = 100000;
    attach({"other", true, seconds(60)}, options);
    say(as_bytes("codex-exchange 1\n"));
    ASSERT_TRUE(world.until([&] { return heard.joins == 1; }, seconds(5)));
    const Clock::Instant start = world.loop.now();
    TaskGroup beside(world.loop);
    std::optional<Result<void>> sent;
    beside.start(codex::detail::keep_value(
        peers->send_blocks(pipe->id(), RawBytes(std::size_t{2} << 20)), &sent));
    for (int i = 0; i < 1000; ++i) {
        peers->send(pipe->id(), question);
        ASSERT_LE(peers->unsent(pipe->id()), options.unsent_bytes);
    }
    for (int i = 0; i < 2000; ++i)
        peers->send(pipe->id(), question);
    EXPECT_GT(peers->limit_counts().of(net::Limit::exchange_unsent), 0U);
    EXPECT_LE(peers->unsent(pipe->id()), options.unsent_bytes);
    ASSERT_TRUE(world.until([&] { return sent.has_value(); }, minutes(2)));
    EXPECT_EQ(must_fail(std::move(*sent)).code(), Errc::timeout);
    EXPECT_GE(world.loop.now() - start, seconds(59));
    EXPECT_LE(world.loop.now() - start, seconds(70));
    EXPECT_EQ(end().code(), Errc::unavailable);
    EXPECT_EQ(peers->unsent(pipe->id()), 0U);
}

TEST_F(PipeTest, LetsSmallMessagesGoBeforeBlocksButNotWithinOne) {
    attach({"other", true, seconds(60)});
    say(as_bytes("codex-exchange 1\n"));
    ASSERT_TRUE(world.until([&] { return heard.joins == 1; }, seconds(5)));
    EXPECT_EQ(said(), "codex-exchange 1 blocks\n");
    TaskGroup beside(world.loop);
    std::array<std::optional<Result<void>>, 2> sent;
    std::string blocks(200000, 'x'); // whatever it is, it goes as it stands
    for (auto& one : sent)
        beside.start(codex::detail::keep_value(
            peers->send_blocks(pipe->id(), RawBytes(blocks.begin(), blocks.end())), &one));
    world.pass(seconds(1)); // the first is on its way
    peers->send(pipe->id(), question);
    std::string all;
    const std::string small(as_text(net::exchange::encode_framed(question)));
    for (int i = 0; i < 100 && all.size() < 2 * blocks.size() + small.size(); ++i)
        all += said();
    EXPECT_TRUE(all == blocks + small + blocks);
    EXPECT_TRUE(sent[0] && *sent[0] && sent[1] && *sent[1]);
}

TEST_F(PipeTest, HasOneStreamToWriteTo) {
    attach({"other", false, seconds(60)});
    const auto open = [&] { return world.run(pipe->open(pipe->id(), world.in(seconds(1)))); };
    EXPECT_EQ(must_fail(open()).code(), Errc::not_found) << "it has not greeted";
    say(as_bytes("codex-exchange 1 blocks\n"));
    ASSERT_TRUE(world.until([&] { return pipe->greeted(); }, seconds(5)));
    EXPECT_TRUE(pipe->has_one_stream());
    {
        const auto first = must(open());
        EXPECT_EQ(first->peer(), pipe->id());
        EXPECT_EQ(must_fail(open()).code(), Errc::not_found);
    }
    EXPECT_EQ(end().code(), Errc::unavailable) << "what nobody writes to any more has ended";
    EXPECT_EQ(must_fail(open()).code(), Errc::not_found);
}

TEST_F(PipeTest, MayGoAtAnyTime) {
    for (int steps = 0; steps < 3; ++steps) {
        attach({"other", false, seconds(60)});
        if (steps > 0)
            say(as_bytes("codex-exchange 1 blocks\n"));
        if (steps > 1)
            world.pass(seconds(1));
        peers->send(pipe->id(), question);
        forget();
        world.pass(minutes(2));
    }
}

} // namespace
} // namespace codex::exchange::test

// Whose turn it is to be sent something.
#include "exchange/turns.hpp"

#include "nodes.hpp"

namespace codex::exchange::test {
namespace {

net::PeerId peer_number(std::uint64_t number) {
    net::SeededSecrets secrets(number);
    return net::PeerId(must(net::SecretKey::generate(secrets)).public_key());
}

TEST(Turns, GivesEachTheSameBytesHoweverLargeItsBlocksAre) {
    Turns turns(256, 2048);
    std::map<PeerId, std::size_t> block; // a block of so many bytes is sent whole
    std::map<PeerId, std::size_t> sent;
    for (const std::size_t size : {1u, 64u, 100u, 256u, 1000u, 1024u})
        block[peer_number(size)] = size;
    for (const auto& [peer, size] : block)
        turns.add(peer);
    for (int i = 0; i < 10000; ++i) {
        const auto turn = turns.next();
        ASSERT_TRUE(turn);
        const std::size_t size = block.at(turn->peer);
        const std::size_t bytes = std::max<std::size_t>(1, turn->bytes / size) * size;
        sent[turn->peer] += bytes;
        turns.spent(turn->peer, bytes);
        turns.add(turn->peer);
    }
    const auto [least, most] = std::minmax_element(
        sent.begin(), sent.end(), [](auto& a, auto& b) { return a.second < b.second; });
    EXPECT_LE(most->second - least->second, 4 * 1024u);
    EXPECT_GT(least->second, 100000u);
}

TEST(Turns, WhoIsAloneMaySendMoreAndOwesNothing) {
    Turns turns(256, 2048);
    const PeerId a = peer_number(1);
    const PeerId b = peer_number(2);
    EXPECT_FALSE(turns.next());
    turns.add(a);
    turns.add(a);
    const auto alone = turns.next();
    ASSERT_TRUE(alone);
    EXPECT_EQ(alone->bytes, 2048u);
    EXPECT_FALSE(turns.next());
    turns.spent(a, 2000);
    turns.add(a);
    EXPECT_EQ(turns.next()->bytes, 2048u);
    turns.spent(a, 0);
    turns.add(a);
    turns.add(b);
    turns.remove(a);
    EXPECT_EQ(turns.next()->peer, b);
    EXPECT_TRUE(turns.empty());
}

} // namespace
} // namespace codex::exchange::test

// Peers that a node stays connected with: which, and what is said of those that are not there.
#include "captured_log.hpp"
#include "exchange/nodes.hpp"
#include "node/keeper.hpp"

namespace codex::node {
namespace {

using exchange::test::Node;
using exchange::test::World;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view kUnreached = "a peer that is to be kept cannot be reached";

TEST(Keeper, SaysOnceThatAPeerIsNotThereAndAgainAfterItWas) {
    World world;
    const codex::test::CapturedLog log(world.clock, "info");
    Node here(world.internet, 1);
    auto there = std::make_unique<Node>(world.internet, 2);
    const KeptPeer peer{there->id(), there->host->addresses().front()};
    there.reset();
    Keeper keeper(*here.host, log.logger());
    keeper.keep({peer});
    const std::function<bool()> never = [] { return false; };
    world.until(never, minutes(30));
    EXPECT_EQ(log.count(kUnreached), 1u);
    there = std::make_unique<Node>(world.internet, 2);
    const std::function<bool()> connected = [&] {
        return here.host->connection(peer.peer) != nullptr;
    };
    ASSERT_TRUE(world.until(connected, minutes(2)));
    there.reset();
    world.until(never, minutes(30));
    EXPECT_EQ(log.count(kUnreached), 2u);
}

TEST(Keeper, DialsNeverItself) {
    World world;
    const codex::test::CapturedLog log(world.clock, "debug");
    Node here(world.internet, 1);
    Keeper keeper(*here.host, log.logger());
    keeper.keep({{here.id(), here.host->addresses().front()}});
    world.until([] { return false; }, minutes(30));
    EXPECT_EQ(log.count("A peer that is to be kept is this node itself"), 1u);
    EXPECT_EQ(log.count(kUnreached), 0u);
    EXPECT_EQ(here.host->traffic().dials, 0u);
}

} // namespace
} // namespace codex::node

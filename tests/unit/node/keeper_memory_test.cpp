// Peers are kept also where memory is refused.
#include "exchange/nodes.hpp"
#include "failing_memory.hpp"
#include "node/keeper.hpp"
#include "sanitizers.hpp"

namespace codex::node {
namespace {

using exchange::test::Node;
using exchange::test::World;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(KeeperMemory, GoesOnTryingWhereSomeWasRefused) {
    if (codex::test::kThreadSanitizer)
        GTEST_SKIP() << "it has an operator new of its own, which refuses nothing";
    long nth = 0;
    for (bool refused = true; refused && !HasFailure(); nth += 11) {
        World world;
        Node there(world.internet, 2);
        Node here(world.internet, 1);
        Keeper keeper(*here.host);
        keeper.keep({{there.id(), there.host->addresses().front()}});
        const std::function<bool()> connected = [&] {
            return here.host->connection(there.id()) != nullptr;
        };
        {
            const codex::test::FailingMemory failing(nth);
            EXPECT_NO_THROW(world.until(connected, seconds(5))) << "allocation " << nth;
            refused = failing.refused();
        }
        EXPECT_TRUE(world.until(connected, minutes(3))) << "allocation " << nth;
    }
    EXPECT_GT(nth, 100);
}

} // namespace
} // namespace codex::node

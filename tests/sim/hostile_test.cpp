// A node that means harm, among those that do not: it is left, and costs them little.
#include "exchange/fetch_fixture.hpp"

#include <gtest/gtest.h>

namespace codex::exchange::test {
namespace {

using repo::test::kBlock;
using repo::test::seeds;

constexpr WireOptions kWire = {
    .delay = milliseconds(20), .buffer_bytes = std::size_t{512} << 10, .bytes_per_second = 400e3};
/// Of the time without it, and what dialling and the first questions take.
constexpr double kMostTime = 1 / 0.8;

/// Wants everything, again and again, and reads nothing.
class Flooder : public Speaker {
public:
    Flooder(World& world, std::uint8_t number, const Dataset& data)
        : Speaker(world.internet, number), world_(world), data_(data), tasks_(world.loop) {
        heard.reads = false;
    }
    void flood(const Speaker& whom) { tasks_.start(send(this, whom.id())); }
    std::uint64_t sent = 0;

private:
    static Task<void> send(Flooder* self, PeerId whom) {
        for (;;) {
            Message message;
            for (std::uint64_t i = 0; i < self->data_.size(); ++i) {
                const BlockAddress address = leaf(self->data_.tree_cid(), i);
                message.wants.push_back(self->sent % 2 == 0 ? want_block(address, true)
                                                            : want_have(address, true));
            }
            self->peers->send(whom, message);
            ++self->sent;
            co_await self->world_.loop.pause_until(self->world_.in(milliseconds(5)));
        }
    }
    World& world_;
    const Dataset& data_;
    TaskGroup tasks_;
};

class Hostile : public testing::Test {
protected:
    Hostile() : data(seeds(1, 600)) {}

    /// Three that are honest, a leecher, and one with a fault, if there is one.
    Clock::Duration fetch_beside(std::optional<Fault> fault) {
        World world(kWire);
        std::vector<std::unique_ptr<Store>> honest;
        FetchOptions options;
        for (std::uint8_t number = 1; number <= 3; ++number) {
            honest.push_back(std::make_unique<Store>(world, number));
            honest.back()->store(data, {0, data.size()});
            honest.back()->serve();
            options.peers.push_back(honest.back()->address());
        }
        std::optional<Faulty> faulty;
        if (fault) {
            faulty.emplace(world, std::uint8_t{9}, data, *fault);
            options.peers.push_back(faulty->address());
        }
        Store leecher(world, 4);
        const Clock::Instant begun = world.loop.now();
        Fetch fetch(*leecher.peers, leecher.repo, data.cid, options, {});
        must(world.run(Fetch::run(&fetch)));
        const Clock::Duration took = world.loop.now() - begun;
        leecher.expect_whole(data);
        wrong = wrong_of(fetch, faulty ? faulty->id() : leecher.id());
        connected = faulty && leecher.host->connection(faulty->id()) != nullptr;
        return took;
    }
    static std::uint64_t wrong_of(const Fetch& fetch, const PeerId& whom) {
        for (const FetchPeer& peer : fetch.status().peers)
            if (peer.id == whom)
                return peer.wrong;
        return 0;
    }
    static double seconds_of(Clock::Duration span) {
        return std::chrono::duration<double>(span).count();
    }

    Dataset data;
    std::uint64_t wrong = 0;
    bool connected = false;
};

TEST_F(Hostile, WhoeverSendsWrongBlocksIsLeftAndTheOthersGoOnAsFast) {
    const double alone = seconds_of(fetch_beside(std::nullopt));
    for (const Fault fault : {Fault::corrupt_data, Fault::bad_proof, Fault::missing_proof,
                              Fault::foreign_proof, Fault::wrong_cid}) {
        const double beside = seconds_of(fetch_beside(fault));
        EXPECT_LE(beside, alone * kMostTime) << static_cast<int>(fault);
        EXPECT_EQ(wrong, 1U) << static_cast<int>(fault);
        EXPECT_FALSE(connected) << static_cast<int>(fault);
    }
}

TEST_F(Hostile, WhoeverIsSilentOrSendsWhatNobodyWantsCostsTheOthersLittle) {
    const double alone = seconds_of(fetch_beside(std::nullopt));
    for (const Fault fault : {Fault::duplicates, Fault::unsolicited, Fault::dropped_connection}) {
        EXPECT_LE(seconds_of(fetch_beside(fault)), alone * kMostTime) << static_cast<int>(fault);
        EXPECT_EQ(wrong, 0U) << static_cast<int>(fault);
    }
    // What it is asked for and does not give is asked of others after two seconds, and what it is
    // late with then after two more.
    for (const Fault fault : {Fault::silence, Fault::slowness})
        EXPECT_LE(seconds_of(fetch_beside(fault)), alone * kMostTime + 4)
            << static_cast<int>(fault);
}

TEST_F(Hostile, WhoeverFloodsAndNeverReadsHoldsUpNobody) {
    const auto serve = [&](bool flooded) {
        World world(kWire);
        Store seeder(world, 1);
        seeder.store(data, {0, data.size()});
        seeder.serve();
        Flooder flooder(world, 9, data);
        if (flooded) {
            world.connect(flooder, seeder);
            flooder.flood(seeder);
            world.pass(seconds(1));
        }
        Store leecher(world, 4);
        FetchOptions options;
        options.peers = {seeder.address()};
        const Clock::Instant begun = world.loop.now();
        Fetch fetch(*leecher.peers, leecher.repo, data.cid, options, {});
        must(world.run(Fetch::run(&fetch)));
        const Clock::Duration took = world.loop.now() - begun;
        leecher.expect_whole(data);
        if (flooded) {
            EXPECT_GT(flooder.sent, 100U);
        }
        const ServerOptions limits;
        EXPECT_LE(seeder.server->unsent_bytes(), 2 * limits.unsent_bytes + limits.message_bytes);
        EXPECT_LE(seeder.server->wants(), 2 * data.size() + 2);
        EXPECT_LE(seeder.host->held_bytes(), std::size_t{4} << 20);
        return seconds_of(took);
    };
    const double alone = serve(false);
    EXPECT_LE(serve(true), alone * kMostTime);
}

} // namespace
} // namespace codex::exchange::test

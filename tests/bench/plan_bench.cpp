// What a plan costs a block: everything that is asked of it, with peers that have all.
#include "exchange/plan/planner.hpp"

#include <benchmark/benchmark.h>
#include <deque>

namespace {

using namespace codex;
using namespace codex::exchange::plan;

constexpr std::size_t kBlock = 65536;
constexpr Clock::Duration kStep = std::chrono::microseconds(20);

/// Peers that answer at once, and send one block each in turn.
class Peers {
public:
    Peers(Planner& plan, unsigned count) : plan_(plan), open_(count) {
        for (PeerNumber peer = 0; peer < count; ++peer)
            plan_.joined(peer, now_);
    }
    void run() {
        while (!plan_.finished()) {
            if (plan_.due() <= now_)
                take(plan_.next(now_));
            for (PeerNumber peer = 0; peer < open_.size(); ++peer)
                send_one(peer);
            now_ += kStep;
        }
    }

private:
    void take(const Orders& orders) {
        for (const Tell& tell : orders.tell) {
            for (const IndexRange& range : tell.haves)
                for (std::uint64_t index = range.first; index < range.end(); ++index)
                    plan_.presence(tell.peer, index, true, now_);
            for (const IndexRange& range : tell.blocks)
                for (std::uint64_t index = range.first; index < range.end(); ++index)
                    open_[tell.peer].push_back(index);
        }
    }
    void send_one(PeerNumber peer) {
        if (open_[peer].empty())
            return;
        const std::uint64_t index = open_[peer].front();
        open_[peer].pop_front();
        if (plan_.arrived(peer, index, now_) == Arrival::wanted)
            plan_.verified(peer, index, now_);
    }

    Planner& plan_;
    std::vector<std::deque<std::uint64_t>> open_;
    Clock::Instant now_{std::chrono::hours(1)};
};

void plan(benchmark::State& state) {
    const auto blocks = static_cast<std::uint64_t>(state.range(0));
    for (auto _ : state) {
        Planner planner({kBlock, 1});
        planner.want({0, blocks});
        Peers(planner, static_cast<unsigned>(state.range(1))).run();
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(plan)
    ->ArgNames({"blocks", "peers"})
    ->Args({16384, 1})
    ->Args({1'638'400, 1})
    ->Args({131'072, 8})
    ->Args({131'072, 50});

} // namespace

BENCHMARK_MAIN();

// How long a node of the DHT takes to answer, whatever else it does: tests/bench/run.sh network
// lets it serve a fetch meanwhile.
//
//   dht_bench SPR COUNT   SPR is the record of the node
//
// Pings it COUNT times, at half the rate at which it listens to one source, and prints in
// milliseconds the median, the 99th of a hundred and the longest of the times that it took, and how
// many were not answered within a second.
#include "base/system_network.hpp"
#include "net/dht/dht.hpp"
#include "net/dht/memory_providers.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace {

using namespace codex;

constexpr Clock::Duration kPause = std::chrono::milliseconds(40);
constexpr Clock::Duration kPatience = std::chrono::seconds(1);

template <class T> T must(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "%s\n", result.error().text().c_str());
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>)
        return std::move(*result);
}

struct Times {
    std::vector<double> ms;
    std::uint64_t lost = 0;
};

Task<Result<void>> ping_all(EventLoop* loop, net::dht::Dht* dht, net::dht::NodeRecord node,
                            std::uint64_t count, Times* times) {
    for (std::uint64_t i = 0; i < count; ++i) {
        const Clock::Instant next = loop->now() + kPause;
        const Clock::Instant until = loop->now() + kPatience;
        auto to = node;
        const auto took = co_await dht->ping(std::move(to), until);
        if (took)
            times->ms.push_back(std::chrono::duration<double, std::milli>(*took).count());
        else
            ++times->lost;
        co_await loop->pause_until(next);
    }
    co_return Result<void>();
}

void run(const char* spr, std::uint64_t count) {
    SystemLoop loop;
    SystemNetwork network(loop);
    SecretRandom& random = Random::system();
    net::dht::MemoryProviders providers(random);
    net::dht::NodeRecord node = must(net::dht::open_node_record(must(net::spr_bytes(spr))));
    const SocketAddress here(std::array<std::uint8_t, 4>{127, 0, 0, 1}, 0);
    const auto dht = must(net::dht::Dht::make(must(net::SecretKey::generate(random)), network, here,
                                              random, providers));
    Times times;
    must(std::move(*run_task(loop, ping_all(&loop, dht.get(), std::move(node), count, &times))));
    if (times.ms.empty())
        must<void>(fail(Errc::timeout, "nobody has answered"));
    std::ranges::sort(times.ms);
    const auto at = [&](std::size_t percent) {
        return times.ms[(times.ms.size() * percent + 99) / 100 - 1];
    };
    std::printf("%.1f %.1f %.1f %llu\n", at(50), at(99), times.ms.back(),
                static_cast<unsigned long long>(times.lost));
}

} // namespace

int main(int argc, char** argv) {
    const std::uint64_t count = argc == 3 ? std::strtoull(argv[2], nullptr, 10) : 0;
    if (count == 0) {
        std::fputs("usage: dht_bench SPR COUNT\n", stderr);
        return 64;
    }
    run(argv[1], count);
}

// What a fetch over real sockets costs the wire, and how much of it it fills, by one muxer:
// tests/bench/run.sh puts codex-testshaper in between.
//
//   wire_bench MUXER ADDRESS CID REPO   MUXER is mplex or yamux; REPO is made anew
//
// Prints bytes of blocks, their rate a second from a third of them on, bytes received and sent on
// the connection, and duplicates.
#include "base/system_network.hpp"
#include "base/thread_pool.hpp"
#include "exchange/fetch.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace {

using namespace codex;

template <class T> T must(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "%s\n", result.error().text().c_str());
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>)
        return std::move(*result);
}

void run(std::string_view muxer, const net::Multiaddr& address, const Cid& cid,
         const std::string& path) {
    SystemLoop loop;
    SystemNetwork network(loop);
    SecretRandom& random = Random::system();
    net::HostOptions host_options;
    host_options.muxers = {std::string(muxer == "yamux" ? net::mux::kYamux : net::mux::kMplex)};
    const auto host = must(net::Host::make(must(net::SecretKey::generate(random)), network, random,
                                           std::move(host_options)));
    repo::Repo repo = must(repo::Repo::init(path, {}));
    ThreadPool pool(3);
    exchange::Peers peers(*host);
    exchange::FetchOptions options;
    options.peers = {address};
    exchange::Fetch fetch(peers, repo, cid, std::move(options), codex::Job(pool));

    std::optional<Result<exchange::FetchStatus>> done;
    TaskGroup tasks(loop);
    tasks.start(detail::keep_value(exchange::Fetch::run(&fetch), &done));
    const auto reached = [&](std::uint64_t part) {
        const exchange::FetchStatus now = fetch.status();
        return done || (now.blocks != 0 && now.blocks_fetched * part >= now.blocks);
    };
    loop.run_until([&] { return reached(3); });
    const Clock::Instant begun = loop.now();
    const std::uint64_t before = fetch.status().bytes_fetched;
    std::uint64_t in = 0;
    std::uint64_t out = 0;
    const auto ended = [&] {
        if (const auto connection = host->connection(*address.peer())) {
            in = connection->bytes_in();
            out = connection->bytes_out();
        }
        return done.has_value();
    };
    loop.run_until([&] { return ended() || reached(1); });
    const std::chrono::duration<double> took = loop.now() - begun;
    const std::uint64_t after = fetch.status().bytes_fetched;
    loop.run_until(ended);
    const exchange::FetchStatus status = must(std::move(*done));
    std::uint64_t duplicates = 0;
    for (const exchange::FetchPeer& peer : status.peers)
        duplicates += peer.duplicates;
    std::printf("%llu %.0f %llu %llu %llu\n", static_cast<unsigned long long>(status.bytes_fetched),
                static_cast<double>(after - before) / took.count(),
                static_cast<unsigned long long>(in), static_cast<unsigned long long>(out),
                static_cast<unsigned long long>(duplicates));
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fputs("usage: wire_bench MUXER ADDRESS CID REPO\n", stderr);
        return 64;
    }
    run(argv[1], must(codex::net::Multiaddr::from_text(argv[2])),
        must(codex::Cid::from_text(argv[3])), argv[4]);
}

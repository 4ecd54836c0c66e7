// What a connection costs: one stream over loopback, by each muxer, from one process to another,
// beside what it cannot do without: the bare socket, and sealing and opening the bytes.
//
//   net_bench [MiB [PIECE_KiB]]   1024 MiB, which the sender writes in pieces of 1024 KiB
#include "base/system_network.hpp"
#include "net/connection/host.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace codex;
using namespace codex::net;
using std::chrono::minutes;

const std::string kProtocol = "/bench/1";

template <class T> T must(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "%s\n", result.error().text().c_str());
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>)
        return std::move(*result);
}

struct Cost {
    double wall = 0;
    double cpu = 0;
};

double cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// What this process spends from here to stop().
class Meter {
public:
    [[nodiscard]] Cost stop() const {
        const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin_;
        return {wall.count(), cpu_seconds() - cpu_};
    }

private:
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    double cpu_ = cpu_seconds();
};

/// A process beside this one, and what it says at its end.
class Beside {
public:
    template <class Job> explicit Beside(Job job) {
        int ends[2];
        if (::pipe(ends) != 0 || (child_ = ::fork()) < 0)
            std::abort();
        if (child_ == 0) {
            const Cost cost = job();
            ::_exit(::write(ends[1], &cost, sizeof cost) == sizeof cost ? 0 : 1);
        }
        ::close(ends[1]);
        from_ = ends[0];
    }
    Beside(const Beside&) = delete;
    Beside& operator=(const Beside&) = delete;
    ~Beside() { ::close(from_); }
    [[nodiscard]] Cost wait() const {
        Cost cost;
        int status = 0;
        const bool said = ::read(from_, &cost, sizeof cost) == sizeof cost;
        ::waitpid(child_, &status, 0);
        if (!said || status != 0)
            std::exit(1);
        return cost;
    }

private:
    pid_t child_ = -1;
    int from_ = -1;
};

Task<Result<void>> send_all(Host* host, PeerId to, std::vector<Multiaddr> at, std::size_t pieces,
                            const Bytes* piece) {
    const Clock::Instant until = host->loop().now() + minutes(10);
    CODEX_CO_CHECK(host->connect(to, at, until));
    std::vector<std::string> protocols(1, kProtocol);
    CODEX_CO_TRY(stream, host->open(to, std::move(protocols), until));
    for (std::size_t i = 0; i < pieces; ++i) {
        CODEX_CO_CHECK(stream.write(*piece, until));
    }
    CODEX_CO_CHECK(stream.finish(until));
    co_return Result<void>();
}

Task<void> take_all(Host* host, Stream stream, std::size_t* taken, bool* over) {
    const Clock::Instant until = host->loop().now() + minutes(10);
    for (;;) {
        const auto more = co_await stream.wait_more(0, until);
        if (!more || !*more)
            break;
        *taken += stream.unread().size();
        stream.consume(stream.unread().size());
    }
    stream.end();
    *over = true;
}

std::unique_ptr<Host> make_host(SystemNetwork& network, std::string_view muxer) {
    HostOptions options;
    options.muxers = {std::string(muxer)};
    SecretRandom& random = SecretRandom::system();
    return must(Host::make(must(SecretKey::generate(random)), network, random, std::move(options)));
}

void print(std::string_view what, double mib, const Cost& sender, const Cost& receiver) {
    const double mb = mib * 1.048576;
    std::printf("%-8s %7.0f MB/s   CPU s a GB: %.3f sender, %.3f receiver\n",
                std::string(what).c_str(), mb / receiver.wall, sender.cpu / mb * 1000,
                receiver.cpu / mb * 1000);
    std::fflush(stdout);
}

void measure(std::string_view muxer, std::size_t mib, std::size_t piece_bytes) {
    SystemLoop loop;
    SystemNetwork network(loop);
    const auto host = make_host(network, muxer);
    std::size_t taken = 0;
    bool over = false;
    host->serve(kProtocol, 1, [&](Stream stream) {
        return take_all(host.get(), std::move(stream), &taken, &over);
    });
    must(host->listen(must(Multiaddr::from_text("/ip4/127.0.0.1/tcp/0"))));
    const PeerId id = host->id();
    const std::vector<Multiaddr> at = host->addresses();
    const Beside sender([&] {
        SystemLoop own_loop;
        SystemNetwork own_network(own_loop);
        const auto from = make_host(own_network, muxer);
        const Bytes piece(piece_bytes, 1);
        const Meter meter;
        const std::size_t pieces = (mib << 20) / piece_bytes;
        must(*run_task(own_loop, send_all(from.get(), id, at, pieces, &piece)));
        return meter.stop();
    });
    loop.run_until([&taken] { return taken > 0; });
    const Meter meter;
    loop.run_until([&over] { return over; });
    const Cost receiver = meter.stop();
    loop.run_until([&host] { return host->connections().empty(); });
    print(muxer, static_cast<double>(taken) / (1 << 20), sender.wait(), receiver);
}

// --- what it cannot do without ------------------------------------------------------------------

void measure_socket(std::size_t mib) {
    SystemLoop loop;
    SystemNetwork network(loop);
    const auto acceptor = must(network.listen(SocketAddress(Bytes{127, 0, 0, 1}, 0)));
    const SocketAddress at = acceptor->local();
    const std::size_t all = mib << 20;
    const Beside sender([&] {
        SystemLoop own_loop;
        SystemNetwork own_network(own_loop);
        const Clock::Instant until = own_loop.now() + minutes(10);
        const auto socket = must(*run_task(own_loop, own_network.connect(at, until)));
        const Bytes piece(256 << 10, 1);
        const Meter meter;
        for (std::size_t sent = 0; sent < all; sent += piece.size())
            must(*run_task(own_loop, write_all(socket.get(), piece, until)));
        return meter.stop();
    });
    const auto socket = must(*run_task(loop, acceptor->accept()));
    Bytes piece(256 << 10);
    const Meter meter;
    for (std::size_t taken = 0; taken < all;)
        taken += must(*run_task(loop, read_some(socket.get(), piece, loop.now() + minutes(10))));
    const Cost receiver = meter.stop();
    print("socket", static_cast<double>(mib), sender.wait(), receiver);
}

void measure_aead(std::size_t mib) {
    const noise::Key key{};
    noise::Sealer sealer{noise::CipherState(key)};
    noise::Opener opener{noise::CipherState(key)};
    constexpr std::size_t kFrame = noise::kMaxPlainBytes + noise::kFrameOverhead;
    Bytes batch(64 * kFrame); // long enough for the clock of a process
    const std::size_t batches = (mib << 20) / batch.size();
    Cost sealing;
    Cost opening;
    const auto each = [&batch](Cost& cost, auto what) {
        const Meter meter;
        for (std::size_t at = 0; at < batch.size(); at += kFrame)
            what(MutableBytes(batch).subspan(at, kFrame));
        const Cost one = meter.stop();
        cost.wall += one.wall;
        cost.cpu += one.cpu;
    };
    for (std::size_t i = 0; i < batches; ++i) {
        each(sealing, [&](MutableBytes frame) { must(sealer.seal_in_place(frame)); });
        each(opening, [&](MutableBytes frame) { must(opener.open(frame)); });
    }
    print("aead", static_cast<double>(mib), sealing, opening);
}

} // namespace

int main(int argc, char** argv) {
    const std::size_t mib = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1024;
    const std::size_t piece = (argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1024) << 10;
    measure_socket(mib);
    measure_aead(mib);
    for (const std::string_view muxer : {mux::kMplex, mux::kYamux})
        measure(muxer, mib, piece);
}

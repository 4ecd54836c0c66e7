// What comes over a pipe, from the first line on: a greeting and messages are taken however they
// are cut, and whatever else comes ends it, with a reason.
#include "base/simulated_network.hpp"
#include "exchange/peers.hpp"
#include "exchange/pipe.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::exchange;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr std::array<std::uint8_t, 4> kIp{10, 0, 0, 1};

/// What one end made of it.
struct Outcome {
    bool greeted = false;
    Errc error = Errc::internal;
    std::uint64_t messages = 0;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

class Counted final : public PeerEvents {
public:
    bool delivery(const PeerId& /*peer*/, const Delivery& /*delivery*/) override { return true; }
    void message_end(const PeerId& /*peer*/) override { ++messages; }
    std::uint64_t messages = 0;
};

template <class T> T value_of(EventLoop& loop, Task<Result<T>> task) {
    auto value = run_task(loop, std::move(task), loop.now() + seconds(1));
    FUZZ_CHECK(value && *value);
    return std::move(**value);
}

Outcome talk(BytesView input, std::size_t piece, bool serves) {
    const SimulatedClock clock;
    SimulatedLoop loop(clock);
    SimulatedInternet internet(loop);
    const auto host = internet.host(kIp);
    auto acceptor = host->listen(SocketAddress(kIp, 1));
    FUZZ_CHECK(acceptor.has_value());
    auto here = value_of(loop, host->connect(SocketAddress(kIp, 1), loop.now() + seconds(1)));
    const auto there = value_of(loop, (*acceptor)->accept());
    PipePeer pipe(loop, std::move(here), {"other", serves, seconds(60)});
    Counted counted;
    Peers peers(loop);
    peers.add(counted);
    peers.attach(pipe);
    for (std::size_t at = 0; at < input.size() && !pipe.ended();) {
        const auto put = there->try_write(input.subspan(at, std::min(piece, input.size() - at)));
        if (!put)
            break;
        at += *put;
        loop.run_until([] { return false; }, loop.now() + milliseconds(1));
    }
    there->end();
    loop.run_until([&pipe] { return pipe.ended(); }, loop.now() + minutes(2));
    FUZZ_CHECK(pipe.ended() && pipe.error() && !pipe.error()->text().empty());
    loop.run_until([] { return false; }, loop.now() + seconds(1));
    FUZZ_CHECK(peers.all().empty());
    return {pipe.greeted(), pipe.error()->code(), counted.messages};
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > 4096)
        return 0;
    const bool serves = data[0] % 2 == 0;
    const BytesView input(data + 1, size - 1);
    const Outcome whole = talk(input, size, serves);
    FUZZ_CHECK(talk(input, 7, serves) == whole);
    FUZZ_CHECK(whole.greeted || whole.messages == 0);
    FUZZ_CHECK(!whole.greeted || whole.error == Errc::unavailable ||
               whole.error == Errc::exchange_invalid);
    return 0;
}

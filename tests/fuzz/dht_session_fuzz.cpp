// Two nodes of the DHT on a bad network: the input says what is sent, and what becomes of it.
// Whatever that is, nothing arrives that was not sent, by the node that it is said to be from.
#include "net/dht/transport.hpp"
#include "property.hpp"

#include <set>

using namespace codex;
using namespace codex::net;
using namespace codex::net::dht;

namespace {

/// The same secrets in each run.
class KnownSecrets final : public SecretRandom {
public:
    explicit KnownSecrets(std::uint64_t seed) : random_(seed) {}
    [[nodiscard]] Result<void> fill(MutableBytes out) override { return random_.fill(out); }

private:
    SeededRandom random_;
};

class NoNodes final : public KnownNodes {
public:
    [[nodiscard]] std::optional<KnownNode> find(const Id& /*id*/) const override {
        return std::nullopt;
    }
};

/// One end. It may lose all its sessions.
struct End {
    explicit End(std::uint8_t host)
        : random(host), key(*SecretKey::generate(random)),
          address(std::array<std::uint8_t, 4>{10, 0, 0, host}, 8090) {
        start();
    }
    void start() {
        TransportLimits limits;
        limits.challenges = 4; // of ids that were changed on their way, too
        limits.requests = 8;
        limits.messages_per_call = 3;
        transport.emplace(key, random, nobody, limits);
        transport->set_record(seal_peer_record(key, 1, {}), 1);
    }
    [[nodiscard]] Contact contact() const { return {{transport->id(), address}, key.public_key()}; }

    KnownSecrets random;
    SecretKey key;
    SocketAddress address;
    NoNodes nobody;
    std::optional<Transport> transport;
    std::set<std::uint64_t> sent;
};

struct World {
    End a{1};
    End b{2};
    Clock::Instant now{};
    std::uint64_t count = 0;
    std::deque<std::pair<bool, Bytes>> on_the_way; ///< whether to b

    void take(bool from_a, const Result<Output>& out) {
        if (!out)
            return;
        const End& to = from_a ? b : a;
        const End& from = from_a ? a : b;
        for (const Datagram& datagram : out->datagrams) {
            FUZZ_CHECK(datagram.to == to.address && datagram.bytes.size() >= kMinDatagramBytes);
            on_the_way.emplace_back(from_a, datagram.bytes);
        }
        for (const Received& received : out->messages) {
            const auto* ping = std::get_if<Ping>(&received.message.body);
            FUZZ_CHECK(ping != nullptr && to.sent.contains(ping->sequence));
            FUZZ_CHECK(received.from.id == to.transport->id());
        }
        const auto held = from.transport->held();
        FUZZ_CHECK(held.sessions <= 1 && held.challenges <= 4 && held.requests <= 8 &&
                   held.calls <= 1);
        while (on_the_way.size() > 32)
            on_the_way.pop_front();
    }
    void send(bool from_a) {
        End& from = from_a ? a : b;
        from.sent.insert(++count);
        take(from_a,
             from.transport->send((from_a ? b : a).contact(), {RequestId(), Ping{count}}, now));
    }
    void arrive(bool to_b, BytesView datagram) {
        End& to = to_b ? b : a;
        take(!to_b, to.transport->receive(datagram, (to_b ? a : b).address, now));
    }
    void step(std::uint8_t what, std::uint8_t how) {
        const std::size_t which = on_the_way.empty() ? 0 : how % on_the_way.size();
        const auto at = on_the_way.begin() + static_cast<std::ptrdiff_t>(which);
        switch (what % 9) {
        case 0:
        case 1:
            send(what % 9 == 0);
            break;
        case 2: // lost
            if (!on_the_way.empty())
                on_the_way.erase(at);
            break;
        case 3: // twice
            if (!on_the_way.empty()) {
                const auto copy = *at;
                arrive(copy.first, copy.second);
            }
            break;
        case 4: // changed on its way
            if (!on_the_way.empty())
                at->second[how * std::size_t{7} % at->second.size()] ^= 0x10;
            break;
        case 5: // cut
            if (!on_the_way.empty()) {
                const auto copy = *at;
                arrive(copy.first, BytesView(copy.second).first(how % copy.second.size()));
            }
            break;
        case 6:
            now += std::chrono::milliseconds(how * 4);
            take(true, a.transport->tick(now));
            take(false, b.transport->tick(now));
            break;
        case 7:
            (how % 2 == 0 ? a : b).start();
            break;
        default: // as it should
            if (!on_the_way.empty()) {
                const auto next = *at;
                on_the_way.erase(at);
                arrive(next.first, next.second);
            }
            break;
        }
    }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    World world;
    for (std::size_t i = 0; i + 1 < std::min<std::size_t>(size, 256); i += 2)
        world.step(data[i], data[i + 1]);
    return 0;
}

// A whole node of the DHT: datagrams and time go into it, of strangers, of peers that have keys
// with it and say what the input says, and of those that answer it. Whatever that is, what it holds
// has its bounds, and a stranger gets back no more than he sent.
#include "base/simulated_network.hpp"
#include "net/dht/dht.hpp"
#include "net/dht/memory_providers.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::net;
using namespace codex::net::dht;

namespace {

/// The same secrets in each run.
class NodeSecrets final : public SecretRandom {
public:
    explicit NodeSecrets(std::uint64_t seed) : random_(seed) {}
    [[nodiscard]] Result<void> fill(MutableBytes out) override { return random_.fill(out); }

private:
    SeededRandom random_;
};

class Nobody final : public KnownNodes {
public:
    [[nodiscard]] std::optional<KnownNode> find(const Id& /*id*/) const override {
        return std::nullopt;
    }
};

SocketAddress host_of(std::uint8_t number) {
    return {std::array<std::uint8_t, 4>{10, 0, 0, number}, 8090};
}

/// One that has a key, and may prove it.
struct Peer {
    Peer(SimulatedInternet& internet, std::uint8_t number)
        : address(host_of(number)), network(internet.host(address.ip_view())), random(number),
          key(*SecretKey::generate(random)), transport(key, random, nobody),
          socket(*network->bind_datagrams(address)) {
        const std::vector<Multiaddr> addresses = {udp_multiaddr(address)};
        record = seal_peer_record(key, 1, addresses);
        transport.set_record(record, 1);
    }
    void send(const Result<Output>& out) {
        if (out)
            for (const Datagram& datagram : out->datagrams)
                FUZZ_CHECK(socket->try_send(datagram.to, datagram.bytes));
    }

    SocketAddress address;
    std::unique_ptr<Network> network;
    NodeSecrets random;
    SecretKey key;
    Nobody nobody;
    Transport transport;
    std::unique_ptr<DatagramSocket> socket;
    Bytes record;
    std::deque<Received> asked; ///< by the node, and not answered
};

class Input {
public:
    explicit Input(BytesView bytes) : bytes_(bytes) {}
    [[nodiscard]] bool empty() const { return bytes_.empty(); }
    std::uint8_t byte() {
        const BytesView one = take(1);
        return one.empty() ? 0 : one[0];
    }
    BytesView take(std::size_t most) {
        const BytesView front = bytes_.first(std::min(most, bytes_.size()));
        bytes_ = bytes_.subspan(front.size());
        return front;
    }

private:
    BytesView bytes_;
};

struct World {
    SimulatedClock clock;
    SimulatedLoop loop{clock};
    SimulatedInternet internet{loop};
    std::unique_ptr<Network> network = internet.host(host_of(1).ip_view());
    NodeSecrets random{1};
    SeededRandom choices{1};
    MemoryProviders store{choices};
    std::unique_ptr<Dht> dht =
        *Dht::make(*SecretKey::generate(random), *network, host_of(1), random, store);
    std::deque<Peer> peers;
    std::unique_ptr<Network> outside = internet.host(host_of(9).ip_view());
    std::unique_ptr<DatagramSocket> stranger = *outside->bind_datagrams(host_of(9));
    std::size_t stranger_sent = 0;
    std::size_t stranger_got = 0;

    World() {
        for (const std::uint8_t number : {std::uint8_t{2}, std::uint8_t{3}, std::uint8_t{4}})
            peers.emplace_back(internet, number);
    }
    void pass(Clock::Duration span) {
        static_cast<void>(loop.run_until([] { return false; }, loop.now() + span));
        Bytes buffer(codex::kMaxDatagramBytes);
        for (Peer& peer : peers)
            while (const auto arrived = *peer.socket->try_receive(buffer)) {
                auto out = peer.transport.receive(BytesView(buffer).first(arrived->bytes),
                                                  arrived->from, loop.now());
                if (!out)
                    continue;
                for (Received& received : out->messages)
                    peer.asked.push_back(std::move(received));
                while (peer.asked.size() > 8)
                    peer.asked.pop_front();
                peer.send(out);
            }
        while (const auto arrived = *stranger->try_receive(buffer))
            stranger_got += arrived->bytes;
        FUZZ_CHECK(stranger_got <= stranger_sent);
        FUZZ_CHECK(dht->node_count() <= peers.size() && dht->bucket_count() <= 2);
    }
    /// Kind and content, as `decode()` takes them.
    static std::optional<Body> body_of(Input& input) {
        Bytes plain = {input.byte()};
        append(plain, input.take(input.byte()));
        auto message = decode(plain);
        return message ? std::optional(std::move(message->body)) : std::nullopt;
    }
    static bool can_be_written(const Body& body) {
        const auto* find = std::get_if<FindNode>(&body);
        if (find == nullptr)
            return true;
        for (const std::uint16_t distance : find->distances)
            if (distance > kMaxDistance)
                return false;
        return true;
    }
    Body some_body(Input& input) {
        const Peer& other = peers[input.byte() % peers.size()];
        switch (input.byte() % 6) {
        case 0:
            return Ping{input.byte()};
        case 1:
            return FindNode{std::vector<std::uint16_t>(1 + input.byte() % 4, input.byte())};
        case 2:
            return AddProvider{Id{}, other.record};
        case 3:
            return GetProviders{Id{}};
        case 4:
            return Nodes{input.byte(), std::vector<Bytes>(input.byte() % 20, other.record)};
        default:
            return Pong{input.byte(), host_of(input.byte())};
        }
    }
    void step(Input& input) {
        const std::uint8_t what = input.byte();
        Peer& peer = peers[what / 8 % peers.size()];
        std::optional<Body> body;
        switch (what % 8) {
        case 0: {
            const BytesView datagram = input.take(input.byte());
            stranger_sent += datagram.size();
            FUZZ_CHECK(stranger->try_send(host_of(1), datagram));
            break;
        }
        case 1:
            FUZZ_CHECK(peer.socket->try_send(host_of(1), input.take(input.byte())));
            break;
        case 2:
        case 3:
            body = what % 8 == 2 ? body_of(input) : some_body(input);
            if (body && can_be_written(*body)) {
                const Contact to{{dht->id(), host_of(1)}, dht->record().key};
                peer.send(peer.transport.send(to, {RequestId(), std::move(*body)}, loop.now()));
            }
            break;
        case 4:
        case 5:
            body = what % 8 == 4 ? body_of(input) : some_body(input);
            if (body && can_be_written(*body) && !peer.asked.empty()) {
                const Received asked = std::move(peer.asked.front());
                peer.asked.pop_front();
                peer.send(peer.transport.reply(asked.from, {asked.message.id, std::move(*body)}));
            }
            break;
        default:
            pass(std::chrono::milliseconds(input.byte() * (what % 8 == 6 ? 1 : 200)));
            break;
        }
    }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    World world;
    Input input(BytesView(data, std::min<std::size_t>(size, 2048)));
    for (int i = 0; i < 64 && !input.empty(); ++i)
        world.step(input);
    world.pass(std::chrono::seconds(10));
    return 0;
}

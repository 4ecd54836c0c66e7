// What tests of messages between peers share.
#pragma once

#include "nodes.hpp"

namespace codex::exchange::test {

inline constexpr std::string_view kProtocol = net::exchange::kBlockExchange;

inline Bytes pattern(std::size_t size, std::uint64_t seed = 7) {
    Bytes bytes(size);
    must(SeededRandom(seed).fill(bytes));
    return bytes;
}

/// One message with `count` blocks.
inline RawBytes blocks_message(std::size_t count, std::size_t size) {
    std::vector<Bytes> data;
    Message message;
    for (std::size_t i = 0; i < count; ++i)
        data.push_back(pattern(size, i + 1));
    for (const Bytes& bytes : data) {
        Delivery delivery;
        delivery.cid = Cid::block(crypto::sha256(bytes));
        delivery.data = bytes;
        delivery.address = plain(delivery.cid);
        message.deliveries.push_back(delivery);
    }
    const Bytes framed = net::exchange::encode_framed(message);
    return {framed.begin(), framed.end()};
}

/// A peer that is a program of its own: what it does with streams is the test's.
class Raw : public Node {
public:
    using Node::Node;
    void serve(net::Handler handler) {
        host->serve(std::string(kProtocol), 16, std::move(handler));
    }
    net::Stream open(World& world, const PeerId& peer) {
        return must(world.run(host->open(peer, std::vector<std::string>(1, std::string(kProtocol)),
                                         world.in(minutes(1)))));
    }
    void write(World& world, net::Stream& stream, BytesView bytes) {
        must(world.run(stream.write(bytes, world.in(minutes(1)))));
    }
};

class PeersTest : public testing::Test {
protected:
    World world;
    const Cid tree = tree_named("tree");
};

} // namespace codex::exchange::test

// A peer of a node of the DHT that says what a test tells it to say.
#pragma once

#include "dht_fixture.hpp"
#include "dht_node_fixture.hpp"

namespace codex::net::dht {

/// A peer that is told what to say, at an address of the same internet.
class ToldPeer {
public:
    ToldPeer(Swarm& swarm, std::uint32_t host, std::uint64_t sequence = 1)
        : ToldPeer(swarm, host_address(host), sequence, host) {}
    /// At that address, beside others on its host.
    ToldPeer(Swarm& swarm, const SocketAddress& at, std::uint64_t sequence, std::uint64_t seed)
        : swarm_(swarm), address_(at), network_(swarm.internet.host(address_.ip_view())),
          secrets_(1'000'000 + seed), key_(test::must(SecretKey::generate(secrets_))),
          transport_(key_, secrets_, known_),
          socket_(test::must(network_->bind_datagrams(address_))) {
        set_sequence(sequence);
    }
    void set_sequence(std::uint64_t sequence) {
        const std::vector<Multiaddr> addresses = {udp_multiaddr(address_)};
        record_ = test::must(open_node_record(seal_peer_record(key_, sequence, addresses)));
        transport_.set_record(record_.envelope, sequence);
    }

    /// Sends a message, and lets `span` pass.
    void say(const Dht& to, Body body, Clock::Duration span = std::chrono::milliseconds(100)) {
        const Message message{test::must(RequestId::from_bytes(Bytes{++asked_})), std::move(body)};
        const Contact contact{{to.id(), to.local()}, to.record().key};
        send(test::must(transport_.send(contact, message, swarm_.loop.now())));
        listen(span);
    }
    void listen(Clock::Duration span) {
        const Clock::Instant end = swarm_.loop.now() + span;
        while (swarm_.loop.now() < end) {
            swarm_.run_for(span > std::chrono::seconds(1) ? std::chrono::milliseconds(20)
                                                          : std::chrono::milliseconds(5));
            hear();
        }
    }
    /// Takes what has come by now, and answers it.
    void hear() {
        Bytes& buffer = buffer_;
        while (const auto arrived = test::must(socket_->try_receive(buffer))) {
            bytes_in += arrived->bytes;
            largest_in = std::max(largest_in, arrived->bytes);
            auto out = transport_.receive(BytesView(buffer).first(arrived->bytes), arrived->from,
                                          swarm_.loop.now());
            if (out)
                take(std::move(*out));
        }
    }
    void send_raw(const Dht& to, BytesView bytes) {
        bytes_out += bytes.size();
        EXPECT_TRUE(test::must(socket_->try_send(to.local(), bytes)));
    }

    /// The answers of this kind that have come.
    template <class Kind> std::vector<Kind> heard() {
        std::vector<Kind> all;
        for (const Message& message : messages)
            if (const auto* one = std::get_if<Kind>(&message.body))
                all.push_back(*one);
        messages.clear();
        return all;
    }
    [[nodiscard]] const NodeRecord& record() const { return record_; }
    [[nodiscard]] const SecretKey& key() const { return key_; }
    [[nodiscard]] const SocketAddress& address() const { return address_; }
    [[nodiscard]] Id id() const { return record_.id; }

    /// What it answers; nothing, when this gives nothing.
    std::function<std::vector<Body>(const Body&)> answers = [this](const Body& asked) {
        std::vector<Body> all;
        if (std::holds_alternative<Ping>(asked))
            all.push_back(Pong{record_.record.sequence, seen_as});
        else if (std::holds_alternative<FindNode>(asked))
            all.push_back(Nodes{1, tells});
        return all;
    };
    SocketAddress seen_as = host_address(99);
    std::vector<Bytes> tells;
    std::vector<Message> messages;
    std::vector<Body> asked_of;
    std::size_t bytes_in = 0;
    std::size_t bytes_out = 0;
    std::size_t largest_in = 0;

private:
    void send(Output out) {
        for (const Datagram& datagram : out.datagrams) {
            bytes_out += datagram.bytes.size();
            EXPECT_TRUE(test::must(socket_->try_send(datagram.to, datagram.bytes)));
        }
    }
    void take(Output out) {
        send(Output{std::move(out.datagrams), {}, {}});
        for (const Received& received : out.messages) {
            messages.push_back(received.message);
            asked_of.push_back(received.message.body);
            for (Body& body : answers(received.message.body)) {
                auto reply =
                    transport_.reply(received.from, {received.message.id, std::move(body)});
                if (reply)
                    send(std::move(*reply));
            }
        }
    }

    Swarm& swarm_;
    SocketAddress address_;
    std::unique_ptr<codex::Network> network_;
    SeededSecrets secrets_;
    SecretKey key_;
    ListedNodes known_;
    Transport transport_;
    std::unique_ptr<DatagramSocket> socket_;
    NodeRecord record_{{}, {PeerId(key_.public_key()), 0, {}}, key_.public_key(), {}};
    std::uint8_t asked_ = 0;
    Bytes buffer_ = Bytes(kMaxDatagramBytes);
};

} // namespace codex::net::dht

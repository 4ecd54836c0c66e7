// All that passes between the nodes of a simulation, as one number: two runs that are the same have
// the same.
#pragma once

#include "base/network.hpp"

#include <memory>

namespace codex::sim {

/// What happened, in its order. Threads: the loop's.
class Trace {
public:
    /// `node` has sent, or read, these bytes on a connection with `other`, or as a datagram.
    void add(Clock::Instant when, char what, std::uint64_t node, const SocketAddress& other,
             BytesView bytes) {
        mix(static_cast<std::uint64_t>(when.time_since_epoch().count()));
        mix(static_cast<std::uint64_t>(what) << 32 | node);
        mix(other.port);
        mix(bytes.size());
        for (const std::uint8_t byte : bytes)
            hash_ = (hash_ ^ byte) * kPrime;
        ++events_;
        bytes_ += what == 'w' || what == 'W' ? bytes.size() : 0;
    }
    /// Something else that shall be the same: how many blocks are there, what a fetch ended with.
    void add(Clock::Instant when, std::string_view what, std::uint64_t number) {
        mix(static_cast<std::uint64_t>(when.time_since_epoch().count()));
        for (const char letter : what)
            mix(static_cast<std::uint8_t>(letter));
        mix(number);
        ++events_;
    }
    [[nodiscard]] std::uint64_t hash() const { return hash_; }
    [[nodiscard]] std::uint64_t events() const { return events_; }
    [[nodiscard]] std::uint64_t bytes_sent() const { return bytes_; }

private:
    static constexpr std::uint64_t kPrime = 0x100000001b3;
    void mix(std::uint64_t number) {
        for (int i = 0; i < 8; ++i, number >>= 8)
            hash_ = (hash_ ^ (number & 0xff)) * kPrime;
    }
    std::uint64_t hash_ = 0xcbf29ce484222325; // FNV-1a
    std::uint64_t events_ = 0;
    std::uint64_t bytes_ = 0;
};

/// The network of one node, whose reads and writes are told to a trace.
/// Threads: the loop's.
class RecordedNetwork final : public Network {
public:
    /// `trace` outlives its sockets. Whoever uses it runs on `loop`, which outlives it.
    RecordedNetwork(std::unique_ptr<Network> network, Trace& trace, std::uint64_t node,
                    EventLoop& loop)
        : network_(std::move(network)), trace_(trace), node_(node), loop_(loop) {}

    [[nodiscard]] EventLoop& loop() override { return loop_; }
    [[nodiscard]] Result<std::unique_ptr<Acceptor>> listen(const SocketAddress& at) override;
    [[nodiscard]] Result<std::unique_ptr<DatagramSocket>>
    bind_datagrams(const SocketAddress& at) override;
    [[nodiscard]] Task<Result<std::unique_ptr<Socket>>> connect(SocketAddress to,
                                                                Clock::Instant until) override;
    [[nodiscard]] Task<Result<std::vector<SocketAddress>>>
    resolve(std::string name, bool v4, bool v6, Clock::Instant until) override {
        return network_->resolve(std::move(name), v4, v6, until);
    }
    [[nodiscard]] Result<std::vector<SocketAddress>> interfaces() const override {
        return network_->interfaces();
    }

private:
    std::unique_ptr<Network> network_;
    Trace& trace_;
    std::uint64_t node_;
    EventLoop& loop_;
};

} // namespace codex::sim

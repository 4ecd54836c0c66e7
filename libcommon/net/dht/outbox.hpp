// Datagrams on their way to the socket, answers first.
#pragma once

#include "net/dht/transport.hpp"

namespace codex::net::dht {

/// What a datagram is: who asked counts how long an answer takes.
enum class Urgency : std::uint8_t { answer, request };

/// Sends at once while the system takes datagrams; what it does not take waits here, bounded, and
/// the oldest of its kind is lost where there is more.
/// Threads: the loop's.
class Outbox {
public:
    /// Most that waits, of each kind.
    static constexpr std::size_t kMost = 256;

    /// They outlive it.
    Outbox(DatagramSocket& socket, EventLoop& loop) : socket_(socket), filled_(loop) {}

    void send(Datagram datagram, Urgency urgency);
    /// Sends what waits, as the system takes it, until the socket is closed.
    [[nodiscard]] static Task<void> run(Outbox* box);

    [[nodiscard]] std::size_t waiting() const { return answers_.size() + requests_.size(); }
    [[nodiscard]] std::uint64_t packets() const { return packets_; }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    /// That were not sent: there were too many, or there is no way where they were to go.
    [[nodiscard]] std::uint64_t lost() const { return lost_; }
    [[nodiscard]] std::uint64_t lost_bytes() const { return lost_bytes_; }

private:
    [[nodiscard]] bool try_send(const Datagram& datagram);
    void lose(const Datagram& datagram);

    DatagramSocket& socket_;
    std::deque<Datagram> answers_;
    std::deque<Datagram> requests_;
    Signal filled_;
    std::uint64_t packets_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t lost_ = 0;
    std::uint64_t lost_bytes_ = 0;
};

} // namespace codex::net::dht

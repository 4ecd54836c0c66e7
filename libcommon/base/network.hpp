// TCP and UDP as an interface: that of the system (base/system_network.hpp), or a simulated one
// (base/simulated_network.hpp).
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/event_loop.hpp"

#include <optional>
#include <string>

namespace codex {

/// An IP address and a port. Threads: as a number.
struct SocketAddress {
    std::array<std::uint8_t, 16> ip{}; ///< the first 4 bytes of it, or all 16
    std::uint8_t ip_bytes = 4;
    std::uint16_t port = 0;

    SocketAddress() = default;
    /// `bytes` are 4 or 16.
    SocketAddress(BytesView bytes, std::uint16_t port_number);
    [[nodiscard]] BytesView ip_view() const { return {ip.data(), ip_bytes}; }
    /// "192.0.2.1:8070", "[2001:db8::1]:8070".
    [[nodiscard]] std::string text() const;
    friend auto operator<=>(const SocketAddress&, const SocketAddress&) = default;
};

/// A connection that is established. Nothing is read or written before it is asked for, so one that
/// is quiet needs no buffer.
/// Threads: the loop's.
class Socket {
public:
    virtual ~Socket() = default;

    /// What has come, at most `to`, which is not empty: nothing, when there is nothing yet; 0 at
    /// the end. Errors: unavailable (it is broken), io.
    [[nodiscard]] virtual Result<std::optional<std::size_t>> try_read(MutableBytes to) = 0;
    /// Takes some of `bytes` from the front, which may be none. Errors: as try_read().
    [[nodiscard]] virtual Result<std::size_t> try_write(BytesView bytes) = 0;
    /// Wait until try_read(), or try_write(), may do something. Errors: timeout, at `until`;
    /// cancelled, when it is closed here.
    [[nodiscard]] virtual Task<Result<void>> readable(Clock::Instant until) = 0;
    [[nodiscard]] virtual Task<Result<void>> writable(Clock::Instant until) = 0;
    /// Says that nothing more will be written.
    virtual void end() = 0;
    /// Ends both ways; what waits is woken. As the destructor does.
    virtual void close() = 0;

    [[nodiscard]] virtual SocketAddress local() const = 0;
    [[nodiscard]] virtual SocketAddress remote() const = 0;
};

/// Takes connections.
/// Threads: the loop's.
class Acceptor {
public:
    virtual ~Acceptor() = default;
    /// The next one. Errors: cancelled, after close(); files_exhausted, while there are no
    /// descriptors for it; out_of_memory; io.
    [[nodiscard]] virtual Task<Result<std::unique_ptr<Socket>>> accept() = 0;
    /// Where it listens, with the port that it got.
    [[nodiscard]] virtual SocketAddress local() const = 0;
    virtual void close() = 0;
};

/// Datagrams at one port, to and from anyone. They may be lost, come twice and overtake each other,
/// and nobody is told: that nobody is there, either.
/// Threads: the loop's.
class DatagramSocket {
public:
    virtual ~DatagramSocket() = default;

    struct Arrived {
        std::size_t bytes = 0; ///< that it has, also where `to` took only the first of them
        SocketAddress from;
    };
    /// Puts the next one that has come into `to`: nothing, when there is none. Errors: cancelled,
    /// when it is closed here; io.
    [[nodiscard]] virtual Result<std::optional<Arrived>> try_receive(MutableBytes to) = 0;
    /// Sends all of `bytes` as one; or nothing, and gives false, while the system takes no more.
    /// Errors, of which all but the first say nothing of the next one: cancelled, when it is closed
    /// here; limit_exceeded (longer than one can be); permission (a filter of this host refuses
    /// it); unavailable (no way there, or one of the other kind of addresses); io.
    [[nodiscard]] virtual Result<bool> try_send(const SocketAddress& to, BytesView bytes) = 0;
    /// Wait until try_receive(), or try_send(), may do something. Errors: timeout, at `until`;
    /// cancelled, when it is closed here.
    [[nodiscard]] virtual Task<Result<void>> readable(Clock::Instant until) = 0;
    [[nodiscard]] virtual Task<Result<void>> writable(Clock::Instant until) = 0;
    /// Where it is bound, with the port that it got.
    [[nodiscard]] virtual SocketAddress local() const = 0;
    /// Nothing comes or goes any more; what waits is woken. As the destructor does.
    virtual void close() = 0;
};

/// Longest datagram of IPv4, whose length has 16 bits, headers and all.
constexpr std::size_t kMaxDatagramBytes = 65535 - 20 - 8;

/// Threads: the loop's.
class Network {
public:
    virtual ~Network() = default;
    [[nodiscard]] virtual EventLoop& loop() = 0;
    /// Port 0 is any that is free. Errors: address_in_use; permission; unavailable, when the
    /// address is none of this host; io.
    [[nodiscard]] virtual Result<std::unique_ptr<Acceptor>> listen(const SocketAddress& at) = 0;
    /// Datagrams at this port alone, of the kind of addresses that `at` is. Errors: as listen().
    [[nodiscard]] virtual Result<std::unique_ptr<DatagramSocket>>
    bind_datagrams(const SocketAddress& at) = 0;
    /// Errors: timeout, at `until`; unavailable (refused, unreachable); io.
    [[nodiscard]] virtual Task<Result<std::unique_ptr<Socket>>> connect(SocketAddress to,
                                                                        Clock::Instant until) = 0;
    /// The addresses that a host name has, of IPv4 where `v4` and of IPv6 where `v6`, with port 0,
    /// in the order in which they are to be tried. Errors: unavailable (no such name or address,
    /// nobody to ask), timeout, at `until`; no_space.
    [[nodiscard]] virtual Task<Result<std::vector<SocketAddress>>>
    resolve(std::string name, bool v4, bool v6, Clock::Instant until) = 0;
    /// The addresses of this host's interfaces that are up, IPv4 first, with port 0. Errors: io.
    [[nodiscard]] virtual Result<std::vector<SocketAddress>> interfaces() const = 0;
};

/// Writes all of `bytes`, which live until then. Errors: those of the socket.
[[nodiscard]] Task<Result<void>> write_all(Socket* socket, BytesView bytes, Clock::Instant until);
/// Waits for bytes, at least one, and gives how many; 0 at the end. Errors: those of the socket.
[[nodiscard]] Task<Result<std::size_t>> read_some(Socket* socket, MutableBytes to,
                                                  Clock::Instant until);

} // namespace codex

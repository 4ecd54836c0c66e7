// Multiaddrs: how a peer is reached, as a path of protocols (codex-libp2p(7), MULTIADDRS).
#pragma once

#include "net/identity/peer_id.hpp"

#include <optional>
#include <vector>

namespace codex::net {

/// The protocols that are understood, by their multicodec numbers.
enum class Protocol : std::uint32_t {
    ip4 = 4,
    tcp = 6,
    ip6 = 41,
    ip6zone = 42,
    dns = 53,
    dns4 = 54,
    dns6 = 55,
    dnsaddr = 56,
    udp = 273,
    webrtc_direct = 280,
    p2p_circuit = 290,
    p2p = 421,
    https = 443,
    tls = 448,
    noise = 454,
    quic = 460,
    quic_v1 = 461,
    webtransport = 465,
    ws = 477,
    wss = 478,
    http = 480,
};

/// One step of an address, a view into it.
struct AddressPart {
    Protocol protocol = Protocol::ip4;
    /// ip4: 4 bytes, ip6: 16, tcp and udp: 2, the highest first; p2p: a peer id in binary; the dns
    /// kinds and ip6zone: text; others: nothing.
    BytesView value;
};

/// What a socket needs. Threads: as a number.
struct TcpEndpoint {
    /// 4 or 16 bytes; empty where `name` is to be looked up.
    Bytes ip;
    std::string name;
    Protocol kind = Protocol::ip4; ///< ip4, ip6, dns, dns4 or dns6
    std::uint16_t port = 0;

    friend bool operator==(const TcpEndpoint&, const TcpEndpoint&) = default;
};

/// An address whose every part is understood and of the right form, so that it has one binary form
/// and one text.
/// Threads: as a number.
class Multiaddr {
public:
    static constexpr std::size_t kMaxBytes = 512;
    static constexpr std::size_t kMaxTextChars = 1024;
    static constexpr std::size_t kMaxParts = 16;

    /// Errors: multiaddr_invalid naming the byte: no part, a protocol that is not known, a value of
    /// another form, bytes missing, limits.
    [[nodiscard]] static Result<Multiaddr> from_bytes(BytesView bytes);
    /// Errors: multiaddr_invalid naming the part, with a hint where a likely cause is known.
    /// "/ipfs/" is read as "/p2p/".
    [[nodiscard]] static Result<Multiaddr> from_text(std::string_view text);
    /// An address of a socket: /ip4/.../tcp/..., of 4 or 16 bytes.
    [[nodiscard]] static Multiaddr tcp(BytesView ip, std::uint16_t port);

    [[nodiscard]] BytesView bytes() const { return bytes_; }
    [[nodiscard]] std::string text() const;
    /// In order; valid as long as this address.
    [[nodiscard]] std::vector<AddressPart> parts() const;

    /// The peer at the end, behind the last /p2p/; nothing when another part is last.
    [[nodiscard]] std::optional<PeerId> peer() const;
    /// The same address without the /p2p/ part that is last; nothing, where that is all there is.
    [[nodiscard]] std::optional<Multiaddr> without_peer() const;
    /// The same with /p2p/`peer` at the end, instead of another one there. Errors:
    /// multiaddr_invalid, when it gets too long.
    [[nodiscard]] Result<Multiaddr> with_peer(const PeerId& peer) const;

    /// The socket of an address that is one of TCP alone, but for the peer at its end; nothing for
    /// all others: they lead through what is not spoken here.
    [[nodiscard]] std::optional<TcpEndpoint> tcp_endpoint() const;
    /// tcp_endpoint() is there, has a port, and is not the address of all interfaces.
    [[nodiscard]] bool is_dialable() const;
    /// It begins with an IP address of this host alone (127.0.0.0/8, ::1).
    [[nodiscard]] bool is_loopback() const;
    /// With one of a net that is not the internet: RFC 1918, RFC 6598, link-local, RFC 4193.
    [[nodiscard]] bool is_private() const;
    /// With the one that means all interfaces: 0.0.0.0, ::.
    [[nodiscard]] bool is_unspecified() const;
    /// With one that the internet routes: none of those, nor multicast, nor for documentation.
    [[nodiscard]] bool is_global() const;

    friend bool operator==(const Multiaddr&, const Multiaddr&) = default;

private:
    Multiaddr() = default;
    Bytes bytes_;
};

} // namespace codex::net

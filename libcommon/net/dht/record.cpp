#include "net/dht/record.hpp"

#include "base/endian.hpp"

namespace codex::net::dht {

Result<NodeRecord> open_node_record(BytesView envelope) {
    CODEX_TRY(record, open_peer_record(envelope));
    const auto key = record.peer.public_key();
    if (!key || key->kind() != KeyKind::secp256k1)
        return fail(Errc::record_invalid, "{} has no key of secp256k1, as nodes of the DHT have",
                    record.peer.text());
    const Id id = Id::of_peer(record.peer);
    return NodeRecord{id, std::move(record), *key, Bytes(envelope.begin(), envelope.end())};
}

std::optional<SocketAddress> udp_address(const PeerRecord& record) {
    for (const Multiaddr& address : record.addresses) {
        const auto parts = address.parts();
        if (parts.size() != 2 || parts[1].protocol != Protocol::udp ||
            (parts[0].protocol != Protocol::ip4 && parts[0].protocol != Protocol::ip6))
            continue;
        const auto port = load_be<std::uint16_t>(parts[1].value.data());
        if (port != 0)
            return SocketAddress(parts[0].value, port);
    }
    return std::nullopt;
}

Multiaddr udp_multiaddr(const SocketAddress& address) {
    const std::string text = address.text();
    const bool v4 = address.ip_bytes == 4;
    // Of an IPv6 address the text is in brackets.
    const std::size_t colon = text.rfind(':');
    const std::string ip = v4 ? text.substr(0, colon) : text.substr(1, colon - 2);
    auto made =
        Multiaddr::from_text(fmt::format("/{}/{}/udp/{}", v4 ? "ip4" : "ip6", ip, address.port));
    CODEX_ASSERT(made);
    return std::move(*made);
}

} // namespace codex::net::dht

#include "net/address/detail/protocols.hpp"

#include "base/endian.hpp"
#include "base/printable.hpp"
#include "codec/uvarint.hpp"

#include <arpa/inet.h>
#include <charconv>

namespace codex::net::detail {
namespace {

constexpr std::size_t kMaxNameChars = 253; // RFC 1035
constexpr std::size_t kMaxZoneChars = 32;

constexpr std::array kProtocols = {
    ProtocolRow{Protocol::ip4, "ip4", ValueForm::ip4, 4},
    ProtocolRow{Protocol::tcp, "tcp", ValueForm::port, 2},
    ProtocolRow{Protocol::ip6, "ip6", ValueForm::ip6, 16},
    ProtocolRow{Protocol::ip6zone, "ip6zone", ValueForm::zone, kPrefixed},
    ProtocolRow{Protocol::dns, "dns", ValueForm::name, kPrefixed},
    ProtocolRow{Protocol::dns4, "dns4", ValueForm::name, kPrefixed},
    ProtocolRow{Protocol::dns6, "dns6", ValueForm::name, kPrefixed},
    ProtocolRow{Protocol::dnsaddr, "dnsaddr", ValueForm::name, kPrefixed},
    ProtocolRow{Protocol::udp, "udp", ValueForm::port, 2},
    ProtocolRow{Protocol::webrtc_direct, "webrtc-direct", ValueForm::none, 0},
    ProtocolRow{Protocol::p2p_circuit, "p2p-circuit", ValueForm::none, 0},
    ProtocolRow{Protocol::p2p, "p2p", ValueForm::peer, kPrefixed},
    ProtocolRow{Protocol::https, "https", ValueForm::none, 0},
    ProtocolRow{Protocol::tls, "tls", ValueForm::none, 0},
    ProtocolRow{Protocol::noise, "noise", ValueForm::none, 0},
    ProtocolRow{Protocol::quic, "quic", ValueForm::none, 0},
    ProtocolRow{Protocol::quic_v1, "quic-v1", ValueForm::none, 0},
    ProtocolRow{Protocol::webtransport, "webtransport", ValueForm::none, 0},
    ProtocolRow{Protocol::ws, "ws", ValueForm::none, 0},
    ProtocolRow{Protocol::wss, "wss", ValueForm::none, 0},
    ProtocolRow{Protocol::http, "http", ValueForm::none, 0},
};

/// Letters of any alphabet stand in names as punycode; nothing here could steer a terminal or end
/// the part.
bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

Result<void> check_name(std::string_view name, std::size_t max_chars, std::string_view what) {
    if (name.empty() || name.size() > max_chars)
        return fail(Errc::multiaddr_invalid, "{} has {} characters, not 1 to {}", what, name.size(),
                    max_chars);
    for (const char c : name)
        if (!is_name_char(c))
            return fail(Errc::multiaddr_invalid, "{} has a character that none can have: \"{}\"",
                        what, printable(name));
    return {};
}

Result<Bytes> port_from_text(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    const bool padded = text.size() > 1 && text.front() == '0';
    if (error != std::errc() || end != text.data() + text.size() || padded)
        return fail(Errc::multiaddr_invalid, "\"{}\" is no port, a number from 0 to 65535",
                    printable(text));
    Bytes value(2);
    store_be(value.data(), port);
    return value;
}

Result<Bytes> ip_from_text(std::string_view text, int family, std::size_t size) {
    Bytes value(size);
    // inet_pton reads to a zero byte, which the text must not have.
    const std::string terminated(text);
    if (text.find('\0') != std::string_view::npos ||
        ::inet_pton(family, terminated.c_str(), value.data()) != 1)
        return fail(Errc::multiaddr_invalid, "\"{}\" is no IPv{} address", printable(text),
                    family == AF_INET ? 4 : 6);
    return value;
}

std::string ip_text(BytesView value, int family) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    CODEX_ASSERT(::inet_ntop(family, value.data(), text.data(), text.size()) != nullptr);
    return text.data();
}

} // namespace

const ProtocolRow* find_protocol(std::uint64_t number) {
    for (const ProtocolRow& row : kProtocols)
        if (static_cast<std::uint64_t>(row.protocol) == number)
            return &row;
    return nullptr;
}

const ProtocolRow* find_protocol(std::string_view name) {
    for (const ProtocolRow& row : kProtocols)
        if (row.name == name)
            return &row;
    return nullptr;
}

Result<void> check_value(const ProtocolRow& row, BytesView value) {
    switch (row.form) {
    case ValueForm::name:
        return check_name(as_text(value), kMaxNameChars, "a host name");
    case ValueForm::zone:
        return check_name(as_text(value), kMaxZoneChars, "the name of an interface");
    case ValueForm::peer: {
        const auto peer = PeerId::from_bytes(value);
        if (!peer)
            return fail(Errc::multiaddr_invalid, "{}", peer.error().text());
        return {};
    }
    default:
        return {};
    }
}

Result<Bytes> value_from_text(const ProtocolRow& row, std::string_view text) {
    switch (row.form) {
    case ValueForm::ip4:
        return ip_from_text(text, AF_INET, 4);
    case ValueForm::ip6:
        return ip_from_text(text, AF_INET6, 16);
    case ValueForm::port:
        return port_from_text(text);
    case ValueForm::peer: {
        CODEX_TRY(peer, PeerId::from_text(text));
        return Bytes(peer.bytes().begin(), peer.bytes().end());
    }
    default: {
        const BytesView value = as_bytes(text);
        CODEX_CHECK(check_value(row, value));
        return Bytes(value.begin(), value.end());
    }
    }
}

std::string value_text(const ProtocolRow& row, BytesView value) {
    switch (row.form) {
    case ValueForm::ip4:
        return ip_text(value, AF_INET);
    case ValueForm::ip6:
        return ip_text(value, AF_INET6);
    case ValueForm::port:
        return fmt::format("{}", load_be<std::uint16_t>(value.data()));
    case ValueForm::peer: {
        const auto peer = PeerId::from_bytes(value);
        CODEX_ASSERT(peer.has_value());
        return peer->text();
    }
    default:
        return std::string(as_text(value));
    }
}

Result<AddressPart> read_part(BytesView bytes, std::size_t offset, std::size_t& size) {
    const auto number = codec::read_uvarint(bytes);
    if (!number)
        return fail(Errc::multiaddr_invalid, "protocol at byte {}: {}", offset,
                    number.error().text());
    const ProtocolRow* row = find_protocol(number->value);
    if (row == nullptr)
        return fail(Errc::multiaddr_invalid, "protocol {} at byte {} is not known", number->value,
                    offset);
    std::size_t start = number->size;
    std::uint64_t length = row->size;
    if (row->size == kPrefixed) {
        const auto prefix = codec::read_uvarint(bytes.subspan(start));
        if (!prefix)
            return fail(Errc::multiaddr_invalid, "length at byte {}: {}", offset + start,
                        prefix.error().text());
        start += prefix->size;
        length = prefix->value;
    }
    if (length > bytes.size() - start)
        return fail(Errc::multiaddr_invalid, "{} at byte {} is cut: {} of {} bytes", row->name,
                    offset, bytes.size() - start, length);
    const BytesView value = bytes.subspan(start, static_cast<std::size_t>(length));
    size = start + value.size();
    return AddressPart{row->protocol, value};
}

} // namespace codex::net::detail

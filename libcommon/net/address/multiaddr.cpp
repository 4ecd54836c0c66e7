#include "net/address/multiaddr.hpp"

#include "base/endian.hpp"
#include "base/printable.hpp"
#include "codec/uvarint.hpp"
#include "net/address/detail/protocols.hpp"
#include "net/shown.hpp"

namespace codex::net {
namespace {

using detail::find_protocol;
using detail::kPrefixed;
using detail::ProtocolRow;

const ProtocolRow& row_of(Protocol protocol) {
    const ProtocolRow* row = find_protocol(static_cast<std::uint64_t>(protocol));
    CODEX_ASSERT(row != nullptr);
    return *row;
}

void append_part(Bytes& to, const ProtocolRow& row, BytesView value) {
    codec::append_uvarint(to, static_cast<std::uint64_t>(row.protocol));
    if (row.size == kPrefixed)
        codec::append_uvarint(to, value.size());
    append(to, value);
}

Error not_an_address(std::string_view text, std::string_view why, std::string hint = {}) {
    Error error(Errc::multiaddr_invalid,
                fmt::format("\"{}\" is not an address: {}", shown(text, 128), why));
    return std::move(error).hint(
        hint.empty() ? "an address looks like /ip4/192.0.2.7/tcp/8070/p2p/16Uiu2HA..."
                     : std::move(hint));
}

/// What is in front of the next slash, which is taken off with it.
std::string_view take_word(std::string_view& rest) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return word;
}

/// The next protocol of a text, and its value, added to `to`. Errors: without the whole text.
Result<void> append_from_text(Bytes& to, std::string_view& rest) {
    const bool had_value = rest.find('/') != std::string_view::npos;
    const std::string_view name = take_word(rest);
    const ProtocolRow* row = find_protocol(name == "ipfs" ? "p2p" : name);
    if (row == nullptr)
        return fail(Errc::multiaddr_invalid, "\"{}\" is no protocol that is known",
                    printable(name));
    if (row->form == detail::ValueForm::none) {
        append_part(to, *row, {});
        return {};
    }
    if (!had_value)
        return fail(Errc::multiaddr_invalid, "nothing follows {}", row->name);
    CODEX_TRY(value, detail::value_from_text(*row, take_word(rest)));
    append_part(to, *row, value);
    return {};
}

bool in_net(BytesView ip, std::initializer_list<std::uint8_t> net, unsigned bits) {
    for (unsigned i = 0; i < bits; ++i) {
        const unsigned shift = 7 - i % 8;
        if ((ip[i / 8] >> shift & 1) != (net.begin()[i / 8] >> shift & 1))
            return false;
    }
    return true;
}

enum class Reach : std::uint8_t { loopback, private_net, unspecified, none, global };

Reach reach_of_ip4(BytesView ip) {
    if (in_net(ip, {0, 0, 0, 0}, 32))
        return Reach::unspecified;
    if (in_net(ip, {127}, 8))
        return Reach::loopback;
    if (in_net(ip, {10}, 8) || in_net(ip, {172, 16}, 12) || in_net(ip, {192, 168}, 16) ||
        in_net(ip, {169, 254}, 16) || in_net(ip, {100, 64}, 10))
        return Reach::private_net;
    // "This network", protocol assignments, documentation, benchmarks, multicast and above.
    if (in_net(ip, {0}, 8) || in_net(ip, {192, 0, 0}, 24) || in_net(ip, {192, 0, 2}, 24) ||
        in_net(ip, {198, 51, 100}, 24) || in_net(ip, {203, 0, 113}, 24) ||
        in_net(ip, {198, 18}, 15) || in_net(ip, {224}, 3))
        return Reach::none;
    return Reach::global;
}

Reach reach_of_ip6(BytesView ip) {
    constexpr std::size_t kMappedAt = 12;
    if (in_net(ip, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96)) // an IPv4 address in IPv6
        return reach_of_ip4(ip.subspan(kMappedAt));
    if (in_net(ip, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 128))
        return Reach::unspecified;
    if (in_net(ip, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128))
        return Reach::loopback;
    if (in_net(ip, {0xfe, 0x80}, 10) || in_net(ip, {0xfc}, 7))
        return Reach::private_net;
    if (in_net(ip, {0x20, 0x01, 0x0d, 0xb8}, 32) || !in_net(ip, {0x20}, 3))
        return Reach::none; // documentation; only 2000::/3 is handed out
    return Reach::global;
}

Reach reach_of(const Multiaddr& address) {
    const AddressPart first = address.parts().front();
    if (first.protocol == Protocol::ip4)
        return reach_of_ip4(first.value);
    if (first.protocol == Protocol::ip6)
        return reach_of_ip6(first.value);
    return Reach::none;
}

} // namespace

Result<Multiaddr> Multiaddr::from_bytes(BytesView bytes) {
    if (bytes.empty() || bytes.size() > kMaxBytes)
        return fail(Errc::multiaddr_invalid, "an address of {} bytes, not 1 to {}", bytes.size(),
                    kMaxBytes);
    std::size_t parts = 0;
    for (std::size_t at = 0; at < bytes.size();) {
        if (++parts > kMaxParts)
            return fail(Errc::multiaddr_invalid, "an address of more than {} parts", kMaxParts);
        std::size_t size = 0;
        CODEX_TRY(part, detail::read_part(bytes.subspan(at), at, size));
        auto checked = detail::check_value(row_of(part.protocol), part.value);
        if (!checked)
            return fail(std::move(checked.error())
                            .context(fmt::format("{} at byte {}", row_of(part.protocol).name, at)));
        at += size;
    }
    Multiaddr address;
    address.bytes_.assign(bytes.begin(), bytes.end());
    return address;
}

Result<Multiaddr> Multiaddr::from_text(std::string_view text) {
    if (text.size() > kMaxTextChars)
        return fail(not_an_address(
            text, fmt::format("it has {} characters, more than {}", text.size(), kMaxTextChars)));
    if (!text.starts_with('/'))
        return fail(not_an_address(text, text.empty() ? "it is empty" : "it begins with no slash"));
    Bytes bytes;
    std::string_view rest = text.substr(1);
    do {
        auto appended = append_from_text(bytes, rest);
        if (!appended)
            return fail(not_an_address(text, appended.error().text(),
                                       std::string(appended.error().hint())));
    } while (!rest.empty());
    if (text.ends_with('/'))
        return fail(not_an_address(text, "it ends with a slash"));
    auto address = from_bytes(bytes);
    if (!address)
        return fail(not_an_address(text, address.error().text()));
    return address;
}

Multiaddr Multiaddr::tcp(BytesView ip, std::uint16_t port) {
    CODEX_ASSERT(ip.size() == 4 || ip.size() == 16);
    std::array<std::uint8_t, 2> port_bytes{};
    store_be(port_bytes.data(), port);
    Multiaddr address;
    append_part(address.bytes_, row_of(ip.size() == 4 ? Protocol::ip4 : Protocol::ip6), ip);
    append_part(address.bytes_, row_of(Protocol::tcp), port_bytes);
    return address;
}

std::vector<AddressPart> Multiaddr::parts() const {
    std::vector<AddressPart> parts;
    for (std::size_t at = 0; at < bytes_.size();) {
        std::size_t size = 0;
        const auto part = detail::read_part(BytesView(bytes_).subspan(at), at, size);
        CODEX_ASSERT(part.has_value());
        parts.push_back(*part);
        at += size;
    }
    return parts;
}

std::string Multiaddr::text() const {
    std::string text;
    for (const AddressPart& part : parts()) {
        const ProtocolRow& row = row_of(part.protocol);
        text += '/';
        text += row.name;
        if (row.form == detail::ValueForm::none)
            continue;
        text += '/';
        text += detail::value_text(row, part.value);
    }
    return text;
}

std::optional<PeerId> Multiaddr::peer() const {
    const AddressPart last = parts().back();
    if (last.protocol != Protocol::p2p)
        return std::nullopt;
    const auto peer = PeerId::from_bytes(last.value);
    CODEX_ASSERT(peer.has_value());
    return *peer;
}

std::optional<Multiaddr> Multiaddr::without_peer() const {
    auto all = parts();
    if (all.back().protocol != Protocol::p2p)
        return *this;
    all.pop_back();
    if (all.empty())
        return std::nullopt;
    Multiaddr shorter;
    for (const AddressPart& part : all)
        append_part(shorter.bytes_, row_of(part.protocol), part.value);
    return shorter;
}

Result<Multiaddr> Multiaddr::with_peer(const PeerId& peer) const {
    const auto without = without_peer();
    Bytes bytes = without ? without->bytes_ : Bytes();
    append_part(bytes, row_of(Protocol::p2p), peer.bytes());
    return from_bytes(bytes);
}

std::optional<TcpEndpoint> Multiaddr::tcp_endpoint() const {
    auto all = parts();
    if (all.back().protocol == Protocol::p2p)
        all.pop_back();
    if (all.size() != 2 || all[1].protocol != Protocol::tcp)
        return std::nullopt;
    TcpEndpoint endpoint;
    endpoint.kind = all[0].protocol;
    endpoint.port = load_be<std::uint16_t>(all[1].value.data());
    switch (endpoint.kind) {
    case Protocol::ip4:
    case Protocol::ip6:
        endpoint.ip.assign(all[0].value.begin(), all[0].value.end());
        return endpoint;
    case Protocol::dns:
    case Protocol::dns4:
    case Protocol::dns6:
        endpoint.name = as_text(all[0].value);
        return endpoint;
    default:
        return std::nullopt;
    }
}

bool Multiaddr::is_dialable() const {
    const auto endpoint = tcp_endpoint();
    return endpoint && endpoint->port != 0 && !is_unspecified();
}

bool Multiaddr::is_loopback() const {
    return reach_of(*this) == Reach::loopback;
}
bool Multiaddr::is_private() const {
    return reach_of(*this) == Reach::private_net;
}
bool Multiaddr::is_unspecified() const {
    return reach_of(*this) == Reach::unspecified;
}
bool Multiaddr::is_global() const {
    return reach_of(*this) == Reach::global;
}

} // namespace codex::net

// The table of protocols of multiaddrs, and how their values look (codex-libp2p(7), MULTIADDRS).
#pragma once

#include "net/address/multiaddr.hpp"

namespace codex::net::detail {

/// How a value is written.
enum class ValueForm : std::uint8_t { none, ip4, ip6, port, name, zone, peer };

struct ProtocolRow {
    Protocol protocol;
    std::string_view name;
    ValueForm form;
    /// Bytes of the value; 0 for none; kPrefixed when a uvarint in front says it.
    std::size_t size;
};
constexpr std::size_t kPrefixed = SIZE_MAX;

/// Nothing for a number or name that is not in the table.
[[nodiscard]] const ProtocolRow* find_protocol(std::uint64_t number);
[[nodiscard]] const ProtocolRow* find_protocol(std::string_view name);

/// Whether a binary value has the form of its protocol. Errors: multiaddr_invalid.
[[nodiscard]] Result<void> check_value(const ProtocolRow& row, BytesView value);
/// Errors: multiaddr_invalid, peer_id_invalid.
[[nodiscard]] Result<Bytes> value_from_text(const ProtocolRow& row, std::string_view text);
/// Of a value that has the form.
[[nodiscard]] std::string value_text(const ProtocolRow& row, BytesView value);

/// The part at the front, whose size with number and value is in `size`; its value is not looked
/// at. Errors: multiaddr_invalid, offsets counted from `offset`.
[[nodiscard]] Result<AddressPart> read_part(BytesView bytes, std::size_t offset, std::size_t& size);

} // namespace codex::net::detail

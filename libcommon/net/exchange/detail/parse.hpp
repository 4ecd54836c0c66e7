// The parts of a message, each whole in memory (codex-exchange(7), MESSAGES and RANGES).
#pragma once

#include "codec/protobuf.hpp"
#include "net/exchange/detail/fields.hpp"
#include "net/exchange/message.hpp"

namespace codex::net::exchange::detail {

// Errors of all: exchange_invalid (a value out of range, a CID that is none, a part that must be
// there and is not), protobuf_invalid.

[[nodiscard]] Result<BlockAddress> parse_address(BytesView message);
[[nodiscard]] Result<Want> parse_want(BytesView message);
/// The views are into the message.
[[nodiscard]] Result<Delivery> parse_delivery(BytesView message);
/// Nothing, when its price has more than 32 bytes: such a presence counts for nothing.
[[nodiscard]] Result<std::optional<Presence>> parse_presence(BytesView message);

} // namespace codex::net::exchange::detail

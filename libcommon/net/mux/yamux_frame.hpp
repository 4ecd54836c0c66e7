// Frames of yamux 1.0.0 (codex-libp2p(7), YAMUX).
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace codex::net::mux {

constexpr std::string_view kYamux = "/yamux/1.0.0";
constexpr std::size_t kYamuxHeaderBytes = 12;
/// What a side may send on a stream before the other has said anything.
constexpr std::uint32_t kYamuxInitialWindow = 256 * 1024;
constexpr std::uint32_t kYamuxMaxWindow = 16 * 1024 * 1024;
/// Streams that the other side has not acknowledged.
constexpr std::size_t kYamuxMaxUnacknowledged = 256;

enum class YamuxType : std::uint8_t { data = 0, window_update = 1, ping = 2, go_away = 3 };

/// Flags, in any combination.
constexpr std::uint16_t kYamuxSyn = 1;
constexpr std::uint16_t kYamuxAck = 2;
constexpr std::uint16_t kYamuxFin = 4;
constexpr std::uint16_t kYamuxRst = 8;

/// Codes of go_away.
constexpr std::uint32_t kYamuxNormal = 0;
constexpr std::uint32_t kYamuxProtocolError = 1;

struct YamuxHeader {
    YamuxType type = YamuxType::data;
    std::uint16_t flags = 0;
    std::uint32_t stream = 0; ///< 0: the connection
    /// data: bytes that follow; window_update: how many more may come; ping: a number; go_away: why
    std::uint32_t length = 0;

    [[nodiscard]] bool has(std::uint16_t flag) const { return (flags & flag) != 0; }
    friend bool operator==(const YamuxHeader&, const YamuxHeader&) = default;
};

void append_yamux_header(Bytes& to, const YamuxHeader& header);
/// Of kYamuxHeaderBytes. Errors: mux_invalid (another version, an unknown type, a stream where
/// there is none to be or none where there is).
[[nodiscard]] Result<YamuxHeader> read_yamux_header(BytesView bytes);

} // namespace codex::net::mux

// Frames of mplex 6.7.0 (codex-libp2p(7), MPLEX).
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

#include <optional>

namespace codex::net::mux {

constexpr std::string_view kMplex = "/mplex/6.7.0";
/// Most bytes of a frame that are read; a longer one ends the connection.
constexpr std::size_t kMaxMplexPayload = std::size_t{1} << 20;
/// Largest number of a stream that goes into a header with its flag.
constexpr std::uint64_t kMaxMplexId = UINT64_MAX >> 3;

/// What a frame says. Of those in pairs, `initiator` is said by the side that opened the stream.
enum class MplexFlag : std::uint8_t {
    new_stream = 0,
    message_receiver = 1,
    message_initiator = 2,
    close_receiver = 3,
    close_initiator = 4,
    reset_receiver = 5,
    reset_initiator = 6,
};

struct MplexHeader {
    std::uint64_t id = 0;
    MplexFlag flag = MplexFlag::new_stream;
    std::size_t payload = 0; ///< bytes that follow: the name of a new stream, or data
    std::size_t size = 0;    ///< of the header itself
};

void append_mplex_header(Bytes& to, std::uint64_t id, MplexFlag flag, std::size_t payload);

/// The header at the front of `input`; nothing when it is not whole yet. Errors: mux_invalid (flag
/// 7, a payload above kMaxMplexPayload, an integer above 64 bits).
[[nodiscard]] Result<std::optional<MplexHeader>> read_mplex_header(BytesView input);

} // namespace codex::net::mux

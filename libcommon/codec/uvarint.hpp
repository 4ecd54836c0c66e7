// Unsigned LEB128 integers (codex-cid(5), INTEGERS), the length prefix of every format here.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace codex::codec {

/// Longest encoding of 64 bits.
constexpr std::size_t kMaxUvarintBytes = 10;

/// Which encodings a reader takes. Multiformats (CIDs, multihashes, section lengths): the shortest
/// form only, below 2^63. Protobuf: padded forms too, all 64 bits. As the reference does.
enum class UvarintRule : std::uint8_t { multiformats, protobuf };

struct Uvarint {
    std::uint64_t value = 0;
    std::size_t size = 0; ///< bytes taken from the front
};

/// The integer at the front of `bytes`; what follows it is not looked at. Errors: truncated (no
/// last byte yet, more input could help), varint_invalid (over 64 bits, or against `rule`).
[[nodiscard]] Result<Uvarint> read_uvarint(BytesView bytes,
                                           UvarintRule rule = UvarintRule::multiformats);

/// Bytes of the shortest form: 1 to 10.
[[nodiscard]] std::size_t uvarint_size(std::uint64_t value);

/// Writes the shortest form to `to`, which has room for uvarint_size(value); returns that size.
std::size_t write_uvarint(std::uint8_t* to, std::uint64_t value);

void append_uvarint(Bytes& to, std::uint64_t value);

} // namespace codex::codec

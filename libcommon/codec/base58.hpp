// Base58 without checksum: the text of CIDs and peer ids (codex-cid(5), TEXT FORM).
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace codex::codec {

/// The two orders of the same 58 letters and digits; 0, O, I and l are left out of both.
enum class Base58 : std::uint8_t { btc, flickr };

/// Longest text accepted; the conversion takes time in the square of the length.
constexpr std::size_t kMaxBase58Chars = 4096;

/// The number `bytes` (big-endian) in base 58, one zero digit for each leading zero byte. Takes
/// time in the square of the length; about 0.3 microseconds for a CID.
[[nodiscard]] std::string base58_encode(BytesView bytes, Base58 alphabet = Base58::btc);

/// The inverse, of text.substr(skip); offsets in errors count from the start of `text`.
/// Errors: multibase_invalid naming the offset; limit_exceeded beyond kMaxBase58Chars.
[[nodiscard]] Result<Bytes> base58_decode(std::string_view text, Base58 alphabet = Base58::btc,
                                          std::size_t skip = 0);

} // namespace codex::codec

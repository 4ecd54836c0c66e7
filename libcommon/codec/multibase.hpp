// Multibase: text whose first character names its base (codex-cid(5), TEXT FORM).
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace codex::codec {

/// The bases of the network, by their prefix character.
enum class Multibase : char {
    identity = '\0', ///< the bytes as they are
    base16 = 'f',
    base16_upper = 'F',
    base32 = 'b',
    base32_upper = 'B',
    base32_pad = 'c',
    base32_pad_upper = 'C',
    base32hex = 'v',
    base32hex_upper = 'V',
    base32hex_pad = 't',
    base32hex_pad_upper = 'T',
    base58btc = 'z',
    base58flickr = 'Z',
    base64 = 'm',
    base64_pad = 'M',
    base64url = 'u',
    base64url_pad = 'U',
};

/// Longest input of both directions; base58 has the lower kMaxBase58Chars.
constexpr std::size_t kMaxMultibaseBytes = 1024 * 1024;

/// The prefix and `bytes` in `base` (RFC 4648 alphabets). Errors: limit_exceeded.
[[nodiscard]] Result<std::string> multibase_encode(Multibase base, BytesView bytes);

/// The bytes of any of these bases. base16 and base32 take both cases, as the multibase rules ask;
/// padding must be as the prefix says and unused bits zero, so that a text has one value and a
/// value, up to case, one text. Errors: multibase_invalid (empty, unknown prefix, foreign character
/// or length, with the offset), limit_exceeded.
[[nodiscard]] Result<Bytes> multibase_decode(std::string_view text);

} // namespace codex::codec

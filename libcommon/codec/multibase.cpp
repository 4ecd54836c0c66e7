#include "codec/multibase.hpp"

#include "codec/base58.hpp"
#include "codec/detail/text.hpp"

namespace codex::codec {
namespace {

constexpr std::string_view kHexLower = "0123456789abcdef";
constexpr std::string_view kHexUpper = "0123456789ABCDEF";
constexpr std::string_view k32Lower = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::string_view k32Upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view k32HexLower = "0123456789abcdefghijklmnopqrstuv";
constexpr std::string_view k32HexUpper = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
constexpr std::string_view k64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view k64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A base whose digits are whole bits (RFC 4648).
struct BitBase {
    Multibase prefix;
    std::string_view name;
    std::string_view letters;
    unsigned bits;      ///< of one character
    unsigned pad_group; ///< the text is filled with '=' to a multiple of this; 1 is no padding
    detail::DigitTable digits;
};

constexpr BitBase bit_base(Multibase prefix, std::string_view name, std::string_view letters,
                           unsigned pad_group = 1) {
    const unsigned bits = letters.size() == 16 ? 4 : letters.size() == 32 ? 5 : 6;
    return {prefix, name, letters, bits, pad_group, detail::digit_table(letters, bits < 6)};
}

constexpr std::array kBitBases = {
    bit_base(Multibase::base16, "base16", kHexLower),
    bit_base(Multibase::base16_upper, "base16", kHexUpper),
    bit_base(Multibase::base32, "base32", k32Lower),
    bit_base(Multibase::base32_upper, "base32", k32Upper),
    bit_base(Multibase::base32_pad, "padded base32", k32Lower, 8),
    bit_base(Multibase::base32_pad_upper, "padded base32", k32Upper, 8),
    bit_base(Multibase::base32hex, "base32hex", k32HexLower),
    bit_base(Multibase::base32hex_upper, "base32hex", k32HexUpper),
    bit_base(Multibase::base32hex_pad, "padded base32hex", k32HexLower, 8),
    bit_base(Multibase::base32hex_pad_upper, "padded base32hex", k32HexUpper, 8),
    bit_base(Multibase::base64, "base64", k64),
    bit_base(Multibase::base64_pad, "padded base64", k64, 4),
    bit_base(Multibase::base64url, "base64url", k64Url),
    bit_base(Multibase::base64url_pad, "padded base64url", k64Url, 4),
};

const BitBase* find_bit_base(char prefix) {
    for (const BitBase& base : kBitBases)
        if (static_cast<char>(base.prefix) == prefix)
            return &base;
    return nullptr;
}

void encode_bits(const BitBase& base, BytesView bytes, std::string& text) {
    const unsigned mask = (1u << base.bits) - 1;
    unsigned pending = 0;
    unsigned pending_bits = 0;
    for (const std::uint8_t byte : bytes) {
        pending = pending << 8 | byte;
        for (pending_bits += 8; pending_bits >= base.bits;) {
            pending_bits -= base.bits;
            text.push_back(base.letters[pending >> pending_bits & mask]);
        }
        pending &= 0xff; // at most 5 bits are pending: nothing is lost
    }
    if (pending_bits != 0)
        text.push_back(base.letters[pending << (base.bits - pending_bits) & mask]);
    while ((text.size() - 1) % base.pad_group != 0)
        text.push_back('=');
}

/// `text` with its prefix but without the padding, whose amount is checked.
Result<std::string_view> strip_padding(const BitBase& base, std::string_view text) {
    if (base.pad_group == 1)
        return text;
    const std::size_t last = text.find_last_not_of('=');
    const std::string_view digits = text.substr(0, last + 1); // at least the prefix
    if ((text.size() - 1) % base.pad_group != 0 || text.size() - digits.size() >= base.pad_group)
        return fail(Errc::multibase_invalid, "{} characters are no whole groups of {}",
                    text.size() - 1, base.name);
    return digits;
}

Result<Bytes> decode_bits(const BitBase& base, std::string_view padded) {
    CODEX_TRY(text, strip_padding(base, padded));
    Bytes bytes;
    bytes.reserve((text.size() - 1) * base.bits / 8);
    unsigned pending = 0;
    unsigned pending_bits = 0;
    for (std::size_t at = 1; at < text.size(); ++at) {
        const std::uint8_t digit = base.digits[static_cast<std::uint8_t>(text[at])];
        if (digit == detail::kNoDigit)
            return fail(detail::foreign_character(text, at, base.name));
        pending = pending << base.bits | digit;
        pending_bits += base.bits;
        if (pending_bits >= 8) {
            pending_bits -= 8;
            bytes.push_back(static_cast<std::uint8_t>(pending >> pending_bits));
        }
        pending &= 0xff;
    }
    if (pending_bits >= base.bits)
        return fail(Errc::multibase_invalid, "{} characters of {} do not end on a byte",
                    text.size() - 1, base.name);
    if ((pending & ((1u << pending_bits) - 1)) != 0)
        return fail(Errc::multibase_invalid, "character {} at offset {} has bits beyond the end",
                    detail::quoted(text.back()), text.size() - 1);
    return bytes;
}

Result<void> check_size(std::size_t size) {
    if (size > kMaxMultibaseBytes)
        return fail(Errc::limit_exceeded, "{} bytes for multibase, at most {} are taken", size,
                    kMaxMultibaseBytes);
    return {};
}

} // namespace

Result<std::string> multibase_encode(Multibase base, BytesView bytes) {
    CODEX_CHECK(check_size(bytes.size()));
    std::string text(1, static_cast<char>(base));
    if (base == Multibase::identity)
        return text.append(as_text(bytes));
    if (base == Multibase::base58btc || base == Multibase::base58flickr) {
        // A byte makes at most 1.37 characters, so this much can be read back.
        if (bytes.size() > kMaxBase58Chars / 2)
            return fail(Errc::limit_exceeded, "{} bytes for base58, at most {} are taken",
                        bytes.size(), kMaxBase58Chars / 2);
        const bool btc = base == Multibase::base58btc;
        return text + base58_encode(bytes, btc ? Base58::btc : Base58::flickr);
    }
    const BitBase* found = find_bit_base(static_cast<char>(base));
    CODEX_ASSERT(found != nullptr);
    text.reserve(bytes.size() * 8 / found->bits + 16);
    encode_bits(*found, bytes, text);
    return text;
}

Result<Bytes> multibase_decode(std::string_view text) {
    CODEX_CHECK(check_size(text.size()));
    if (text.empty())
        return fail(Errc::multibase_invalid, "empty text");
    const char prefix = text.front();
    if (prefix == static_cast<char>(Multibase::identity)) {
        const BytesView bytes = as_bytes(text).subspan(1);
        return Bytes(bytes.begin(), bytes.end());
    }
    if (prefix == static_cast<char>(Multibase::base58btc))
        return base58_decode(text, Base58::btc, 1);
    if (prefix == static_cast<char>(Multibase::base58flickr))
        return base58_decode(text, Base58::flickr, 1);
    const BitBase* base = find_bit_base(prefix);
    if (base == nullptr)
        return fail(Errc::multibase_invalid, "text begins with {}, which names no base",
                    detail::quoted(prefix));
    return decode_bits(*base, text);
}

} // namespace codex::codec

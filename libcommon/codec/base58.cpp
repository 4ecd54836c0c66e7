#include "codec/base58.hpp"

#include "codec/detail/text.hpp"

// Both directions carry many digits at once: 58^5 is the largest power that can take in a 32-bit
// word in 64-bit arithmetic (encoding divides), 58^10 the largest in 64 bits (decoding does not).
namespace codex::codec {
namespace {

constexpr std::string_view kAlphabets[] = {
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
    "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ",
};
constexpr std::string_view kNames[] = {"base58btc", "base58flickr"};
constexpr std::array<detail::DigitTable, 2> kDigits = {
    detail::digit_table(kAlphabets[0], false),
    detail::digit_table(kAlphabets[1], false),
};

constexpr std::size_t kEncodeDigits = 5;
constexpr std::uint64_t kEncodeBase = 58ULL * 58 * 58 * 58 * 58;
constexpr std::size_t kDecodeDigits = 10;

__extension__ using u128 = unsigned __int128;

/// limbs (base 58^5, lowest first) = limbs * 2^32 + word.
void take_word(std::vector<std::uint32_t>& limbs, std::uint32_t word) {
    std::uint64_t carry = word;
    for (std::uint32_t& limb : limbs) {
        const std::uint64_t sum = (static_cast<std::uint64_t>(limb) << 32) + carry;
        limb = static_cast<std::uint32_t>(sum % kEncodeBase);
        carry = sum / kEncodeBase;
    }
    for (; carry != 0; carry /= kEncodeBase)
        limbs.push_back(static_cast<std::uint32_t>(carry % kEncodeBase));
}

std::vector<std::uint32_t> to_limbs(BytesView number) {
    std::vector<std::uint32_t> limbs;
    limbs.reserve(number.size() * 7 / 25 + 2); // log(256)/log(58^5) = 0.273 limbs a byte
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < number.size(); ++i) {
        word = word << 8 | number[i];
        if ((number.size() - 1 - i) % 4 == 0) {
            take_word(limbs, word);
            word = 0;
        }
    }
    return limbs;
}

/// words (base 2^64, lowest first) = words * scale + value.
void take_digits(std::vector<std::uint64_t>& words, std::uint64_t scale, std::uint64_t value) {
    for (std::uint64_t& word : words) {
        const u128 sum = static_cast<u128>(word) * scale + value;
        word = static_cast<std::uint64_t>(sum);
        value = static_cast<std::uint64_t>(sum >> 64);
    }
    if (value != 0)
        words.push_back(value);
}

Bytes to_bytes(const std::vector<std::uint64_t>& words, std::size_t zeros) {
    Bytes bytes(zeros);
    bytes.reserve(zeros + words.size() * 8);
    for (std::size_t i = words.size() * 8; i-- > 0;) {
        const auto byte = static_cast<std::uint8_t>(words[i / 8] >> (i % 8 * 8));
        if (byte != 0 || bytes.size() > zeros)
            bytes.push_back(byte);
    }
    return bytes;
}

} // namespace

std::string base58_encode(BytesView bytes, Base58 alphabet) {
    const std::string_view letters = kAlphabets[static_cast<std::size_t>(alphabet)];
    std::size_t zeros = 0;
    while (zeros < bytes.size() && bytes[zeros] == 0)
        ++zeros;
    const std::vector<std::uint32_t> limbs = to_limbs(bytes.subspan(zeros));

    std::string text(zeros + limbs.size() * kEncodeDigits, letters[0]);
    std::size_t at = text.size();
    for (std::uint32_t limb : limbs)
        for (std::size_t digit = 0; digit < kEncodeDigits; ++digit, limb /= 58)
            text[--at] = letters[limb % 58];
    // The highest limb may bring up to four zero digits of its own.
    std::size_t surplus = 0;
    while (zeros + surplus < text.size() && text[zeros + surplus] == letters[0])
        ++surplus;
    return text.substr(surplus);
}

Result<Bytes> base58_decode(std::string_view text, Base58 alphabet, std::size_t skip) {
    const auto which = static_cast<std::size_t>(alphabet);
    const std::size_t length = text.size() - skip;
    if (length > kMaxBase58Chars)
        return fail(Errc::limit_exceeded, "{} characters of {} text, at most {} are read", length,
                    kNames[which], kMaxBase58Chars);
    std::size_t zeros = 0;
    while (zeros < length && text[skip + zeros] == kAlphabets[which][0])
        ++zeros;

    std::vector<std::uint64_t> words;
    words.reserve(length / kDecodeDigits + 1);
    std::uint64_t value = 0;
    std::uint64_t scale = 1;
    for (std::size_t at = skip + zeros; at < text.size(); ++at) {
        const std::uint8_t digit = kDigits[which][static_cast<std::uint8_t>(text[at])];
        if (digit == detail::kNoDigit)
            return fail(detail::foreign_character(text, at, kNames[which]));
        value = value * 58 + digit;
        scale *= 58;
        if ((text.size() - 1 - at) % kDecodeDigits == 0) {
            take_digits(words, scale, value);
            value = 0;
            scale = 1;
        }
    }
    return to_bytes(words, zeros);
}

} // namespace codex::codec

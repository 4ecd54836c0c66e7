#include "ethereum/key_file.hpp"

#include "base/secret_file.hpp"

namespace codex::ethereum {

namespace {

constexpr std::size_t kDigits = 2 * PrivateKey::kBytes;
/// More than a key with what may stand around it.
constexpr std::size_t kReadBytes = 128;

/// Nothing, where it is no digit. Without a table, so that the time says nothing of a digit that is
/// one.
std::optional<std::uint8_t> digit(std::uint8_t c) {
    const auto lower = static_cast<std::uint8_t>(c | 0x20);
    if (c >= '0' && c <= '9')
        return static_cast<std::uint8_t>(c - '0');
    if (lower >= 'a' && lower <= 'f')
        return static_cast<std::uint8_t>(lower - 'a' + 10);
    return std::nullopt;
}

bool is_blank(std::uint8_t c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

} // namespace

Result<PrivateKey> key_from_hex(BytesView text) {
    if (text.size() >= 2 && text[0] == '0' && (text[1] | 0x20) == 'x')
        text = text.subspan(2);
    while (!text.empty() && is_blank(text.back()))
        text = text.first(text.size() - 1);
    if (text.size() != kDigits)
        return fail(Errc::key_file_invalid, "a key is {} hexadecimal digits, and this is not",
                    kDigits);
    SecretBytes scalar(PrivateKey::kBytes);
    for (std::size_t i = 0; i < kDigits; ++i) {
        const auto value = digit(text[i]);
        if (!value) // the digit itself may be of a secret
            return fail(Errc::key_file_invalid, "character {} of the key is no hexadecimal digit",
                        i);
        scalar[i / 2] = static_cast<std::uint8_t>(scalar[i / 2] << 4 | *value);
    }
    return PrivateKey::from_scalar(scalar);
}

Result<PrivateKey> read_key_file(const std::string& path) {
    CODEX_TRY(file, SecretFile::read(path, kReadBytes));
    // What stands behind that is not known.
    auto key = file.content().size() > kReadBytes
                   ? Result<PrivateKey>(fail(Errc::key_file_invalid, "it is too long for a key"))
                   : key_from_hex(file.content());
    if (!key)
        return fail(file.wrong_content(std::move(key).error()));
    CODEX_CHECK(file.check_owner_alone());
    return key;
}

Result<void> write_key_file(const std::string& path, const PrivateKey& key) {
    constexpr std::string_view kDigitOf = "0123456789abcdef";
    SecretBytes text;
    text.reserve(kDigits + 1);
    for (const std::uint8_t byte : key.scalar()) {
        text.push_back(static_cast<std::uint8_t>(kDigitOf[byte >> 4]));
        text.push_back(static_cast<std::uint8_t>(kDigitOf[byte & 15]));
    }
    text.push_back('\n');
    auto made = write_new_secret_file(path, text);
    if (!made)
        return fail(std::move(made).error().context("new key"));
    return {};
}

Result<PrivateKey> make_key_file(const std::string& path, SecretRandom& random) {
    CODEX_TRY(key, PrivateKey::generate(random));
    CODEX_CHECK(write_key_file(path, key));
    return key;
}

} // namespace codex::ethereum

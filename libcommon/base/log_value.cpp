#include "base/log_value.hpp"

#include "base/error.hpp"
#include "base/hex.hpp"
#include "base/json_text.hpp"
#include "base/json_writer.hpp"

namespace codex::log {

namespace {

std::string shorten_id(std::string_view text) {
    constexpr std::size_t kHead = 3;
    constexpr std::size_t kTail = 6;
    if (text.size() <= kHead + 1 + kTail)
        return std::string(text);
    return fmt::format("{}*{}", text.substr(0, kHead), text.substr(text.size() - kTail));
}

} // namespace

Rendered log_value(std::string_view text) {
    return {std::string(text), json_quote(text)};
}

Rendered log_value(bool value) {
    const std::string word = value ? "true" : "false";
    return {word, word};
}

Rendered unsigned_value(std::uint64_t value) {
    return {fmt::format("{}", value), json_number(value)};
}

Rendered signed_value(std::int64_t value) {
    if (value >= 0)
        return unsigned_value(static_cast<std::uint64_t>(value));
    const std::string digits = fmt::format("{}", value);
    return {digits, digits};
}

Rendered log_value(const Error& error) {
    const std::string text = error.text();
    return {text, JsonWriter().begin_object().member("error", text).end_object().text()};
}

Rendered log_value(const Id& id) {
    return {shorten_id(id.text), json_quote(id.text)};
}

Rendered log_value(const Hash& hash) {
    const std::string hex = to_hex(hash.digest);
    return {fmt::format("0x{}..{}", hex.substr(0, 4), hex.substr(hex.size() - 4)),
            fmt::format("\"0x{}\"", hex)};
}

Rendered log_value(const ByteCount& count) {
    return {fmt::format("{}'NByte", count.bytes), json_number(count.bytes)};
}

Rendered log_value(const BigInteger& integer) {
    return {std::string(integer.digits), json_quote(integer.digits)};
}

Rendered log_value(const None& /*none*/) {
    return {"none", "null"};
}

Rendered list_of(const std::vector<Rendered>& items) {
    std::string text = "@[";
    std::string json = "[";
    for (std::size_t i = 0; i < items.size(); ++i) {
        text += i == 0 ? "" : ", ";
        text += items[i].text;
        json += i == 0 ? "" : ",";
        json += items[i].json;
    }
    return {text + "]", json + "]"};
}

} // namespace codex::log

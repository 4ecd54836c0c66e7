// How values look in log records. A type takes part by a function log_value() beside it, which is
// called only when its record is written.
#pragma once

#include "base/bytes.hpp"

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace codex {
class Error;
}

namespace codex::log {

/// A value in both formats: text, not quoted yet, and JSON, complete.
struct Rendered {
    std::string text;
    std::string json;
};

[[nodiscard]] Rendered log_value(std::string_view text);
[[nodiscard]] inline Rendered log_value(const char* text) {
    return log_value(std::string_view(text));
}
[[nodiscard]] Rendered log_value(bool value);
[[nodiscard]] Rendered unsigned_value(std::uint64_t value);
[[nodiscard]] Rendered signed_value(std::int64_t value);
template <std::integral Number> [[nodiscard]] Rendered log_value(Number value) {
    if constexpr (std::is_signed_v<Number>)
        return signed_value(value);
    else
        return unsigned_value(value);
}
[[nodiscard]] Rendered log_value(const Error& error);

/// A CID or peer id in its text form: "zDv*zk5GnV" in text, whole in JSON.
struct Id {
    std::string_view text;
};
[[nodiscard]] Rendered log_value(const Id& id);

/// "0x81a6..b1c1" in text, all 64 digits in JSON.
struct Hash {
    Digest digest;
};
[[nodiscard]] Rendered log_value(const Hash& hash);

/// "65536'NByte" in text, a number in JSON.
struct ByteCount {
    std::uint64_t bytes;
};
[[nodiscard]] Rendered log_value(const ByteCount& count);

/// An integer too large for 64 bits, as decimal digits: bare in text, a string in JSON.
struct BigInteger {
    std::string_view digits;
};
[[nodiscard]] Rendered log_value(const BigInteger& integer);

/// An absent option: "none" in text, null in JSON.
struct None {};
[[nodiscard]] Rendered log_value(const None& none);

[[nodiscard]] Rendered list_of(const std::vector<Rendered>& items);
/// "@[a, b]" in text, an array in JSON.
template <class Item> [[nodiscard]] Rendered log_value(const std::vector<Item>& items) {
    std::vector<Rendered> rendered;
    rendered.reserve(items.size());
    for (const Item& item : items)
        rendered.push_back(log_value(item));
    return list_of(rendered);
}
/// One that is rendered already.
[[nodiscard]] inline Rendered log_value(const Rendered& value) {
    return value;
}

} // namespace codex::log

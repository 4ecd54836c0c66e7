// Numbers and addresses in what routers say.
#pragma once

#include "base/network.hpp"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace codex::net::nat::detail {

/// All of `text`, or nothing.
template <class Number> std::optional<Number> number(std::string_view text, int base = 10) {
    Number value = 0;
    const auto read = std::from_chars(text.begin(), text.end(), value, base);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.end())
        return std::nullopt;
    return value;
}

/// ASCII letters.
inline std::string lower(std::string_view text) {
    std::string all(text);
    for (char& c : all)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return all;
}

/// Without its port.
inline std::string host_text(const SocketAddress& address) {
    const std::string text = address.text();
    return text.substr(0, text.rfind(':'));
}

} // namespace codex::net::nat::detail

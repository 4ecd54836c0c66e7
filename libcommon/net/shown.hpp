// Text of users and peers in messages.
#pragma once

#include "base/printable.hpp"

#include <string>
#include <string_view>

namespace codex::net {

/// `text` as it may be shown; what is longer than `most` octets ends in dots there.
[[nodiscard]] inline std::string shown(std::string_view text, std::size_t most) {
    return printable(text.substr(0, most)) + (text.size() > most ? "..." : "");
}

} // namespace codex::net

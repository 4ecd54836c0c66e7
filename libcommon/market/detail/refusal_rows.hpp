// What each error of the contracts means, in words, and the way out.
#pragma once

#include "base/remedy.hpp"

#include <optional>
#include <string_view>

namespace codex::market::detail {

/// Whose name the remedy gets.
enum class About : std::uint8_t { nothing, request, slot, caller };

/// Threads: as a number.
struct RefusalRow {
    std::string_view name;
    std::string_view message;
    std::string_view hint; ///< in words; perhaps none
    std::optional<Remedy::Action> remedy = std::nullopt;
    About about = About::nothing;
    std::string_view remedy_words = {}; ///< empty: the usual ones
};

/// Of an error of the marketplace, the token or the vault. Nothing, when there is none.
[[nodiscard]] const RefusalRow* refusal_row(std::string_view name);

} // namespace codex::market::detail

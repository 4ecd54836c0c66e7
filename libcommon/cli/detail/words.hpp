// Letters of words that are typed, and the dataset that one of them names.
#pragma once

#include <algorithm>
#include <string_view>

namespace codex::cli::detail {

[[nodiscard]] inline bool is_letter(char c) {
    return c >= 'a' && c <= 'z';
}

[[nodiscard]] inline bool is_word(char c) {
    return is_letter(c) || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The dataset that an item is, or has a block of, as a hint can name it; empty: none.
[[nodiscard]] inline std::string_view dataset_of(std::string_view item) {
    const std::string_view cid = item.substr(0, item.find('@'));
    return cid.starts_with("zDv") && std::ranges::all_of(cid, is_word) ? cid : std::string_view();
}

} // namespace codex::cli::detail

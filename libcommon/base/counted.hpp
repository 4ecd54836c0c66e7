// Numbers with their nouns, as messages say them.
#pragma once

#include <cstdint>
#include <fmt/format.h>
#include <string>
#include <string_view>

namespace codex {

/// "1 block", "3 blocks".
[[nodiscard]] inline std::string counted(std::uint64_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}
/// The same where more than an s is different: counted(n, "block is", "blocks are").
[[nodiscard]] inline std::string counted(std::uint64_t count, std::string_view one,
                                         std::string_view several) {
    return fmt::format("{} {}", count, count == 1 ? one : several);
}

} // namespace codex

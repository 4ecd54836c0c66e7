// What requests and slots can be in, as numbers of the chain and as text (codex-market(7), STATES).
#pragma once

#include <cstdint>
#include <string_view>

namespace codex::market {

enum class RequestState : std::uint8_t { fresh, started, cancelled, finished, failed };
enum class SlotState : std::uint8_t { free, filled, finished, failed, paid, cancelled, repair };

/// "new", "started" ...; "unknown" for a number that is none.
[[nodiscard]] std::string_view name_of(RequestState state);
/// "free", "filled" ...; "unknown" for a number that is none.
[[nodiscard]] std::string_view name_of(SlotState state);

} // namespace codex::market

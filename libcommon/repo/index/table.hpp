// The tables of index.mdb (codex-repo(5), INDEX).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace codex::repo::detail {

/// The order is only ours; the file knows them by name.
enum class Table : std::uint8_t {
    blocks,
    trees,
    datasets,
    expiries,
    pending,
    segments,
    dead,
    doomed,
    slots,
    meta,
};
constexpr std::size_t kTableCount = 10;
constexpr std::array<const char*, kTableCount> kTableNames = {
    "blocks",   "trees", "datasets", "expiries", "pending",
    "segments", "dead",  "doomed",   "slots",    "meta"};

[[nodiscard]] constexpr std::string_view name_of(Table table) {
    return kTableNames[static_cast<std::size_t>(table)];
}

} // namespace codex::repo::detail

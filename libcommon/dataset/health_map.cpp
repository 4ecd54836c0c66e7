#include "dataset/health_map.hpp"

#include "base/checked.hpp"

#include <algorithm>

namespace codex::dataset {

HealthMap::HealthMap(const erasure::Layout& layout, std::size_t across, std::size_t down)
    : layout_(layout), slots_(layout.rows()),
      across_(div_up(layout.steps, std::min<std::uint64_t>(layout.steps, across))),
      down_(div_up(slots_, std::min<std::uint64_t>(slots_, down))),
      places_(div_up(layout.steps, across_)), rows_(div_up(slots_, down_)), of_(places_ * rows_),
      losses_(layout.steps) {
    for (std::uint64_t index = 0; index < layout.total_blocks(); ++index)
        if (!layout.is_padding(index))
            ++place(index).blocks;
}

HealthMap::HealthMap(const Health& health, const erasure::Layout& layout, std::size_t across,
                     std::size_t down)
    : HealthMap(layout, across, down) {
    for (const std::uint64_t index : health.missing)
        add_missing(index);
    for (const std::uint64_t index : health.damaged)
        add_damaged(index);
}

HealthMap::Place& HealthMap::place(std::uint64_t index) {
    return of_[layout_.position(index) / down_ * places_ + layout_.column(index) / across_];
}

void HealthMap::add_missing(std::uint64_t index) {
    if (layout_.is_padding(index))
        return;
    ++place(index).missing;
    ++losses_[layout_.column(index)];
}

void HealthMap::add_damaged(std::uint64_t index) {
    ++place(index).damaged;
    ++losses_[layout_.column(index)];
}

IndexRange HealthMap::slots(std::uint64_t row) const {
    const std::uint64_t first = row * down_;
    return {first, std::min(first + down_, slots_) - first};
}

std::string_view HealthMap::kind(std::uint64_t row) const {
    const IndexRange range = slots(row);
    return range.end() <= layout_.k() ? "data" : range.first >= layout_.k() ? "parity" : "both";
}

char HealthMap::mark(const Place& place) {
    if (place.blocks == 0)
        return '-';
    if (place.damaged != 0)
        return 'x';
    if (place.missing == place.blocks)
        return '.';
    return place.missing != 0 ? '+' : '#';
}

std::string HealthMap::marks(std::uint64_t row) const {
    std::string marks;
    for (std::uint64_t at = 0; at < places_; ++at)
        marks += mark(of_[row * places_ + at]);
    return marks;
}

std::string HealthMap::prospects() const {
    std::string marks;
    for (std::uint64_t at = 0; at < places_; ++at) {
        const std::uint64_t begin = at * across_;
        const std::uint64_t end = std::min(begin + across_, layout_.steps);
        const std::uint32_t worst =
            *std::max_element(losses_.begin() + static_cast<std::ptrdiff_t>(begin),
                              losses_.begin() + static_cast<std::ptrdiff_t>(end));
        marks += worst == 0 ? '=' : worst <= layout_.m() ? 'r' : '!';
    }
    return marks;
}

std::uint64_t HealthMap::lost_columns() const {
    return static_cast<std::uint64_t>(
        std::ranges::count_if(losses_, [&](std::uint32_t lost) { return lost > layout_.m(); }));
}

} // namespace codex::dataset

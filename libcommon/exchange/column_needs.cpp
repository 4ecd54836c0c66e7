#include "exchange/detail/column_needs.hpp"

namespace codex::exchange::detail {

ColumnNeeds::ColumnNeeds(const erasure::Layout& layout, IndexSet here)
    : layout_(layout), here_(std::move(here)), lacks_(layout.steps, layout.k()) {
    for (std::uint64_t index = layout.original_blocks; index < layout.rounded(); ++index) {
        here_.erase(index);
        --lacks_[layout.column(index)];
    }
    for (auto index = here_.next(0); index; index = here_.next(*index + 1)) {
        std::uint32_t& lacks = lacks_[layout.column(*index)];
        lacks -= lacks > 0 ? 1 : 0;
    }
    for (const std::uint32_t lacks : lacks_)
        lacking_ += lacks;
}

IndexSet ColumnNeeds::first() const {
    IndexSet wanted;
    std::vector<std::uint32_t> left = lacks_;
    for (std::uint64_t index = 0; index < layout_.total_blocks(); ++index) {
        std::uint32_t& lacks = left[layout_.column(index)];
        if (lacks == 0 || layout_.is_padding(index) || here_.contains(index))
            continue;
        wanted.insert(index);
        --lacks;
    }
    return wanted;
}

ColumnNeeds::Change ColumnNeeds::instead(std::uint64_t index, const IndexSet& asked) {
    Change change;
    const std::uint64_t column = layout_.column(index);
    if (exhausted_.contains(column))
        return change;
    for (std::uint32_t row = 0; row < layout_.rows(); ++row) {
        const std::uint64_t other = layout_.index(column, row);
        if (layout_.is_padding(other) || here_.contains(other) || asked.contains(other) ||
            given_up_.contains(other))
            continue;
        given_up_.insert(index);
        return {{other}, true};
    }
    exhausted_.insert(column);
    for (std::uint32_t row = 0; row < layout_.rows(); ++row)
        if (const std::uint64_t other = layout_.index(column, row); given_up_.erase(other))
            change.want.push_back(other);
    return change;
}

std::vector<std::uint64_t> ColumnNeeds::came(std::uint64_t index, const IndexSet& asked) {
    std::vector<std::uint64_t> surplus;
    const std::uint64_t column = layout_.column(index);
    if (!here_.insert(index) || lacks_[column] == 0)
        return surplus;
    --lacking_;
    if (--lacks_[column] > 0 || !exhausted_.contains(column))
        return surplus;
    for (std::uint32_t row = 0; row < layout_.rows(); ++row)
        if (const std::uint64_t other = layout_.index(column, row); asked.contains(other))
            surplus.push_back(other);
    return surplus;
}

} // namespace codex::exchange::detail

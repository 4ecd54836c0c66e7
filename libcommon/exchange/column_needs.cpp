#include "exchange/detail/column_needs.hpp"

#include <algorithm>

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

ColumnNeeds::ColumnNeeds(const erasure::Layout& layout, IndexSet here, IndexSet part)
    : layout_(layout), here_(std::move(here)), part_(std::move(part)), lacks_(layout.steps, 0) {
    for (std::uint64_t index = layout.original_blocks; index < layout.rounded(); ++index) {
        here_.erase(index);
        part_->erase(index);
    }
}

IndexSet ColumnNeeds::first() const {
    IndexSet wanted;
    if (part_) {
        wanted = *part_;
        wanted.subtract(here_);
        return wanted;
    }
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

std::optional<std::uint64_t> ColumnNeeds::other_row(std::uint64_t column,
                                                    const IndexSet& asked) const {
    for (std::uint32_t row = 0; row < layout_.rows(); ++row) {
        const std::uint64_t other = layout_.index(column, row);
        if (!layout_.is_padding(other) && !here_.contains(other) && !asked.contains(other) &&
            !given_up_.contains(other))
            return other;
    }
    return std::nullopt;
}

/// No row is left.
void ColumnNeeds::exhaust(std::uint64_t column, std::vector<std::uint64_t>& want) {
    exhausted_.insert(column);
    for (std::uint32_t row = 0; row < layout_.rows(); ++row)
        if (const std::uint64_t other = layout_.index(column, row); given_up_.erase(other))
            want.push_back(other);
}

/// The column is to be computed: as many rows are wanted as it lacks.
void ColumnNeeds::begin(std::uint64_t column, const IndexSet& asked,
                        std::vector<std::uint64_t>& want) {
    coded_.insert(column);
    IndexSet wanted = asked;
    std::uint32_t there = 0;
    std::uint32_t coming = 0;
    for (std::uint32_t row = 0; row < layout_.rows(); ++row) {
        const std::uint64_t other = layout_.index(column, row);
        there += here_.contains(other) || layout_.is_padding(other) ? 1 : 0;
        coming += wanted.contains(other) ? 1 : 0;
    }
    lacks_[column] = layout_.k() - std::min(layout_.k(), there);
    lacking_ += lacks_[column];
    for (; coming < lacks_[column]; ++coming) {
        const auto other = other_row(column, wanted);
        if (!other)
            return exhaust(column, want);
        wanted.insert(*other);
        want.push_back(*other);
    }
}

ColumnNeeds::Change ColumnNeeds::instead(std::uint64_t index, const IndexSet& asked) {
    Change change;
    const std::uint64_t column = layout_.column(index);
    if (exhausted_.contains(column))
        return change;
    if (!is_coded(column)) {
        given_up_.insert(index);
        change.forget = true;
        if (!part_->contains(index))
            return change; // it would have proved something, and another may
        IndexSet others = asked;
        others.erase(index);
        begin(column, others, change.want);
        change.forget = given_up_.contains(index);
        std::erase(change.want, index);
        return change;
    }
    if (lacks_[column] == 0) {
        given_up_.insert(index);
        return {{}, true};
    }
    if (const auto other = other_row(column, asked)) {
        given_up_.insert(index);
        return {{*other}, true};
    }
    exhaust(column, change.want);
    return change;
}

std::vector<std::uint64_t> ColumnNeeds::compute(const IndexSet& leaves, const IndexSet& asked) {
    std::vector<std::uint64_t> want;
    for (auto index = leaves.next(0); index; index = leaves.next(*index + 1))
        if (const std::uint64_t column = layout_.column(*index); !is_coded(column))
            begin(column, asked, want);
    return want;
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

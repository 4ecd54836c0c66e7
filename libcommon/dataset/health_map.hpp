// Which blocks of a dataset are there, as a picture of a bounded size: slots down, columns across,
// several of them in one place where there are many.
#pragma once

#include "dataset/dataset.hpp"

namespace codex::dataset {

/// Threads: const calls from any thread, at once.
class HealthMap {
public:
    /// Of so many places across and down at most, at least one each. All blocks are there yet.
    HealthMap(const erasure::Layout& layout, std::size_t across, std::size_t down);
    /// The same, with what `health` has found.
    HealthMap(const Health& health, const erasure::Layout& layout, std::size_t across,
              std::size_t down);

    // By its tree index, each block once in one of them. Padding is never missing.
    void add_missing(std::uint64_t index);
    void add_damaged(std::uint64_t index);

    [[nodiscard]] std::uint64_t rows() const { return rows_; }
    [[nodiscard]] std::uint64_t columns_per_place() const { return across_; }
    /// The slots of a row.
    [[nodiscard]] IndexRange slots(std::uint64_t row) const;
    /// "data", "parity", "both".
    [[nodiscard]] std::string_view kind(std::uint64_t row) const;
    /// A character for each place of a row: # here, . missing, + partly missing, x damaged, -
    /// padding.
    [[nodiscard]] std::string marks(std::uint64_t row) const;
    /// A character for each place across, the worst of its columns: = whole, r can be repaired, !
    /// lost.
    [[nodiscard]] std::string prospects() const;
    /// Columns that lost more blocks than parity covers.
    [[nodiscard]] std::uint64_t lost_columns() const;

private:
    struct Place {
        std::uint64_t blocks = 0;
        std::uint64_t missing = 0;
        std::uint64_t damaged = 0;
    };
    static char mark(const Place& place);
    Place& place(std::uint64_t index);

    erasure::Layout layout_;
    std::uint64_t slots_;
    std::uint64_t across_; ///< columns in a place
    std::uint64_t down_;   ///< slots in a row
    std::uint64_t places_, rows_;
    std::vector<Place> of_;             ///< row by row
    std::vector<std::uint32_t> losses_; ///< by column
};

} // namespace codex::dataset

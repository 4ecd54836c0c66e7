// How many rows each column of a protected dataset still lacks, of whatever rows they are
// (codex-erasure(5), PROTECTED DATASETS; codex-exchange(7), ASKING).
#pragma once

#include "base/index_set.hpp"
#include "erasure/layout.hpp"

#include <optional>
#include <vector>

namespace codex::exchange::detail {

/// Of all columns, or, where only a part of the dataset is wanted, of those that have to be
/// computed: the others need what is wanted of them.
/// Memory: 4 bytes a column, and index sets.
/// Threads: one at a time.
class ColumnNeeds {
public:
    /// `here`: the leaves that are there already. Padding needs not be.
    ColumnNeeds(const erasure::Layout& layout, IndexSet here);
    /// The same of these leaves alone.
    ColumnNeeds(const erasure::Layout& layout, IndexSet here, IndexSet part);

    /// What is asked for at first: of each column as many rows as it lacks, data before parity; of
    /// a part what is not here of it, but for padding.
    [[nodiscard]] IndexSet first() const;
    [[nodiscard]] bool of_part() const { return part_.has_value(); }

    struct Change {
        std::vector<std::uint64_t> want;
        bool forget = false; ///< no longer want the one that was asked about
    };
    /// What is asked for instead of this one, which no peer has. `asked`: all that is wanted and
    /// not there. When no row is left, all of the column are wanted, since any may come first.
    [[nodiscard]] Change instead(std::uint64_t index, const IndexSet& asked);
    /// What is asked for, too, so that these can be computed.
    [[nodiscard]] std::vector<std::uint64_t> compute(const IndexSet& leaves, const IndexSet& asked);

    /// This one is here now. Gives what is still asked for and not needed any more.
    [[nodiscard]] std::vector<std::uint64_t> came(std::uint64_t index, const IndexSet& asked);

    /// Rows that all columns lack together.
    [[nodiscard]] std::uint64_t lacking() const { return lacking_; }
    /// What nobody had, and is not asked for any more.
    [[nodiscard]] const IndexSet& given_up() const { return given_up_; }

private:
    [[nodiscard]] bool is_coded(std::uint64_t column) const {
        return !part_ || coded_.contains(column);
    }
    void begin(std::uint64_t column, const IndexSet& asked, std::vector<std::uint64_t>& want);
    [[nodiscard]] std::optional<std::uint64_t> other_row(std::uint64_t column,
                                                         const IndexSet& asked) const;
    void exhaust(std::uint64_t column, std::vector<std::uint64_t>& want);

    erasure::Layout layout_;
    IndexSet here_;
    std::optional<IndexSet> part_;     ///< what is wanted, where that is not all
    IndexSet coded_;                   ///< of a part, columns that are to be computed
    IndexSet given_up_;                ///< nobody had them
    IndexSet exhausted_;               ///< columns of which all is asked for
    std::vector<std::uint32_t> lacks_; ///< of each column
    std::uint64_t lacking_ = 0;
};

} // namespace codex::exchange::detail

// How many rows each column of a protected dataset still lacks, of whatever rows they are
// (codex-erasure(5), PROTECTED DATASETS; codex-exchange(7), ASKING).
#pragma once

#include "base/index_set.hpp"
#include "erasure/layout.hpp"

#include <vector>

namespace codex::exchange::detail {

/// Memory: 4 bytes a column, and index sets.
/// Threads: one at a time.
class ColumnNeeds {
public:
    /// `here`: the leaves that are there already. Padding needs not be.
    ColumnNeeds(const erasure::Layout& layout, IndexSet here);

    /// What is asked for at first: of each column as many rows as it lacks, data before parity.
    [[nodiscard]] IndexSet first() const;

    struct Change {
        std::vector<std::uint64_t> want;
        bool forget = false; ///< no longer want the one that was asked about
    };
    /// What is asked for instead of this one, which no peer has. `asked`: all that is wanted and
    /// not there. When no row is left, all of the column are wanted, since any may come first.
    [[nodiscard]] Change instead(std::uint64_t index, const IndexSet& asked);

    /// This one is here now. Gives what is still asked for and not needed any more.
    [[nodiscard]] std::vector<std::uint64_t> came(std::uint64_t index, const IndexSet& asked);

    /// Rows that all columns lack together.
    [[nodiscard]] std::uint64_t lacking() const { return lacking_; }

private:
    erasure::Layout layout_;
    IndexSet here_;
    IndexSet given_up_;                ///< nobody had them
    IndexSet exhausted_;               ///< columns of which all is asked for
    std::vector<std::uint32_t> lacks_; ///< of each column
    std::uint64_t lacking_ = 0;
};

} // namespace codex::exchange::detail

// Finds the bad ones among proofs of which one look can say that a whole group is right.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace codex::snark::detail {

/// What one look costs, in units of one look at a single proof as verify() has it.
struct LookCosts {
    double group = 0;     ///< at a group, whatever its size
    double each = 0;      ///< more for each proof in it
    double alone = 1;     ///< at a single one
    double overdraft = 0; ///< how much more than one by one a search may cost, as a share
};

struct Looks {
    /// Whether all of them are right; takes those out of the group that it can name as bad.
    std::function<bool(std::vector<std::size_t>& group)> group;
    /// The bad ones of these, each looked at alone.
    std::function<std::vector<std::size_t>(std::span<const std::size_t> some)> alone;
    /// Which of `count` to try first; random, so that nobody can arrange a batch against it.
    std::function<std::size_t(std::size_t count)> choose;
};

/// The bad ones of `all`, but for those that looks at groups took out, in no order. A group that is
/// not right is halved, unless a proof of it, chosen by chance, is bad: where many are, each is
/// looked at alone. So a batch in which all are bad costs one look at the whole, and one at each;
/// and halving ends where it would cost more than the overdraft.
[[nodiscard]] std::vector<std::size_t> find_bad(std::vector<std::size_t> all, const Looks& looks,
                                                const LookCosts& costs);

} // namespace codex::snark::detail

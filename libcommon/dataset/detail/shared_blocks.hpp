// Which blocks of a dataset stand in several slots, and in which.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "erasure/layout.hpp"

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace codex::dataset::detail {

/// Gives the leaves [first, first + out.size()).
using LeafSource = std::function<Result<void>(std::uint64_t first, std::span<Digest> out)>;

/// The first half of a digest. Two blocks in whose digests it is the same are taken for one, which
/// makes a bound only safer.
struct HalfDigest {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    friend auto operator<=>(const HalfDigest&, const HalfDigest&) = default;
};
[[nodiscard]] HalfDigest half_of(const Digest& digest);

/// The blocks that stand in two slots or more. Memory is bounded, whatever the dataset is like.
class SharedBlocks {
public:
    /// Goes through all leaves, once for each kMostPlaces of them.
    [[nodiscard]] static Result<SharedBlocks> find(const erasure::Layout& layout,
                                                   const LeafSource& leaves);

    /// Tree indices at which such a block stands.
    [[nodiscard]] std::uint64_t places() const { return places_; }
    /// False when there were more of them than memory is given for: of_block() knows only some.
    [[nodiscard]] bool complete() const { return complete_; }
    /// A number for the set of slots of this block; nothing when it stands in one slot only.
    [[nodiscard]] std::optional<std::uint32_t> of_block(const Digest& digest) const;
    /// The slots of such a set, ascending.
    [[nodiscard]] std::span<const std::uint32_t> slots(std::uint32_t set) const {
        return *sets_[set];
    }

    static constexpr std::size_t kMostPlaces = std::size_t{1} << 19;
    static constexpr std::size_t kMostBlocks = std::size_t{1} << 19;
    static constexpr std::size_t kMostSlots = std::size_t{1} << 20; ///< of all sets together

private:
    /// Where a block stands: how often in one slot.
    struct Place {
        HalfDigest block;
        std::uint32_t slot = 0;
        std::uint64_t count = 0;
    };
    struct Block {
        HalfDigest block;
        std::uint32_t set = 0;
    };
    [[nodiscard]] Result<void> collect(const erasure::Layout& layout, const LeafSource& leaves,
                                       std::uint64_t slice, std::uint64_t slices);
    void merge();
    void keep_shared();
    void keep(const HalfDigest& block, std::vector<std::uint32_t> slots);

    std::vector<Place> found_;  // of the slice that is looked at
    std::vector<Block> blocks_; // ascending
    std::map<std::vector<std::uint32_t>, std::uint32_t> numbers_;
    std::vector<const std::vector<std::uint32_t>*> sets_; // keys of numbers_
    std::size_t slots_ = 0;
    std::uint64_t places_ = 0;
    bool complete_ = true;
};

} // namespace codex::dataset::detail

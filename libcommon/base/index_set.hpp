// Sets of indices, of blocks mostly: wanted, there, asked for. A bit for each at the worst, and
// next to nothing for runs, so that a dataset of millions of blocks costs bytes and no objects.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace codex {

/// `count` indices from `first` on.
struct IndexRange {
    std::uint64_t first = 0;
    std::uint64_t count = 0;

    /// One behind the last.
    [[nodiscard]] std::uint64_t end() const { return first + count; }
    friend bool operator==(const IndexRange&, const IndexRange&) = default;
};

/// A set of indices from 0 to kMaxIndices - 1; what is beyond is never in it, and putting it in
/// does nothing. Pieces of 65536 indices each cost 8 KiB when they are scattered, 2 bytes an index
/// when few, and nothing when all are in. Calls for one index take O(log pieces); those for ranges
/// also O(pieces in the range). Threads: as a number.
class IndexSet {
public:
    static constexpr std::uint64_t kMaxIndices = std::uint64_t{1} << 32;

    IndexSet() = default;
    /// All of a range.
    explicit IndexSet(IndexRange range) { insert(range); }
    IndexSet(const IndexSet& other);
    IndexSet& operator=(const IndexSet& other);
    IndexSet(IndexSet&&) noexcept = default;
    IndexSet& operator=(IndexSet&&) noexcept = default;
    ~IndexSet() = default;

    /// Whether it was not there, and is now.
    bool insert(std::uint64_t index);
    /// Whether it was there, and is not now.
    bool erase(std::uint64_t index);
    void insert(IndexRange range);
    void erase(IndexRange range);
    void clear();

    [[nodiscard]] bool contains(std::uint64_t index) const;
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] std::uint64_t size() const { return size_; }
    /// How many of a range are in it.
    [[nodiscard]] std::uint64_t count(IndexRange range) const;

    /// The first index in it that is not below `from`.
    [[nodiscard]] std::optional<std::uint64_t> next(std::uint64_t from) const;
    /// The first index not in it that is not below `from`.
    [[nodiscard]] std::uint64_t next_missing(std::uint64_t from) const;
    /// Of the indices not below `from`, the first run without a gap, as far as it goes. All runs:
    /// for (auto run = set.next_run(0); run; run = set.next_run(run->end()))
    [[nodiscard]] std::optional<IndexRange> next_run(std::uint64_t from) const;

    /// Puts in all that `other` has; takes out all that it has; takes out all that it has not.
    void unite(const IndexSet& other);
    void subtract(const IndexSet& other);
    void intersect(const IndexSet& other);
    /// How many both have.
    [[nodiscard]] std::uint64_t common(const IndexSet& other) const;

    /// What it takes, this object itself not counted.
    [[nodiscard]] std::size_t memory_bytes() const;

    friend bool operator==(const IndexSet& a, const IndexSet& b);

private:
    static constexpr std::uint32_t kPieceIndices = 65536;
    using Bits = std::array<std::uint64_t, kPieceIndices / 64>;

    /// 65536 indices from key * 65536 on, of which at least one is in the set: all of them, those
    /// of a list in order, or those whose bit is set.
    struct Piece {
        std::uint32_t key = 0;
        std::uint32_t size = 0;
        std::vector<std::uint16_t> list;
        std::unique_ptr<Bits> bits;

        [[nodiscard]] bool is_full() const { return size == kPieceIndices; }
        [[nodiscard]] bool contains(std::uint32_t at) const;
        [[nodiscard]] std::uint32_t count(std::uint32_t begin, std::uint32_t end) const;
        /// kPieceIndices when there is none.
        [[nodiscard]] std::uint32_t next(std::uint32_t from) const;
        [[nodiscard]] std::uint32_t next_missing(std::uint32_t from) const;
        bool insert(std::uint32_t at);
        bool erase(std::uint32_t at);
        void insert(std::uint32_t begin, std::uint32_t end);
        void erase(std::uint32_t begin, std::uint32_t end);
        void to_bits();
        void settle();
        [[nodiscard]] Piece copy() const;
    };

    [[nodiscard]] std::size_t find(std::uint64_t key) const;
    [[nodiscard]] const Piece* piece(std::uint64_t key) const;

    std::vector<Piece> pieces_; // by key
    std::uint64_t size_ = 0;
};

} // namespace codex

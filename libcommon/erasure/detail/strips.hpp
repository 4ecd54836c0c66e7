// What the passes of the transforms read and write: some bytes of each of many rows, which are work
// rows at equal distances, or buffers. In a template over the kernel's vector type only so that the
// code stays in the kernel's file; see matrix_kernel.hpp.
#pragma once

#include "erasure/detail/kernels.hpp"

namespace codex::erasure::detail {

/// Where a pass writes what it read: to the same rows.
struct InPlace {};

template <class V> struct Strips {
    /// A byte of up to sixteen rows at equal distances: few registers, and what the processor adds
    /// up in an address.
    struct Cursor {
        std::uint8_t* low;
        std::uint8_t* high;
        std::size_t stride;
        std::size_t stride3;
        [[nodiscard, gnu::always_inline]] std::uint8_t* row(std::size_t q) const {
            std::uint8_t* four = q < 4 ? low : high + (q - 4) / 4 * 4 * stride;
            return q % 4 == 3 ? four + stride3 : four + q % 4 * stride;
        }
    };
    /// Work rows that a pass mixes, `stride` bytes from one to the next.
    struct Group {
        std::uint8_t* base;
        std::size_t stride;
        [[nodiscard, gnu::always_inline]] Cursor at(std::size_t i) const {
            return {base + i, base + 4 * stride + i, stride, 3 * stride};
        }
    };

    /// Buffers that a pass mixes.
    template <unsigned kLayers, class Byte> struct Buffers {
        Byte* rows[std::size_t{1} << kLayers];
        struct Cursor {
            Byte* const* rows;
            std::size_t i;
            [[nodiscard, gnu::always_inline]] Byte* row(std::size_t q) const { return rows[q] + i; }
        };
        [[nodiscard, gnu::always_inline]] Cursor at(std::size_t i) const { return {rows, i}; }
    };

    /// All work rows, of `bytes` each; a group begins at the row `first`, and has every 2^layer-th.
    struct Work {
        std::uint8_t* base;
        std::size_t bytes;
        static constexpr bool kBuffers = false;
        static constexpr bool kStreamed = false;
        template <unsigned kLayers>
        [[nodiscard]] Group group(std::size_t first, unsigned layer) const {
            return {base + first * bytes, bytes << layer};
        }
        [[nodiscard]] std::uint8_t* row(std::size_t row) const { return base + row * bytes; }
    };

    /// Buffers to read, from byte `at` on.
    struct Sources {
        const SourceRow* rows;
        std::size_t at;
        static constexpr bool kBuffers = true;
        static constexpr bool kStreamed = false;
        template <unsigned kLayers>
        [[nodiscard, gnu::always_inline]] Buffers<kLayers, const std::uint8_t>
        group(std::size_t first, unsigned) const {
            Buffers<kLayers, const std::uint8_t> found;
#pragma GCC unroll 16
            for (std::size_t q = 0; q < std::size_t{1} << kLayers; ++q)
                found.rows[q] = row(first + q);
            return found;
        }
        [[nodiscard]] const std::uint8_t* row(std::size_t row) const {
            return rows[row].bytes + (at & rows[row].mask);
        }
    };

    /// Rows times factors, one for each: buffers, to which work rows may be added.
    template <bool kAdded> struct Located {
        Sources known;
        Work sum;
        const std::uint8_t* factors;
        static constexpr bool kBuffers = true;
        static constexpr bool kStreamed = false;
        template <unsigned kLayers> struct Group {
            Buffers<kLayers, const std::uint8_t> known;
            Work sum; ///< from the first row of the group on
            const std::uint8_t* factors;
            struct Cursor {
                const Group* group;
                std::size_t i;
                [[nodiscard, gnu::always_inline]] const std::uint8_t* row(std::size_t q) const {
                    return group->known.rows[q] + i;
                }
                [[nodiscard, gnu::always_inline]] const std::uint8_t* sum(std::size_t q) const
                    requires kAdded
                {
                    return group->sum.row(q) + i;
                }
                [[nodiscard, gnu::always_inline]] const std::uint8_t* factor(std::size_t q) const {
                    return group->factors + q * V::kFactorBytes;
                }
            };
            [[nodiscard, gnu::always_inline]] Cursor at(std::size_t i) const { return {this, i}; }
        };
        template <unsigned kLayers>
        [[nodiscard, gnu::always_inline]] Group<kLayers> group(std::size_t first,
                                                               unsigned layer) const {
            return {known.template group<kLayers>(first, layer),
                    {sum.row(first), sum.bytes},
                    factors + first * V::kFactorBytes};
        }
    };

    /// Buffers to write, from byte `at` on; where none is wanted, `spare` is written.
    template <bool kPastCaches> struct Results {
        std::uint8_t* const* rows;
        std::size_t at;
        std::uint8_t* spare;
        static constexpr bool kBuffers = true;
        static constexpr bool kStreamed = kPastCaches;
        template <unsigned kLayers>
        [[nodiscard, gnu::always_inline]] Buffers<kLayers, std::uint8_t> group(std::size_t first,
                                                                               unsigned) const {
            Buffers<kLayers, std::uint8_t> found;
#pragma GCC unroll 16
            for (std::size_t q = 0; q < std::size_t{1} << kLayers; ++q)
                found.rows[q] = row(first + q);
            return found;
        }
        [[nodiscard]] std::uint8_t* row(std::size_t row) const {
            return rows[row] == nullptr ? spare : rows[row] + at;
        }
    };

    /// The same of rows times factors, one for each.
    template <bool kPastCaches> struct Finished {
        Results<kPastCaches> results;
        const std::uint8_t* factors;
        static constexpr bool kBuffers = true;
        static constexpr bool kStreamed = kPastCaches;
        template <unsigned kLayers> struct Group {
            Buffers<kLayers, std::uint8_t> results;
            const std::uint8_t* factors;
            struct Cursor {
                const Group* group;
                std::size_t i;
                [[nodiscard, gnu::always_inline]] std::uint8_t* row(std::size_t q) const {
                    return group->results.rows[q] + i;
                }
                [[nodiscard, gnu::always_inline]] const std::uint8_t* factor(std::size_t q) const {
                    return group->factors + q * V::kFactorBytes;
                }
            };
            [[nodiscard, gnu::always_inline]] Cursor at(std::size_t i) const { return {this, i}; }
        };
        template <unsigned kLayers>
        [[nodiscard, gnu::always_inline]] Group<kLayers> group(std::size_t first,
                                                               unsigned layer) const {
            return {results.template group<kLayers>(first, layer),
                    factors + first * V::kFactorBytes};
        }
    };
};

} // namespace codex::erasure::detail

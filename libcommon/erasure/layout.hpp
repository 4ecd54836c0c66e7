// Where blocks of a protected dataset lie (codex-erasure(5), LAYOUT): index arithmetic only.
#pragma once

#include "base/error.hpp"
#include "codec/manifest.hpp"
#include "erasure/shape.hpp"

#include <cstdint>

namespace codex::erasure {

/// The matrix of a protected dataset: k + m rows (a row is a slot), `steps` columns (a column is a
/// code word). Row-major: index = position * steps + column.
struct Layout {
    std::uint64_t original_blocks = 0; ///< n, blocks of the plain dataset
    Shape shape;
    std::uint64_t steps = 0; ///< ceil(n / k)

    /// Errors: erasure_too_few (k > n, with the minimum size for `block_size_bytes`); unsupported
    /// for a block size that is no multiple of 64.
    [[nodiscard]] static Result<Layout> create(std::uint64_t original_blocks, const Shape& shape,
                                               std::uint32_t block_size_bytes);
    /// Of a protected manifest. Errors: manifest_invalid when plain; unsupported for the linear
    /// strategy, which the reference cannot code either; Shape::of()'s; create()'s.
    [[nodiscard]] static Result<Layout> of(const codec::Manifest& manifest);
    /// Of a plain dataset: one row.
    [[nodiscard]] static Layout plain(std::uint64_t blocks) {
        return {.original_blocks = blocks, .shape = Shape::plain(), .steps = blocks};
    }

    [[nodiscard]] std::uint32_t k() const { return shape.k(); }
    [[nodiscard]] std::uint32_t m() const { return shape.m(); }
    [[nodiscard]] std::uint32_t rows() const { return shape.rows(); }
    [[nodiscard]] std::uint64_t rounded() const { return steps * k(); }
    [[nodiscard]] std::uint64_t total_blocks() const { return steps * rows(); }
    [[nodiscard]] std::uint64_t index(std::uint64_t column, std::uint32_t position) const {
        return position * steps + column;
    }
    [[nodiscard]] std::uint64_t column(std::uint64_t index) const { return index % steps; }
    [[nodiscard]] std::uint32_t position(std::uint64_t index) const {
        return static_cast<std::uint32_t>(index / steps);
    }
    /// True for the indices filled up with the empty block.
    [[nodiscard]] bool is_padding(std::uint64_t index) const {
        return index >= original_blocks && index < rounded();
    }
};

} // namespace codex::erasure

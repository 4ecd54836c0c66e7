// How many blocks a column has: data and parity, within what the code can do (codex-erasure(5),
// LIMITS).
#pragma once

#include "base/error.hpp"
#include "codec/manifest.hpp"

#include <cstdint>

namespace codex::erasure {

/// k data and m parity blocks, checked: whoever has one need not check again.
/// Threads: a small value that never changes; any, at once.
class Shape {
public:
    /// Of what is to be protected. Errors: erasure_parameters naming the limit (1 <= m <= k,
    /// next_pow2(next_pow2(m) + k) <= 65536), with a hint.
    [[nodiscard]] static Result<Shape> create(std::uint64_t k, std::uint64_t m);
    /// Of a storage request: a slot on each of `nodes`, any `tolerance` of which may be lost; at
    /// least 2 hold data. Errors: as create().
    [[nodiscard]] static Result<Shape> for_nodes(std::uint64_t nodes, std::uint64_t tolerance);
    /// Of a dataset that is there already, whoever made it: m = 0 is valid, too, a code without
    /// parity. Errors: erasure_parameters; what is valid in a manifest may be none of the code.
    [[nodiscard]] static Result<Shape> of(const codec::ErasureInfo& erasure);
    /// Of a dataset that is not protected: one row of data.
    [[nodiscard]] static Shape plain() { return {1, 0}; }

    [[nodiscard]] std::uint32_t k() const { return k_; }
    [[nodiscard]] std::uint32_t m() const { return m_; }
    /// k + m, the blocks of a column: rows, which are the slots.
    [[nodiscard]] std::uint32_t rows() const { return k_ + m_; }

    /// The positions of the code word that are set aside for parity, the first ones: next_pow2(m).
    /// Data follow.
    [[nodiscard]] std::uint32_t parity_positions() const { return parity_positions_; }
    /// All of its positions, used or not: next_pow2(parity_positions() + k).
    [[nodiscard]] std::uint32_t positions() const { return positions_; }

    friend bool operator==(const Shape&, const Shape&) = default;

private:
    Shape(std::uint32_t k, std::uint32_t m);
    [[nodiscard]] static Result<Shape> within_limits(std::uint64_t k, std::uint64_t m);

    std::uint32_t k_, m_, parity_positions_, positions_;
};

} // namespace codex::erasure

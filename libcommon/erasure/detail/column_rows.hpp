// What a pass of the transforms reads and writes, as templates over a vector type; instantiate with
// a type of an anonymous namespace only, see matrix_kernel.hpp. Each has a Unit in every row;
// column(c) is the same rows `c` Units further on in the batch. Buffers are turned into the
// coordinates that transforms compute in, and results out of them.
#pragma once

#include "erasure/detail/kernels.hpp"

namespace codex::erasure::detail {

/// Work rows, a column after the other.
template <class V> struct WorkRows {
    using Unit = typename V::Unit;
    Unit* rows;
    std::size_t size; ///< rows of a column
    [[nodiscard]] WorkRows column(std::size_t c) const { return {rows + c * size, size}; }
    [[nodiscard]] Unit load(std::size_t row) const { return rows[row]; }
    void store(std::size_t row, Unit x) const { rows[row] = x; }
};

/// Work rows that what a pass gives is added to.
template <class V> struct AddedRows {
    using Unit = typename V::Unit;
    Unit* rows;
    std::size_t size;
    [[nodiscard]] AddedRows column(std::size_t c) const { return {rows + c * size, size}; }
    void store(std::size_t row, Unit x) const { rows[row] = V::add(rows[row], x); }
};

/// Buffers to read, from byte `at` on.
template <class V> struct SourceRows {
    const SourceRow* rows;
    std::size_t at;
    std::size_t offset = 0;
    [[nodiscard]] SourceRows column(std::size_t c) const {
        return {rows, at, V::offset(at + c * V::kBytes)};
    }
    [[nodiscard]] typename V::Unit load(std::size_t row) const {
        return V::turn(V::load(rows[row].bytes + (offset & rows[row].mask)));
    }
};

/// Buffers to write, where they are wanted; multiplied where there are factors.
template <class V, bool kScaled, bool kStreamed> struct ResultRows {
    const OutputGroup* output;
    std::size_t at;
    std::size_t offset = 0;
    [[nodiscard]] ResultRows column(std::size_t c) const {
        return {output, at, V::offset(at + c * V::kBytes)};
    }
    void store(std::size_t row, typename V::Unit x) const {
        if (output->rows[row] == nullptr)
            return;
        if constexpr (kScaled)
            x = V::mul(x, V::factor(output->factors + row * V::kFactorBytes));
        x = V::turn(x);
        if constexpr (kStreamed)
            V::stream(output->rows[row] + offset, x);
        else
            V::store(output->rows[row] + offset, x);
    }
};

/// Work rows that take the received values of a polynomial from the parity computed of the known
/// data.
template <class V> struct LocatedRows {
    WorkRows<V> work;
    SourceRows<V> known;
    const std::uint8_t* locator;
    [[nodiscard]] LocatedRows column(std::size_t c) const {
        return {work.column(c), known.column(c), locator};
    }
    void store(std::size_t row, typename V::Unit x) const {
        const typename V::Unit syndrome = V::add(x, known.load(row));
        work.store(row, V::mul(syndrome, V::factor(locator + row * V::kFactorBytes)));
    }
};

} // namespace codex::erasure::detail

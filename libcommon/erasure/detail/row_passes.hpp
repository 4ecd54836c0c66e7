// The layers of a pass on rows in registers, and the sums that a turn is, as templates over a
// vector type, to be instantiated with one of an anonymous namespace only; see matrix_kernel.hpp.
//
// In and Out give at(i), which gives row(q), a pointer to byte i of a row. None is inlined: loops
// that need all registers get them only in a function of their own.
#pragma once

#include "erasure/detail/fetch_ahead.hpp"
#include "erasure/detail/strips.hpp"

#include <type_traits>

namespace codex::erasure::detail {

/// How passes compute by factors that multiply every byte alike: all of GF(2^8), in GF(2^16) those
/// below 256. On bytes, whatever word they are of.
template <class V> struct ByteOps {
    using B = typename V::ByteVector;
    using Unit = typename B::Vector;
    static constexpr std::size_t kBytes = sizeof(Unit);
    static constexpr std::size_t kFactorBytes = V::kFactorBytes;
    static constexpr unsigned kColumns = [] {
        if constexpr (requires { V::kByteColumns; })
            return V::kByteColumns;
        else
            return 1U;
    }();

    static std::size_t offset(std::size_t at) { return at; }
    static Unit zero() { return B::zero(); }
    static Unit load(const std::uint8_t* from) { return B::load(from); }
    static Unit load_work(const std::uint8_t* from) { return B::load(from); }
    static Unit mul(Unit x, const std::uint8_t* record) {
        return V::mul_add(zero(), prepare(x), factor<0>(record));
    }
    template <bool kStreamed> static void store(std::uint8_t* to, Unit x) {
        if constexpr (kStreamed)
            B::stream(to, x);
        else
            B::store(to, x);
    }
    static Unit add(Unit a, Unit b) { return B::add(a, b); }
    static auto prepare(Unit x) { return V::prepare(x); }
    template <unsigned> static auto factor(const std::uint8_t* record) { return V::small(record); }
    /// sum + x * f. To be settled: compilers that move products about keep products of many rows,
    /// or factors of many, and have no registers for rows then. Once it is settled it is computed,
    /// and factors of `records` are read again.
    template <class Prepared, class Factor>
    [[gnu::always_inline]] static Unit mul_add(Unit sum, const Prepared& x, const Factor& f) {
        return V::mul_add(sum, x, f);
    }
    [[gnu::always_inline]] static void settle(Unit& x, const std::uint8_t*& records) {
        B::settle(x, records);
    }
};

/// How passes compute with words of more than a byte, by any factor in the kLarge lowest layers and
/// by those below 256 in the others; buffers are in other coordinates.
template <class V, unsigned kLarge, bool kFromBuffers = false, bool kToBuffers = false>
struct WordOps {
    using Unit = typename V::Unit;
    static constexpr std::size_t kBytes = V::kBytes;
    static constexpr std::size_t kFactorBytes = V::kFactorBytes;
    static constexpr unsigned kColumns = 1;

    static std::size_t offset(std::size_t at) { return V::offset(at); }
    static Unit zero() { return V::zero(); }
    static Unit load(const std::uint8_t* from) {
        if constexpr (kFromBuffers)
            return V::turn(V::load(from));
        else
            return V::load(from);
    }
    static Unit load_work(const std::uint8_t* from) { return V::load(from); }
    static Unit mul(const Unit& x, const std::uint8_t* record) {
        return V::mul(x, V::factor(record));
    }
    template <bool kStreamed> static void store(std::uint8_t* to, Unit x) {
        if constexpr (kToBuffers)
            x = V::turn(x);
        if constexpr (kStreamed)
            V::stream(to, x);
        else
            V::store(to, x);
    }
    static Unit add(Unit a, Unit b) { return V::add(a, b); }
    static auto prepare(const Unit& x) { return V::prepare(x); }
    template <unsigned kLayer> static auto factor(const std::uint8_t* record) {
        if constexpr (kLayer < kLarge)
            return V::factor(record);
        else
            return V::small(record);
    }
    template <class Prepared, class Factor>
    [[gnu::always_inline]] static Unit mul_add(const Unit& sum, const Prepared& x,
                                               const Factor& f) {
        return V::mul_add(sum, x, f);
    }
    [[gnu::always_inline]] static void settle(Unit& x, const std::uint8_t*& records) {
        if constexpr (requires { x.low; }) {
            V::ByteVector::settle(x.low, records);
            V::ByteVector::settle(x.high, records);
        }
    }
};

/// What a step of a pass treats: enough for what is computed once a step to be little.
template <class Ops> constexpr std::size_t kStepBytes = Ops::kBytes < 64 ? 64 : Ops::kBytes;

/// Calls work(cursor of in, cursor of out, i) for every kColumns Units of a step at i.
template <class Ops, unsigned kColumns, class In, class Out, class Work>
[[gnu::always_inline]] inline void for_units(In in, Out out, std::size_t step, Work work) {
#pragma GCC unroll 4
    for (std::size_t unit = 0; unit < kStepBytes<Ops>; unit += kColumns * Ops::kBytes) {
        const std::size_t i = Ops::offset(step + unit);
        if constexpr (std::is_same_v<Out, InPlace>) {
            const auto rows = in.at(i);
            work(rows, rows, i);
        } else {
            work(in.at(i), out.at(i), i);
        }
    }
}

/// Units of a row side by side, where the registers have room for two of all rows of so many
/// layers: these share the loads of factors, and none waits for another.
template <class Ops> constexpr unsigned columns(unsigned layers) {
    return layers <= 2 ? Ops::kColumns : 1;
}

/// What a pass reads of row q at a byte of it, which may be multiplied, and writes.
template <class Ops, class Cursor>
[[gnu::always_inline]] inline typename Ops::Unit load_row(Cursor from, std::size_t q,
                                                          std::size_t byte) {
    typename Ops::Unit x = Ops::load(from.row(q) + byte);
    if constexpr (requires { from.sum(q); })
        x = Ops::add(x, Ops::load_work(from.sum(q) + byte));
    if constexpr (requires { from.factor(q); })
        x = Ops::mul(x, from.factor(q));
    return x;
}
template <class Ops, bool kStreamed, class Cursor>
[[gnu::always_inline]] inline void store_row(Cursor to, std::size_t q, std::size_t byte,
                                             typename Ops::Unit x) {
    if constexpr (requires { to.factor(q); })
        x = Ops::mul(x, to.factor(q));
    Ops::template store<kStreamed>(to.row(q) + byte, x);
}

/// Butterflies.
template <class Ops, unsigned kLayers> struct LayersPass {
    using Unit = typename Ops::Unit;
    static constexpr std::size_t kRows = std::size_t{1} << kLayers;
    static constexpr unsigned kColumns = columns<Ops>(kLayers);

    /// skews[u]: the factors of layer u, one for each of its groups.
    template <bool kInverse, bool kStreamed, class In, class Out>
    [[gnu::noinline]] static void run(In in, Out out, std::size_t begin, std::size_t end,
                                      const std::uint8_t* const* all_skews, OnTheWay way) {
        const std::uint8_t* skews[kLayers + 1];
        for (unsigned u = 0; u < kLayers; ++u)
            skews[u] = all_skews[u];
        for (std::size_t step = begin; step < end; step += kStepBytes<Ops>) {
            way.ask(step);
            for_units<Ops, kColumns>(
                in, out, step, [&](auto from, auto to, std::size_t) __attribute__((always_inline)) {
                    Unit rows[kRows][kColumns];
#pragma GCC unroll 16
                    for (std::size_t q = 0; q < kRows; ++q)
#pragma GCC unroll 2
                        for (unsigned c = 0; c < kColumns; ++c)
                            rows[q][c] = load_row<Ops>(from, q, c * Ops::kBytes);
                    butterflies<kInverse, 0>(rows, skews);
#pragma GCC unroll 16
                    for (std::size_t q = 0; q < kRows; ++q)
#pragma GCC unroll 2
                        for (unsigned c = 0; c < kColumns; ++c)
                            store_row<Ops, kStreamed>(to, q, c * Ops::kBytes, rows[q][c]);
                });
        }
    }

private:
    /// From number kNumber on: layers ascending in the inverse transform, descending in the other.
    template <bool kInverse, unsigned kNumber>
    [[gnu::always_inline]] static void butterflies(Unit (*rows)[kColumns],
                                                   const std::uint8_t** skews) {
        constexpr unsigned kPerLayer = (1U << kLayers) / 2;
        if constexpr (kNumber < kLayers * kPerLayer) {
            constexpr unsigned kOrder = kNumber / kPerLayer;
            constexpr unsigned kLayer = kInverse ? kOrder : kLayers - 1 - kOrder;
            constexpr unsigned kGroup = kNumber % kPerLayer >> kLayer;
            constexpr unsigned kX =
                (kGroup << (kLayer + 1)) + (kNumber % kPerLayer & ((1U << kLayer) - 1));
            Unit(&x)[kColumns] = rows[kX];
            Unit(&y)[kColumns] = rows[kX + (1U << kLayer)];
            const auto factor =
                Ops::template factor<kLayer>(skews[kLayer] + kGroup * Ops::kFactorBytes);
#pragma GCC unroll 2
            for (unsigned c = 0; c < kColumns; ++c) {
                if constexpr (kInverse)
                    y[c] = Ops::add(y[c], x[c]);
                x[c] = Ops::mul_add(x[c], Ops::prepare(y[c]), factor);
            }
#pragma GCC unroll 2
            for (unsigned c = 0; c < kColumns; ++c) {
                Ops::settle(x[c], skews[kLayer]);
                if constexpr (!kInverse)
                    y[c] = Ops::add(y[c], x[c]);
            }
            butterflies<kInverse, kNumber + 1>(rows, skews);
        }
    }
};

/// The last layers of an inverse transform and the first of a forward one at other positions, at
/// once (the turn, row_turns.hpp).
template <class Ops, unsigned kLayers> struct TurnPass {
    using Unit = typename Ops::Unit;
    static constexpr unsigned kRows = 1U << kLayers;
    static constexpr unsigned kColumns = columns<Ops>(kLayers);
    using Rows = Unit[kColumns];

    /// Rows of `in` from 2^kUsed on are zeros, and not read. kAdded: `sum` is added. kLast: the sum
    /// is turned into rows; else it is what a later call adds.
    template <unsigned kUsed, bool kAdded, bool kLast, bool kStreamed, class In, class Sum,
              class Out>
    [[gnu::noinline]] static void run(In in, Sum sum, Out out, std::size_t begin, std::size_t end,
                                      const std::uint8_t* records, OnTheWay way) {
        for (std::size_t step = begin; step < end; step += kStepBytes<Ops>) {
            way.ask(step);
            for_units<Ops, kColumns>(in, out, step,
                                     [&](auto from, auto to, std::size_t i)
                                         __attribute__((always_inline)) {
                                             Rows rows[kRows];
                                             turn<kUsed>(rows, from, records);
                                             finish<kAdded, kLast, kStreamed>(rows, sum.at(i), to);
                                         });
        }
    }

    /// The same of all rows of `in`, and of the first 2^kMore of `more`, by other factors.
    template <unsigned kMore, bool kAdded, bool kLast, bool kStreamed, class In, class More,
              class Sum, class Out>
    [[gnu::noinline]] static void run_two(In in, More more, Sum sum, Out out, std::size_t begin,
                                          std::size_t end, const std::uint8_t* records,
                                          const std::uint8_t* more_records, OnTheWay way) {
        for (std::size_t step = begin; step < end; step += kStepBytes<Ops>) {
            way.ask(step);
            for_units<Ops, kColumns>(
                in, out, step,
                [&](auto from, auto to, std::size_t i) __attribute__((always_inline)) {
                    Rows rows[kRows];
                    turn<kLayers>(rows, from, records);
                    Rows others[1U << kMore];
                    load<1U << kMore, 1U << kMore>(others, more.at(i));
                    sums_of_supersets<kMore>(others);
                    more_products<(1U << kMore) - 1>(rows, others, more_records);
                    finish<kAdded, kLast, kStreamed>(rows, sum.at(i), to);
                });
        }
    }

private:
    template <unsigned kUsed, class Cursor>
    [[gnu::always_inline]] static void turn(Rows* rows, Cursor from, const std::uint8_t*& records) {
        load<kRows, 1U << kUsed>(rows, from);
        sums_of_supersets<kUsed>(rows);
        products<(1U << kUsed) - 1>(rows, records);
    }
    template <bool kAdded, bool kLast, bool kStreamed, class Before, class Cursor>
    [[gnu::always_inline]] static void finish(Rows* rows, Before before, Cursor to) {
        if constexpr (kAdded) {
            Rows added[kRows];
            load<kRows, kRows>(added, before);
#pragma GCC unroll 8
            for (unsigned q = 0; q < kRows; ++q)
                add(rows[q], added[q]);
        }
        if constexpr (kLast)
            sums_of_supersets<kLayers>(rows);
#pragma GCC unroll 8
        for (unsigned q = 0; q < kRows; ++q)
#pragma GCC unroll 2
            for (unsigned c = 0; c < kColumns; ++c)
                Ops::template store<kStreamed>(to.row(q) + c * Ops::kBytes, rows[q][c]);
    }

    template <unsigned kCount, unsigned kRead, class Cursor>
    [[gnu::always_inline]] static void load(Rows* rows, Cursor from) {
#pragma GCC unroll 8
        for (unsigned q = 0; q < kCount; ++q)
#pragma GCC unroll 2
            for (unsigned c = 0; c < kColumns; ++c)
                rows[q][c] = q < kRead ? Ops::load(from.row(q) + c * Ops::kBytes) : Ops::zero();
    }
    [[gnu::always_inline]] static void add(Rows& to, const Rows& x) {
#pragma GCC unroll 2
        for (unsigned c = 0; c < kColumns; ++c)
            to[c] = Ops::add(to[c], x[c]);
    }
    template <unsigned kBits> [[gnu::always_inline]] static void sums_of_supersets(Rows* rows) {
#pragma GCC unroll 3
        for (unsigned bit = 0; bit < kBits; ++bit)
#pragma GCC unroll 8
            for (unsigned q = 0; q < 1U << kBits; ++q)
                if ((q >> bit & 1U) == 0)
                    add(rows[q], rows[q + (1U << bit)]);
    }

    /// Adds to each row the products of its proper subsets, the larger sets first: what is read
    /// has not been added to.
    template <unsigned kSet>
    [[gnu::always_inline]] static void products(Rows* rows, const std::uint8_t*& records) {
        if constexpr (kSet != kRows - 1)
            products_of<kSet>(rows, rows[kSet], records);
        if constexpr (kSet > 0)
            products<kSet - 1>(rows, records);
    }
    /// The same of other rows, which are added themselves, too.
    template <unsigned kSet>
    [[gnu::always_inline]] static void more_products(Rows* rows, const Rows* others,
                                                     const std::uint8_t*& records) {
        add(rows[kSet], others[kSet]);
        if constexpr (kSet != kRows - 1)
            products_of<kSet>(rows, others[kSet], records);
        if constexpr (kSet > 0)
            more_products<kSet - 1>(rows, others, records);
    }
    /// Adds to the rows the products of row kSet, `x`.
    template <unsigned kSet>
    [[gnu::always_inline]] static void products_of(Rows* rows, const Rows& x,
                                                   const std::uint8_t*& records) {
        decltype(Ops::prepare(x[0])) prepared[kColumns];
#pragma GCC unroll 2
        for (unsigned c = 0; c < kColumns; ++c)
            prepared[c] = Ops::prepare(x[c]);
#pragma GCC unroll 8
        for (unsigned other = 1; other < kRows; ++other)
            if ((other & kSet) == 0) {
                const auto factor =
                    Ops::template factor<0>(records + (other - 1) * Ops::kFactorBytes);
#pragma GCC unroll 2
                for (unsigned c = 0; c < kColumns; ++c)
                    rows[kSet + other][c] =
                        Ops::mul_add(rows[kSet + other][c], prepared[c], factor);
                // The factors of one layer may stay in registers.
                if constexpr (kLayers > 1 || kColumns == 1)
#pragma GCC unroll 2
                    for (unsigned c = 0; c < kColumns; ++c)
                        Ops::settle(rows[kSet + other][c], records);
            }
    }
};

/// What was received (turned), where kAdded with the parity computed of the known data, which `row`
/// has, times a factor: what the received parity says of the lost data.
template <class V, bool kAdded>
[[gnu::noinline]] void locate(std::uint8_t* row, const std::uint8_t* known, std::size_t size,
                              const std::uint8_t* record, OnTheWay way) {
    const auto factor = V::factor(record);
    for (std::size_t at = 0; at < size; at += V::kBytes) {
        way.ask(at);
        const std::size_t i = V::offset(at);
        auto x = V::turn(V::load(known + i));
        if constexpr (kAdded)
            x = V::add(x, V::load(row + i));
        V::store(row + i, V::mul(x, factor));
    }
}

/// A result: a row times a factor, turned.
template <class V, bool kStreamed>
[[gnu::noinline]] void finish(const std::uint8_t* row, std::uint8_t* result, std::size_t size,
                              const std::uint8_t* record, OnTheWay way) {
    const auto factor = V::factor(record);
    for (std::size_t at = 0; at < size; at += V::kBytes) {
        way.ask(at);
        const std::size_t i = V::offset(at);
        const auto x = V::turn(V::mul(V::load(row + i), factor));
        if constexpr (kStreamed)
            V::stream(result + i, x);
        else
            V::store(result + i, x);
    }
}

} // namespace codex::erasure::detail

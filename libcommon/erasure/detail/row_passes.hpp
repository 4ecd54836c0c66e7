// The layers of a pass on rows in registers, and the sums that a turn is, as templates over a
// vector type, to be instantiated with one of an anonymous namespace only; see matrix_kernel.hpp.
//
// In and Out give at(i), which gives row(q), a pointer to byte i of a row. None is inlined: loops
// that need all registers get them only in a function of their own.
#pragma once

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

    static std::size_t offset(std::size_t at) { return at; }
    static Unit zero() { return B::zero(); }
    static Unit load(const std::uint8_t* from) { return B::load(from); }
    template <bool kStreamed> static void store(std::uint8_t* to, Unit x) {
        if constexpr (kStreamed)
            B::stream(to, x);
        else
            B::store(to, x);
    }
    static Unit add(Unit a, Unit b) { return B::add(a, b); }
    static auto prepare(Unit x) { return V::prepare(x); }
    /// Computes it here, and reads the record here: compilers that move products about keep
    /// products of many rows, or factors of many, and have no registers for rows then.
    template <class Prepared>
    [[gnu::always_inline]] static Unit mul_add(Unit sum, const Prepared& x,
                                               const std::uint8_t*& records, std::size_t at) {
        sum = V::mul_add(sum, x, V::small(records + at));
        B::settle(sum, records);
        return sum;
    }
};

/// How passes compute with words of more than a byte, by any factor or, where kSmall, by those
/// below 256; buffers are in other coordinates.
template <class V, bool kSmall, bool kFromBuffers = false, bool kToBuffers = false> struct WordOps {
    using Unit = typename V::Unit;
    static constexpr std::size_t kBytes = V::kBytes;
    static constexpr std::size_t kFactorBytes = V::kFactorBytes;

    static std::size_t offset(std::size_t at) { return V::offset(at); }
    static Unit zero() { return V::zero(); }
    static Unit load(const std::uint8_t* from) {
        if constexpr (kFromBuffers)
            return V::turn(V::load(from));
        else
            return V::load(from);
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
    template <class Prepared>
    [[gnu::always_inline]] static Unit mul_add(const Unit& sum, const Prepared& x,
                                               const std::uint8_t*& records, std::size_t at) {
        if constexpr (kSmall)
            return V::mul_add(sum, x, V::small(records + at));
        else
            return V::mul_add(sum, x, V::factor(records + at));
    }
};

/// What a step of a pass treats: enough for what is computed once a step to be little.
template <class Ops> constexpr std::size_t kStepBytes = Ops::kBytes < 64 ? 64 : Ops::kBytes;

/// Calls work(cursor of in, cursor of out, i) for the Units of a step at i.
template <class Ops, class In, class Out, class Work>
[[gnu::always_inline]] inline void for_units(In in, Out out, std::size_t step, Work work) {
#pragma GCC unroll 4
    for (std::size_t unit = 0; unit < kStepBytes<Ops>; unit += Ops::kBytes) {
        const std::size_t i = Ops::offset(step + unit);
        if constexpr (std::is_same_v<Out, InPlace>) {
            const auto rows = in.at(i);
            work(rows, rows, i);
        } else {
            work(in.at(i), out.at(i), i);
        }
    }
}

/// Butterflies.
template <class Ops, unsigned kLayers> struct LayersPass {
    using Unit = typename Ops::Unit;
    static constexpr std::size_t kRows = std::size_t{1} << kLayers;

    /// skews[u]: the factors of layer u, one for each of its groups.
    template <bool kInverse, bool kStreamed, class In, class Out>
    [[gnu::noinline]] static void run(In in, Out out, std::size_t begin, std::size_t end,
                                      const std::uint8_t* const* all_skews) {
        const std::uint8_t* skews[kLayers + 1];
        for (unsigned u = 0; u < kLayers; ++u)
            skews[u] = all_skews[u];
        for (std::size_t step = begin; step < end; step += kStepBytes<Ops>)
            for_units<Ops>(in, out, step,
                           [&](auto from, auto to, std::size_t) __attribute__((always_inline)) {
                               Unit rows[kRows];
#pragma GCC unroll 16
                               for (std::size_t q = 0; q < kRows; ++q)
                                   rows[q] = Ops::load(from.row(q));
                               butterflies<kInverse, 0>(rows, skews);
#pragma GCC unroll 16
                               for (std::size_t q = 0; q < kRows; ++q)
                                   Ops::template store<kStreamed>(to.row(q), rows[q]);
                           });
    }

private:
    /// From number kNumber on: layers ascending in the inverse transform, descending in the other.
    template <bool kInverse, unsigned kNumber>
    [[gnu::always_inline]] static void butterflies(Unit* rows, const std::uint8_t** skews) {
        constexpr unsigned kPerLayer = (1U << kLayers) / 2;
        if constexpr (kNumber < kLayers * kPerLayer) {
            constexpr unsigned kOrder = kNumber / kPerLayer;
            constexpr unsigned kLayer = kInverse ? kOrder : kLayers - 1 - kOrder;
            constexpr unsigned kGroup = kNumber % kPerLayer >> kLayer;
            constexpr unsigned kX =
                (kGroup << (kLayer + 1)) + (kNumber % kPerLayer & ((1U << kLayer) - 1));
            Unit& x = rows[kX];
            Unit& y = rows[kX + (1U << kLayer)];
            if constexpr (kInverse)
                y = Ops::add(y, x);
            x = Ops::mul_add(x, Ops::prepare(y), skews[kLayer], kGroup * Ops::kFactorBytes);
            if constexpr (!kInverse)
                y = Ops::add(y, x);
            butterflies<kInverse, kNumber + 1>(rows, skews);
        }
    }
};

/// The last layers of an inverse transform and the first of a forward one at other positions, at
/// once (the turn, row_transform.hpp).
template <class Ops, unsigned kLayers> struct TurnPass {
    using Unit = typename Ops::Unit;
    static constexpr unsigned kRows = 1U << kLayers;

    /// Rows from 2^kUsed on are zeros, and not read. kAdded: `sum` is added. kLast: the sum is
    /// turned into rows; else it is what a later call adds.
    template <unsigned kUsed, bool kAdded, bool kLast, bool kStreamed, class In, class Sum,
              class Out>
    [[gnu::noinline]] static void run(In in, Sum sum, Out out, std::size_t begin, std::size_t end,
                                      const std::uint8_t* records) {
        for (std::size_t step = begin; step < end; step += kStepBytes<Ops>)
            for_units<Ops>(in, out, step,
                           [&](auto from, auto to, std::size_t i) __attribute__((always_inline)) {
                               Unit rows[kRows];
#pragma GCC unroll 8
                               for (unsigned q = 0; q < kRows; ++q)
                                   rows[q] = q < 1U << kUsed ? Ops::load(from.row(q)) : Ops::zero();
                               sums_of_supersets<kUsed>(rows);
                               products<(1U << kUsed) - 1>(rows, records);
                               if constexpr (kAdded) {
                                   const auto before = sum.at(i);
#pragma GCC unroll 8
                                   for (unsigned q = 0; q < kRows; ++q)
                                       rows[q] = Ops::add(rows[q], Ops::load(before.row(q)));
                               }
                               if constexpr (kLast)
                                   sums_of_supersets<kLayers>(rows);
#pragma GCC unroll 8
                               for (unsigned q = 0; q < kRows; ++q)
                                   Ops::template store<kStreamed>(to.row(q), rows[q]);
                           });
    }

private:
    template <unsigned kBits> [[gnu::always_inline]] static void sums_of_supersets(Unit* rows) {
#pragma GCC unroll 3
        for (unsigned bit = 0; bit < kBits; ++bit)
#pragma GCC unroll 8
            for (unsigned q = 0; q < 1U << kBits; ++q)
                if ((q >> bit & 1U) == 0)
                    rows[q] = Ops::add(rows[q], rows[q + (1U << bit)]);
    }

    /// Adds to each row the products of its proper subsets, the larger sets first: what is read
    /// has not been added to.
    template <unsigned kSet>
    [[gnu::always_inline]] static void products(Unit* rows, const std::uint8_t*& records) {
        if constexpr (kSet != kRows - 1) {
            const auto x = Ops::prepare(rows[kSet]);
#pragma GCC unroll 8
            for (unsigned other = 1; other < kRows; ++other)
                if ((other & kSet) == 0)
                    rows[kSet + other] = Ops::mul_add(rows[kSet + other], x, records,
                                                      (other - 1) * Ops::kFactorBytes);
        }
        if constexpr (kSet > 0)
            products<kSet - 1>(rows, records);
    }
};

/// A row with what was received (turned), times a factor: what the received parity says of the lost
/// data, of which `row` has the parity computed of the known.
template <class V>
[[gnu::noinline]] void locate(std::uint8_t* row, const std::uint8_t* known, std::size_t size,
                              const std::uint8_t* record) {
    const auto factor = V::factor(record);
    for (std::size_t at = 0; at < size; at += V::kBytes) {
        const std::size_t i = V::offset(at);
        V::store(row + i, V::mul(V::add(V::load(row + i), V::turn(V::load(known + i))), factor));
    }
}

/// A result: a row times a factor, turned.
template <class V, bool kStreamed>
[[gnu::noinline]] void finish(const std::uint8_t* row, std::uint8_t* result, std::size_t size,
                              const std::uint8_t* record) {
    const auto factor = V::factor(record);
    for (std::size_t at = 0; at < size; at += V::kBytes) {
        const std::size_t i = V::offset(at);
        const auto x = V::turn(V::mul(V::load(row + i), factor));
        if constexpr (kStreamed)
            V::stream(result + i, x);
        else
            V::store(result + i, x);
    }
}

} // namespace codex::erasure::detail

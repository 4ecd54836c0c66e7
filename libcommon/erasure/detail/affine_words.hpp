// Words of both fields in vectors with GFNI: a product is an affine map of bits. For the kernel
// files; V is a type of an anonymous namespace with a Vector and
//   load, store     any alignment
//   stream          a store past the caches, to aligned bytes; order_streams ends them
//   matrix          of 8 bytes, in every lane of 8
//   add, product (by a matrix), zero
//   settle          makes the compiler compute a vector where it stands, see row_passes.hpp
// What derives from these adds kTileRows and kTileColumns, and how many layers fit the registers:
// for row_transform.hpp kByteLayers, of bytes, and kWordLayers, of words of GF(2^16), and, if it is
// not 1, kByteColumns, how many vectors of bytes of each row go through two layers side by side; or
// kMaxLayers for column_transform.hpp, which needs no settle.
#pragma once

#include "erasure/detail/tower.hpp"

#include <cstddef>
#include <cstdint>

namespace codex::erasure::detail {

/// Bytes, and factors that multiply each of them alike.
template <class V> struct AffineBytes {
    using ByteVector = V;
    using Vector = typename V::Vector;
    struct Small {
        Vector matrix;
    };
    static Vector prepare(Vector a) { return a; }
    static Vector mul_add(Vector sum, Vector a, Small f) {
        return V::add(sum, V::product(a, f.matrix));
    }
};

/// A vector of words.
template <class V> struct AffineGf8 : AffineBytes<V> {
    using Vector = typename V::Vector;
    struct Unit {
        Vector x;
    };
    using Prepared = Unit;
    using Factor = typename AffineBytes<V>::Small;
    using AffineBytes<V>::prepare;
    using AffineBytes<V>::mul_add;
    static constexpr std::size_t kBytes = sizeof(Vector);
    static constexpr std::size_t kFactorBytes = 8;

    static std::size_t offset(std::size_t at) { return at; }
    static Unit zero() { return {V::zero()}; }
    static Unit load(const std::uint8_t* from) { return {V::load(from)}; }
    static void store(std::uint8_t* to, Unit a) { V::store(to, a.x); }
    static void stream(std::uint8_t* to, Unit a) { V::stream(to, a.x); }
    static void order_streams() { V::order_streams(); }
    static Unit add(Unit a, Unit b) { return {V::add(a.x, b.x)}; }
    static Prepared prepare(Unit a) { return a; }
    static Factor factor(const std::uint8_t* record) { return {V::matrix(record)}; }
    static Factor small(const std::uint8_t* record) { return factor(record); }
    static Unit mul(Unit a, Factor f) { return {V::product(a.x, f.matrix)}; }
    static Unit mul_add(Unit sum, Prepared a, Factor f) { return add(sum, mul(a, f)); }

    /// Into the coordinates of the transforms and out of them; those of this field are its own.
    static Unit turn(Unit a) { return a; }
    static constexpr bool kHasSubfield = false; ///< whose factors cost less
};

/// The low bytes and the high bytes of as many words; how they are loaded and stored is left to
/// what derives from this.
template <class V> struct AffineGf16 : AffineBytes<V> {
    using Vector = typename V::Vector;
    using typename AffineBytes<V>::Small;
    using AffineBytes<V>::prepare;
    using AffineBytes<V>::mul_add;
    struct Unit {
        Vector low, high;
    };
    using Prepared = Unit;
    struct Factor {
        Vector low_low, high_low, low_high, high_high; ///< from, to
    };
    static constexpr std::size_t kFactorBytes = 32;

    static std::size_t offset(std::size_t at) { return at; }
    static Unit zero() { return {V::zero(), V::zero()}; }
    static void order_streams() { V::order_streams(); }
    static Unit add(Unit a, Unit b) { return {V::add(a.low, b.low), V::add(a.high, b.high)}; }
    static Prepared prepare(Unit a) { return a; }
    static Factor factor(const std::uint8_t* record) {
        return {V::matrix(record), V::matrix(record + 8), V::matrix(record + 16),
                V::matrix(record + 24)};
    }
    static Unit mul(Unit a, Factor f) {
        return {V::add(V::product(a.low, f.low_low), V::product(a.high, f.high_low)),
                V::add(V::product(a.low, f.low_high), V::product(a.high, f.high_high))};
    }
    static Unit mul_add(Unit sum, Prepared a, Factor f) { return add(sum, mul(a, f)); }

    /// Into the coordinates of tower.hpp and out of them, where a factor below 256 is a Small one.
    static Unit turn(Unit a) {
        return {V::add(a.low, V::product(a.high, V::matrix(kTower.matrix))), a.high};
    }
    static constexpr bool kHasSubfield = true;
    static Small small(const std::uint8_t* record) { return {V::matrix(record)}; }
    static Unit mul_add(Unit sum, Prepared a, Small f) {
        return {V::add(sum.low, V::product(a.low, f.matrix)),
                V::add(sum.high, V::product(a.high, f.matrix))};
    }
};

} // namespace codex::erasure::detail

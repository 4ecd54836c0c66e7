// Words of both fields in vectors whose instructions look up bytes: a product is the sum of those
// of its nibbles. For the kernel files; V is a type of an anonymous namespace with a Vector and
//   load, store     any alignment
//   stream          a store past the caches, to aligned bytes; order_streams ends them
//   table           16 bytes, in every lane of 16
//   low, high       the nibbles of each byte
//   add, look_up, zero
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
template <class V> struct NibbleBytes {
    using ByteVector = V;
    using Vector = typename V::Vector;
    struct PreparedBytes {
        Vector low, high;
    };
    struct Small {
        Vector low, high;
    };
    static PreparedBytes prepare(Vector a) { return {V::low(a), V::high(a)}; }
    static Vector mul_add(Vector sum, PreparedBytes a, Small f) {
        return V::add(sum, V::add(V::look_up(f.low, a.low), V::look_up(f.high, a.high)));
    }
};

/// A vector of words.
template <class V> struct NibbleGf8 : NibbleBytes<V> {
    using Vector = typename V::Vector;
    struct Unit {
        Vector x;
    };
    using Prepared = typename NibbleBytes<V>::PreparedBytes;
    using Factor = typename NibbleBytes<V>::Small;
    using NibbleBytes<V>::prepare;
    using NibbleBytes<V>::mul_add;
    static constexpr std::size_t kBytes = sizeof(Vector);
    static constexpr std::size_t kFactorBytes = 32;

    static std::size_t offset(std::size_t at) { return at; }
    static Unit zero() { return {V::zero()}; }
    static Unit load(const std::uint8_t* from) { return {V::load(from)}; }
    static void store(std::uint8_t* to, Unit a) { V::store(to, a.x); }
    static void stream(std::uint8_t* to, Unit a) { V::stream(to, a.x); }
    static void order_streams() { V::order_streams(); }
    static Unit add(Unit a, Unit b) { return {V::add(a.x, b.x)}; }
    static Prepared prepare(Unit a) { return {V::low(a.x), V::high(a.x)}; }
    static Factor factor(const std::uint8_t* record) {
        return {V::table(record), V::table(record + 16)};
    }
    static Factor small(const std::uint8_t* record) { return factor(record); }
    static Unit mul_add(Unit sum, Prepared a, Factor f) { return {mul_add(sum.x, a, f)}; }
    static Unit mul(Unit a, Factor f) { return mul_add(zero(), prepare(a), f); }

    /// Into the coordinates of the transforms and out of them; those of this field are its own.
    static Unit turn(Unit a) { return a; }
    static constexpr bool kHasSubfield = false; ///< whose factors cost less
};

/// The low bytes and the high bytes of as many words.
template <class V> struct NibbleGf16 : NibbleBytes<V> {
    using Vector = typename V::Vector;
    using typename NibbleBytes<V>::Small;
    using NibbleBytes<V>::prepare;
    using NibbleBytes<V>::mul_add;
    struct Unit {
        Vector low, high;
    };
    struct Prepared {
        Vector nibbles[4];
    };
    using Factor = const std::uint8_t*;
    static constexpr std::size_t kBytes = 2 * sizeof(Vector);
    static constexpr std::size_t kFactorBytes = 128;

    /// A chunk has its low bytes first; shorter vectors have two columns of it, its words 0-15 and
    /// 16-31.
    static std::size_t offset(std::size_t at) {
        return kBytes == 64 ? at : (at & ~std::size_t{63}) | (at & 32) / 2;
    }
    static Unit zero() { return {V::zero(), V::zero()}; }
    static Unit load(const std::uint8_t* from) { return {V::load(from), V::load(from + 32)}; }
    static void store(std::uint8_t* to, Unit a) {
        V::store(to, a.low);
        V::store(to + 32, a.high);
    }
    static void stream(std::uint8_t* to, Unit a) {
        V::stream(to, a.low);
        V::stream(to + 32, a.high);
    }
    static void order_streams() { V::order_streams(); }
    static Unit add(Unit a, Unit b) { return {V::add(a.low, b.low), V::add(a.high, b.high)}; }
    static Prepared prepare(Unit a) {
        return {{V::low(a.low), V::high(a.low), V::low(a.high), V::high(a.high)}};
    }
    static Factor factor(const std::uint8_t* record) { return record; }
    static Unit mul_add(Unit sum, Prepared a, Factor f) {
#pragma GCC unroll 4
        for (int n = 0; n < 4; ++n) {
            sum.low = V::add(sum.low, V::look_up(V::table(f + 32 * n), a.nibbles[n]));
            sum.high = V::add(sum.high, V::look_up(V::table(f + 32 * n + 16), a.nibbles[n]));
        }
        return sum;
    }
    static Unit mul(Unit a, Factor f) { return mul_add(zero(), prepare(a), f); }

    /// Into the coordinates of tower.hpp and out of them, where a factor below 256 is a Small one.
    static Unit turn(Unit a) {
        a.low = V::add(a.low, V::look_up(V::table(kTower.nibbles), V::low(a.high)));
        a.low = V::add(a.low, V::look_up(V::table(kTower.nibbles + 16), V::high(a.high)));
        return a;
    }
    static constexpr bool kHasSubfield = true;
    static Small small(const std::uint8_t* record) {
        return {V::table(record), V::table(record + 32)};
    }
    static Unit mul_add(Unit sum, Prepared a, Small f) {
        return {mul_add(sum.low, {a.nibbles[0], a.nibbles[1]}, f),
                mul_add(sum.high, {a.nibbles[2], a.nibbles[3]}, f)};
    }
};

} // namespace codex::erasure::detail

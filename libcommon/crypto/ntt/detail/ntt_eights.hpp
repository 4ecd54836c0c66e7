// The three smallest layers of a transform at once, over any type V of elements: one, or several
// from as many blocks of eight. Of their twelve products seven are with one.
//
// V has sum, difference<k>(a, b) = a - b + k p, times(a, twiddle), and reduced(). kProduct is a
// whole number not below what products are below, P, both in units of p. Elements from memory are
// below p; what times() takes is below 4, 2 + P and P + kProduct, and what reduced() takes below 8
// and below 2 + P + 2 kProduct.
#pragma once

#include <cstddef>
#include <cstdint>

namespace codex::crypto::eights {

/// Powers 1 to 3 of the root of order eight, as V takes them.
template <class V> struct Roots {
    typename V::Twiddle power[3];
};

/// Natural order in, bit-reversed order out.
template <class V> inline void dif(V (&x)[8], const Roots<V>& roots) {
    constexpr unsigned kP = V::kProduct;
    const V s0 = V::sum(x[0], x[4]);
    const V s1 = V::sum(x[1], x[5]);
    const V s2 = V::sum(x[2], x[6]);
    const V s3 = V::sum(x[3], x[7]);
    const V d0 = V::template difference<1>(x[0], x[4]);
    const V d1 = V::times(V::template difference<1>(x[1], x[5]), roots.power[0]);
    const V d2 = V::times(V::template difference<1>(x[2], x[6]), roots.power[1]);
    const V d3 = V::times(V::template difference<1>(x[3], x[7]), roots.power[2]);
    const V t0 = V::sum(s0, s2);
    const V t1 = V::sum(s1, s3);
    const V t2 = V::template difference<2>(s0, s2);
    const V t3 = V::times(V::template difference<2>(s1, s3), roots.power[1]);
    const V u0 = V::sum(d0, d2);
    const V u1 = V::sum(d1, d3);
    const V u2 = V::template difference<kP>(d0, d2);
    const V u3 = V::times(V::template difference<kP>(d1, d3), roots.power[1]);
    x[0] = V::sum(t0, t1).reduced();
    x[1] = V::template difference<4>(t0, t1).reduced();
    x[2] = V::sum(t2, t3).reduced();
    x[3] = V::template difference<kP>(t2, t3).reduced();
    x[4] = V::sum(u0, u1).reduced();
    x[5] = V::template difference<2 * kP>(u0, u1).reduced();
    x[6] = V::sum(u2, u3).reduced();
    x[7] = V::template difference<kP>(u2, u3).reduced();
}

/// Bit-reversed order in, natural order out.
template <class V> inline void dit(V (&x)[8], const Roots<V>& roots) {
    constexpr unsigned kP = V::kProduct;
    V y[8];
    for (std::size_t half = 0; half < 8; half += 4) {
        const V s0 = V::sum(x[half], x[half + 1]);
        const V d0 = V::template difference<1>(x[half], x[half + 1]);
        const V s1 = V::sum(x[half + 2], x[half + 3]);
        const V d1 = V::times(V::template difference<1>(x[half + 2], x[half + 3]), roots.power[1]);
        y[half] = V::sum(s0, s1);
        y[half + 1] = V::sum(d0, d1);
        y[half + 2] = V::template difference<2>(s0, s1);
        y[half + 3] = V::template difference<kP>(d0, d1);
    }
    x[0] = V::sum(y[0], y[4]).reduced();
    x[4] = V::template difference<4>(y[0], y[4]).reduced();
    for (std::size_t j = 1; j < 4; ++j) {
        const V product = V::times(y[4 + j], roots.power[j - 1]);
        x[j] = V::sum(y[j], product).reduced();
        x[4 + j] = V::template difference<kP>(y[j], product).reduced();
    }
}

/// `layers`, one of those two, over `count` elements of four words each, a multiple of 8 V::kLanes.
/// V::load and V::store take elements `stride` words apart.
template <class V, class Layers>
inline void each(std::uint64_t* values, std::size_t count, const Layers& layers) {
    constexpr std::size_t kWords = 4;
    constexpr std::size_t kStride = 8 * kWords;
    for (std::size_t at = 0; at < count; at += 8 * V::kLanes) {
        V x[8];
        for (std::size_t j = 0; j < 8; ++j)
            x[j] = V::load(values + kWords * (at + j), kStride);
        layers(x);
        for (std::size_t j = 0; j < 8; ++j)
            x[j].store(values + kWords * (at + j), kStride);
    }
}

} // namespace codex::crypto::eights

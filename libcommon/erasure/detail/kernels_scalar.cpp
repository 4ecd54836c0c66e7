// The kernels in plain C++, for processors without a file of their own.
#include "erasure/detail/kernel_set.hpp"
#include "erasure/detail/tower.hpp"

#include <cstring>

namespace codex::erasure::detail {

namespace {

/// Sixteen bytes, side by side: the compiler has registers for them, or makes them of smaller ones.
using Bytes16 = std::uint8_t __attribute__((vector_size(16)));

/// One chunk of 64 bytes.
struct Chunk {
    Bytes16 parts[4];
};

/// Adds to `sum` the bytes of `x` times a constant, bit by bit: where a bit is set, the product of
/// that bit, of which there are those of four bits at `nibble` + 1, 2, 4 and 8, and of the other
/// four 16 * kBytes on. That takes less time than looking up each byte.
template <std::size_t kBytes>
inline void add_product(Bytes16& sum, Bytes16 x, const std::uint8_t* nibble) {
#pragma GCC unroll 8
    for (unsigned bit = 0; bit < 8; ++bit) {
        const std::uint8_t product = nibble[(bit / 4) * 16 * kBytes + (1U << bit % 4)];
        const Bytes16 mask = (x & static_cast<std::uint8_t>(1U << bit)) != 0;
        sum ^= mask & product;
    }
}

struct Scalar {
    using Unit = Chunk;
    using Prepared = Chunk;
    using Factor = const std::uint8_t*;
    static constexpr std::size_t kBytes = 64;
    static constexpr unsigned kTileRows = 1;
    static constexpr unsigned kTileColumns = 1;
    static constexpr unsigned kMaxLayers = 2;
    static constexpr unsigned kLoadedLayers = 3;

    static std::size_t offset(std::size_t at) { return at; }
    static Unit zero() { return {}; }
    static Unit load(const std::uint8_t* from) {
        Unit x;
        std::memcpy(&x, from, sizeof x);
        return x;
    }
    static void store(std::uint8_t* to, const Unit& x) { std::memcpy(to, &x, sizeof x); }
    static void stream(std::uint8_t* to, const Unit& x) { store(to, x); }
    static void order_streams() {}
    static Unit add(Unit a, const Unit& b) {
        for (std::size_t i = 0; i < 4; ++i)
            a.parts[i] ^= b.parts[i];
        return a;
    }
    static const Prepared& prepare(const Unit& x) { return x; }
    static Factor factor(const std::uint8_t* record) { return record; }
};

struct Gf8 : Scalar {
    static constexpr std::size_t kFactorBytes = 32;
    static Unit mul_add(Unit sum, const Prepared& x, Factor f) {
        for (std::size_t i = 0; i < 4; ++i)
            add_product<1>(sum.parts[i], x.parts[i], f);
        return sum;
    }
    static Unit mul(const Unit& x, Factor f) { return mul_add({}, x, f); }

    /// Into the coordinates of the transforms and out of them; those of this field are its own.
    static const Unit& turn(const Unit& x) { return x; }
    static constexpr bool kHasSubfield = false; ///< whose factors cost less
};

/// The low bytes of a chunk are in its first half.
struct Gf16 : Scalar {
    static constexpr std::size_t kFactorBytes = 128;
    static Unit mul_add(Unit sum, const Prepared& x, Factor f) {
        for (std::size_t i = 0; i < 2; ++i)
            for (std::size_t from = 0; from < 2; ++from)
                for (std::size_t to = 0; to < 2; ++to)
                    add_product<2>(sum.parts[2 * to + i], x.parts[2 * from + i],
                                   f + 64 * from + 16 * to);
        return sum;
    }
    static Unit mul(const Unit& x, Factor f) { return mul_add({}, x, f); }

    /// Into the coordinates of tower.hpp and out of them, where a factor below 256 is a Small one.
    static Unit turn(Unit x) {
        for (std::size_t i = 0; i < 2; ++i)
            add_product<1>(x.parts[i], x.parts[i + 2], kTower.nibbles);
        return x;
    }
    static constexpr bool kHasSubfield = true;
    struct Small {
        const std::uint8_t* record;
    };
    static Small small(const std::uint8_t* record) { return {record}; }
    static Unit mul_add(Unit sum, const Prepared& x, Small f) {
        for (std::size_t i = 0; i < 4; ++i)
            add_product<2>(sum.parts[i], x.parts[i], f.record);
        return sum;
    }
};

} // namespace

constinit const KernelSet kScalarKernels = kernel_set<Gf8, Gf16>("scalar", FactorForm::nibbles, 1);

} // namespace codex::erasure::detail

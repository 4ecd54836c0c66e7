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

/// For each bit of sixteen bytes, which of them have it set.
struct Masks {
    Bytes16 of[8];
};

inline Masks masks(Bytes16 x) {
    Masks found;
#pragma GCC unroll 8
    for (unsigned bit = 0; bit < 8; ++bit)
        found.of[bit] = (x & static_cast<std::uint8_t>(1U << bit)) != 0;
    return found;
}

/// Adds to `sum` the bytes of `x` times a constant, bit by bit: where a bit is set, the product of
/// that bit, of which there are those of four bits at `nibble` + 1, 2, 4 and 8, and of the other
/// four 16 * kBytes on. That takes less time than looking up each byte.
template <std::size_t kBytes>
inline Bytes16 add_product(Bytes16 sum, const Masks& x, const std::uint8_t* nibble) {
#pragma GCC unroll 8
    for (unsigned bit = 0; bit < 8; ++bit)
        sum ^= x.of[bit] & nibble[(bit / 4) * 16 * kBytes + (1U << bit % 4)];
    return sum;
}

struct Scalar {
    using Unit = Chunk;
    struct Prepared {
        Masks parts[4];
    };
    using Factor = const std::uint8_t*;
    static constexpr std::size_t kBytes = 64;
    static constexpr unsigned kTileRows = 1;
    static constexpr unsigned kTileColumns = 1;
    static constexpr unsigned kByteLayers = 2;
    static constexpr unsigned kWordLayers = 2;

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
    static Prepared prepare(const Unit& x) {
        Prepared found;
        for (std::size_t i = 0; i < 4; ++i)
            found.parts[i] = masks(x.parts[i]);
        return found;
    }
    static Factor factor(const std::uint8_t* record) { return record; }

    /// Bytes, and factors that multiply each of them alike.
    struct ByteVector {
        using Vector = Bytes16;
        static Vector zero() { return Vector{}; }
        static Vector load(const std::uint8_t* from) {
            Vector x;
            std::memcpy(&x, from, sizeof x);
            return x;
        }
        static void store(std::uint8_t* to, Vector x) { std::memcpy(to, &x, sizeof x); }
        static void stream(std::uint8_t* to, Vector x) { store(to, x); }
        /// See row_passes.hpp.
        static void settle([[maybe_unused]] Vector& x, [[maybe_unused]] const std::uint8_t*& p) {
#if defined(__x86_64__)
            __asm__ volatile("" : "+x"(x), "+r"(p));
#endif
        }
        static Vector add(Vector a, Vector b) { return a ^ b; }
    };
    static Masks prepare(Bytes16 x) { return masks(x); }
    struct Small {
        const std::uint8_t* record;
    };
    static Small small(const std::uint8_t* record) { return {record}; }
};

struct Gf8 : Scalar {
    static constexpr std::size_t kFactorBytes = 32;
    static Unit mul_add(Unit sum, const Prepared& x, Factor f) {
        for (std::size_t i = 0; i < 4; ++i)
            sum.parts[i] = add_product<1>(sum.parts[i], x.parts[i], f);
        return sum;
    }
    static Unit mul(const Unit& x, Factor f) { return mul_add({}, prepare(x), f); }

    /// Into the coordinates of the transforms and out of them; those of this field are its own.
    static const Unit& turn(const Unit& x) { return x; }
    static constexpr bool kHasSubfield = false; ///< whose factors cost less
    static Bytes16 mul_add(Bytes16 sum, const Masks& x, Small f) {
        return add_product<1>(sum, x, f.record);
    }
};

/// The low bytes of a chunk are in its first half.
struct Gf16 : Scalar {
    static constexpr std::size_t kFactorBytes = 128;
    static Unit mul_add(Unit sum, const Prepared& x, Factor f) {
        for (std::size_t i = 0; i < 2; ++i)
            for (std::size_t from = 0; from < 2; ++from)
                for (std::size_t to = 0; to < 2; ++to)
                    sum.parts[2 * to + i] = add_product<2>(
                        sum.parts[2 * to + i], x.parts[2 * from + i], f + 64 * from + 16 * to);
        return sum;
    }
    static Unit mul(const Unit& x, Factor f) { return mul_add({}, prepare(x), f); }

    /// Into the coordinates of tower.hpp and out of them, where a factor below 256 is a Small one.
    static Unit turn(Unit x) {
        for (std::size_t i = 0; i < 2; ++i)
            x.parts[i] = add_product<1>(x.parts[i], masks(x.parts[i + 2]), kTower.nibbles);
        return x;
    }
    static constexpr bool kHasSubfield = true;
    static Bytes16 mul_add(Bytes16 sum, const Masks& x, Small f) {
        return add_product<2>(sum, x, f.record);
    }
    static Unit mul_add(Unit sum, const Prepared& x, Small f) {
        for (std::size_t i = 0; i < 4; ++i)
            sum.parts[i] = mul_add(sum.parts[i], x.parts[i], f);
        return sum;
    }
};

} // namespace

constinit const KernelSet kScalarKernels =
    kernel_set<Gf8, Gf16>("scalar", FactorForm::nibbles, 0.35);

} // namespace codex::erasure::detail

// The kernels in plain C++, for processors without a file of their own.
#include "erasure/detail/kernel_set.hpp"

#include <cstring>

namespace codex::erasure::detail {

namespace {

/// One chunk of 64 bytes.
struct Chunk {
    std::uint8_t bytes[64];
};

struct Scalar {
    using Unit = Chunk;
    using Prepared = Chunk;
    static constexpr std::size_t kBytes = 64;
    static constexpr unsigned kTileRows = 1;
    static constexpr unsigned kTileColumns = 1;
    static constexpr unsigned kMaxLayers = 2;

    static std::size_t offset(std::size_t at) { return at; }
    static Unit zero() { return {}; }
    static Unit load(const std::uint8_t* from) {
        Unit x;
        std::memcpy(x.bytes, from, sizeof x.bytes);
        return x;
    }
    static void store(std::uint8_t* to, const Unit& x) { std::memcpy(to, x.bytes, sizeof x.bytes); }
    static void stream(std::uint8_t* to, const Unit& x) { store(to, x); }
    static void order_streams() {}
    static Unit add(Unit a, const Unit& b) {
        for (std::size_t i = 0; i < 64; ++i)
            a.bytes[i] ^= b.bytes[i];
        return a;
    }
    static const Prepared& prepare(const Unit& x) { return x; }
    static const std::uint8_t* factor(const std::uint8_t* record) { return record; }
};

struct Gf8 : Scalar {
    static constexpr std::size_t kFactorBytes = 32;
    static Unit mul_add(Unit sum, const Prepared& x, const std::uint8_t* f) {
        for (std::size_t i = 0; i < 64; ++i)
            sum.bytes[i] ^=
                static_cast<std::uint8_t>(f[x.bytes[i] & 15] ^ f[16 + (x.bytes[i] >> 4)]);
        return sum;
    }
    static Unit mul(const Unit& x, const std::uint8_t* f) { return mul_add({}, x, f); }
};

struct Gf16 : Scalar {
    static constexpr std::size_t kFactorBytes = 128;
    static Unit mul_add(Unit sum, const Prepared& x, const std::uint8_t* f) {
        for (std::size_t i = 0; i < 32; ++i) {
            const int nibbles[4] = {x.bytes[i] & 15, x.bytes[i] >> 4, x.bytes[i + 32] & 15,
                                    x.bytes[i + 32] >> 4};
            for (int n = 0; n < 4; ++n) {
                sum.bytes[i] ^= f[32 * n + nibbles[n]];
                sum.bytes[i + 32] ^= f[32 * n + 16 + nibbles[n]];
            }
        }
        return sum;
    }
    static Unit mul(const Unit& x, const std::uint8_t* f) { return mul_add({}, x, f); }
};

} // namespace

constinit const KernelSet kScalarKernels = kernel_set<Gf8, Gf16>("scalar", FactorForm::nibbles, 1);

} // namespace codex::erasure::detail

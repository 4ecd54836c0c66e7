// Scalars and points from a seed, exactly as iden3's ffjavascript draws them, so that everybody
// derives the same ones: ceremonies hash transcripts to G2, and make a beacon's secret, in this
// way.
#pragma once

#include "crypto/curve/curve.hpp"

#include <array>

namespace codex::crypto {

/// The words of ChaCha20's key stream (20 rounds, counter and nonce from zero, the counter running
/// through all 128 bits), and what is drawn from them. Wiped at the end.
/// Threads: one at a time.
class SeedStream {
public:
    /// The key is eight words, taken big-endian from `seed`.
    explicit SeedStream(const Digest& seed);
    ~SeedStream();
    SeedStream(const SeedStream&) = delete;
    SeedStream& operator=(const SeedStream&) = delete;

    [[nodiscard]] std::uint32_t next_word();
    /// Uniform. The time tells only how many draws were too large.
    [[nodiscard]] Fr next_scalar();
    /// A point of the group of order r, uniform, whose logarithm nobody knows. For public points.
    [[nodiscard]] G1 next_g1();
    [[nodiscard]] G2 next_g2();

private:
    template <class F> [[nodiscard]] F next_field();
    void refill();

    std::array<std::uint32_t, 16> state_;
    std::array<std::uint32_t, 16> block_{};
    std::size_t used_ = 16;
};

} // namespace codex::crypto

// What tests of the fields and groups share.
#pragma once

#include "crypto/curve/curve.hpp"
#include "vectors.hpp"

#include <gtest/gtest.h>

namespace codex::crypto::test {

inline Fr random_fr(std::mt19937_64& random) {
    const Bytes bytes = codex::test::random_bytes(random, 32);
    return Fr::from_bytes_reduced(std::span<const std::uint8_t, 32>(bytes));
}

/// The generator of the group whose points have coordinates in F.
template <class F> Affine<F> generator() {
    if constexpr (std::is_same_v<F, Fq>)
        return g1_generator();
    else
        return g2_generator();
}

using CoordinateFields = testing::Types<Fq, Fq2>;

} // namespace codex::crypto::test

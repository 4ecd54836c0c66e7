// One scalar times many points of G1, compiled for each instruction set. Plain types only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace codex::crypto::detail {

/// Windows of 4 bits over 128.
constexpr std::size_t kScaleRounds = 32;

/// k = k1 + k2 * lambda with lambda * (x, y) = (beta x, y) and |k1|, |k2| < 2^127, each as
/// sign * (16^32 + sum over rounds of 16^(31-round) * digit - even), all digits odd, |digit| < 16.
struct ScalePlan {
    struct Half {
        std::uint8_t index[kScaleRounds];    ///< digit = +-(2 index + 1)
        std::uint8_t negative[kScaleRounds]; ///< 1: the digit is negative, the sign taken in
        std::uint8_t minus;                  ///< the sign
        std::uint8_t even;
    };
    Half half[2];
};

/// `from` holds `count` affine points in the file form, 8 words each, none infinity; `to` gets
/// their multiples as (X/Z, Y/Z), 12 words each. Constant time in the plan.
using ScalePoints = void (*)(const std::uint64_t* from, std::size_t count, const ScalePlan& plan,
                             std::uint64_t* to);

void scale_points_portable(const std::uint64_t* from, std::size_t count, const ScalePlan& plan,
                           std::uint64_t* to);
#if defined(__x86_64__)
void scale_points_avx2(const std::uint64_t* from, std::size_t count, const ScalePlan& plan,
                       std::uint64_t* to);
void scale_points_ifma(const std::uint64_t* from, std::size_t count, const ScalePlan& plan,
                       std::uint64_t* to);
#endif

} // namespace codex::crypto::detail

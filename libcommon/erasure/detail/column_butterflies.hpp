// What a pass of the transforms does to rows in registers, and with which factors; templates over a
// vector type, to be instantiated with one of an anonymous namespace only, see matrix_kernel.hpp.
#pragma once

#include <cstdint>

namespace codex::erasure::detail {

/// The factors of the groups of kLayers layers: of layer u from skews[u] on.
template <class V, unsigned kLayers, bool kSmall> class GroupFactors {
public:
    [[gnu::always_inline]] explicit GroupFactors(const std::uint8_t* const* skews)
        : skews_(skews) {}
    /// A factor; where all are below 256 in a field that computes with these in less time, such.
    [[nodiscard, gnu::always_inline]] auto of(unsigned layer, unsigned group) const {
        const std::uint8_t* record = skews_[layer] + group * V::kFactorBytes;
        if constexpr (kSmall)
            return V::small(record);
        else
            return V::factor(record);
    }

private:
    const std::uint8_t* const* skews_;
};

/// The layers of a pass on rows in registers.
template <class V> struct Butterflies {
    /// All butterflies from number kNumber on: layers ascending in the inverse transform, where
    /// rows from 2^kUsed on are zeros (their content is not read), descending in the forward one,
    /// where at the origin the first factor of every layer is 0.
    template <bool kInverse, unsigned kLayers, unsigned kNumber, unsigned kUsed = kLayers,
              bool kOrigin = false, bool kSmall>
    [[gnu::always_inline]] static void run(typename V::Unit* rows,
                                           const GroupFactors<V, kLayers, kSmall>& factors) {
        constexpr unsigned kPerLayer = 1U << (kLayers - 1);
        if constexpr (kNumber < kLayers * kPerLayer) {
            constexpr unsigned kOrder = kNumber / kPerLayer;
            constexpr unsigned kLayer = kInverse ? kOrder : kLayers - 1 - kOrder;
            constexpr unsigned kGroup = kNumber % kPerLayer >> kLayer;
            constexpr unsigned kX =
                (kGroup << (kLayer + 1)) + (kNumber % kPerLayer & ((1U << kLayer) - 1));
            constexpr unsigned kLarger = kLayer < kUsed ? kUsed : kLayer;
            if constexpr (kX < 1U << kLarger) {
                typename V::Unit& x = rows[kX];
                typename V::Unit& y = rows[kX + (1U << kLayer)];
                if constexpr (kInverse && kLayer >= kUsed)
                    y = x;
                else if constexpr (kInverse)
                    y = V::add(y, x);
                if constexpr (!kOrigin || kGroup > 0)
                    x = V::mul_add(x, V::prepare(y), factors.of(kLayer, kGroup));
                if constexpr (!kInverse)
                    y = V::add(y, x);
            }
            run<kInverse, kLayers, kNumber + 1, kUsed, kOrigin>(rows, factors);
        }
    }
};

} // namespace codex::erasure::detail

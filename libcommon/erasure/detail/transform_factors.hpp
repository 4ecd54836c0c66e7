// The factors that a pass of the transforms has in registers, or at hand; a template over a vector
// type, to be instantiated with one of an anonymous namespace only, see matrix_kernel.hpp.
#pragma once

#include <cstdint>

namespace codex::erasure::detail {

/// The factors of the groups of kLayers layers. Where there are registers for them they are
/// loaded before the loop: one that stores bytes would load them again and again.
template <class V, unsigned kLayers> class GroupFactors {
public:
    [[gnu::always_inline]] explicit GroupFactors(const std::uint8_t* const* skews) : skews_(skews) {
        if constexpr (kLoaded)
#pragma GCC unroll 4
            for (unsigned u = 0; u < kLayers; ++u)
#pragma GCC unroll 8
                for (unsigned g = 0; g < 1U << (kLayers - 1 - u); ++g)
                    loaded_[first(u) + g] = V::factor(skews[u] + g * V::kFactorBytes);
    }
    [[nodiscard, gnu::always_inline]] typename V::Factor of(unsigned layer, unsigned group) const {
        if constexpr (kLoaded)
            return loaded_[first(layer) + group];
        else
            return V::factor(skews_[layer] + group * V::kFactorBytes);
    }

private:
    static constexpr bool kLoaded = kLayers <= V::kLoadedLayers;
    static constexpr unsigned first(unsigned layer) { return (1U << (kLayers - 1 - layer)) - 1; }
    const std::uint8_t* const* skews_;
    typename V::Factor loaded_[kLoaded ? (1U << kLayers) - 1 : 1];
};

} // namespace codex::erasure::detail

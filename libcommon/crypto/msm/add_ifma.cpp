// Batched affine additions with IFMA: sixteen at a time in G1, eight in G2.
#include "crypto/msm/detail/coordinate_lanes.hpp"

#include "crypto/msm/detail/add_lanes.hpp"

namespace codex::crypto::detail {

const AddKernel& g1_add_ifma() {
    static constexpr AddKernel kKernel = {"ifma", lanes::Base::kWords,
                                          lanes::add_many<lanes::Base>};
    return kKernel;
}

const AddKernel& g2_add_ifma() {
    static constexpr AddKernel kKernel = {"ifma", lanes::Quadratic::kWords,
                                          lanes::add_many<lanes::Quadratic>};
    return kKernel;
}

} // namespace codex::crypto::detail

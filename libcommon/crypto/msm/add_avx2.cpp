// Batched affine additions in lanes of doubles: eight at a time in G1, four in G2.
#include "crypto/msm/detail/coordinate_lanes4.hpp"

#include "crypto/msm/detail/add_lanes.hpp"

namespace codex::crypto::detail {

namespace {

template <class F>
void add_many(const std::uint64_t* left, const std::uint64_t* right, std::uint64_t* const* out,
              std::size_t count) {
    const f4::RoundTowardZero rounding;
    lanes::add_many<F>(left, right, out, count);
}

} // namespace

const AddKernel& g1_add_avx2() {
    static constexpr AddKernel kKernel = {"avx2", lanes4::Base::kWords, add_many<lanes4::Base>};
    return kKernel;
}

const AddKernel& g2_add_avx2() {
    static constexpr AddKernel kKernel = {"avx2", lanes4::Quadratic::kWords,
                                          add_many<lanes4::Quadratic>};
    return kKernel;
}

} // namespace codex::crypto::detail

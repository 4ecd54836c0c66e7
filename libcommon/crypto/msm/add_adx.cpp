#include "crypto/msm/detail/add_scalar.hpp"

namespace codex::crypto::detail {

const AddKernel& g1_add_adx() {
    static constexpr AddKernel kKernel = {"adx", nullptr, nullptr,
                                          ScalarAdd<field_adx::Fq>::add_pairs};
    return kKernel;
}

const AddKernel& g2_add_adx() {
    static constexpr AddKernel kKernel = {"adx", nullptr, nullptr,
                                          ScalarAdd<field_adx::Fq2>::add_pairs};
    return kKernel;
}

} // namespace codex::crypto::detail

#include "crypto/msm/detail/add_scalar.hpp"

namespace codex::crypto::detail {

const AddKernel& g1_add_adx() {
    static constexpr AddKernel kKernel = {"adx", 8, ScalarAdd<field_adx::Fq>::add_many};
    return kKernel;
}

const AddKernel& g2_add_adx() {
    static constexpr AddKernel kKernel = {"adx", 16, ScalarAdd<field_adx::Fq2>::add_many};
    return kKernel;
}

} // namespace codex::crypto::detail

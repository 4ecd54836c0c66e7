#include "crypto/msm/detail/add_scalar.hpp"

namespace codex::crypto::detail {

const AddKernel& g1_add_portable() {
    static constexpr AddKernel kKernel = {"portable", 8, ScalarAdd<field_portable::Fq>::add_many};
    return kKernel;
}

const AddKernel& g2_add_portable() {
    static constexpr AddKernel kKernel = {"portable", 16, ScalarAdd<field_portable::Fq2>::add_many};
    return kKernel;
}

} // namespace codex::crypto::detail

#include "crypto/msm/detail/add_scalar.hpp"

namespace codex::crypto::detail {

const AddKernel& g1_add_portable() {
    static constexpr AddKernel kKernel = {"portable", nullptr, nullptr,
                                          ScalarAdd<field_portable::Fq>::add_pairs};
    return kKernel;
}

const AddKernel& g2_add_portable() {
    static constexpr AddKernel kKernel = {"portable", nullptr, nullptr,
                                          ScalarAdd<field_portable::Fq2>::add_pairs};
    return kKernel;
}

} // namespace codex::crypto::detail

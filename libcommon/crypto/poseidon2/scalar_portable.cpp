#include "crypto/poseidon2/detail/scalar.hpp"

namespace codex::crypto::poseidon2::detail {

const Kernel& portable_kernel() {
    using field_portable::Scalar;
    static constexpr Kernel kKernel = {"portable",   1, 1, Scalar::permute_words, Scalar::hash_many,
                                       Scalar::pairs};
    return kKernel;
}

} // namespace codex::crypto::poseidon2::detail

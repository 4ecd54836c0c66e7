#include "crypto/ntt/detail/ntt_scalar.hpp"

namespace codex::crypto::detail {

const NttKernel& ntt_adx() {
    using field_adx::ScalarNtt;
    static constexpr NttKernel kKernel = {"adx",
                                          4,
                                          ScalarNtt::make_twiddles,
                                          ScalarNtt::dif_run,
                                          ScalarNtt::dit_run,
                                          8,
                                          ScalarNtt::dif_eights,
                                          ScalarNtt::dit_eights,
                                          ScalarNtt::multiply,
                                          ScalarNtt::multiply_subtract};
    return kKernel;
}

} // namespace codex::crypto::detail

#include "field_scalar.hpp"

namespace codex::bench {

const FieldKernel& adx_field() {
    using crypto::field_adx::ScalarField;
    static constexpr FieldKernel kKernel = {"adx", ScalarField::batch, ScalarField::chain};
    return kKernel;
}

} // namespace codex::bench

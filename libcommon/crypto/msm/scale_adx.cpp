#include "crypto/msm/detail/scale_scalar.hpp"

namespace codex::crypto::detail {

void scale_points_adx(const std::uint64_t* from, std::size_t count, const ScalePlan& plan,
                      std::uint64_t* to) {
    field_adx::scale_points(from, count, plan, to);
}

} // namespace codex::crypto::detail

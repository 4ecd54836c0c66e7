#include "crypto/curve/pairing.hpp"

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "crypto/curve/detail/pairing_kernel.hpp"

#include <algorithm>

namespace codex::crypto {

namespace {

/// From as many pairs on shared inversions are cheaper than none.
constexpr std::size_t kMany = 8;

const detail::PairingKernel& kernel() {
#if defined(__x86_64__)
    if (cpu::features().adx)
        return detail::pairing_adx();
#endif
    return detail::pairing_portable();
}

template <class T> const std::uint64_t* words(const T* values) {
    return reinterpret_cast<const std::uint64_t*>(values);
}
std::uint64_t* words(GtElement* values) {
    return reinterpret_cast<std::uint64_t*>(values);
}

void miller(std::span<const G1> ps, std::span<const G2> qs, GtElement& f, unsigned char* outside) {
    const auto loop = ps.size() < kMany ? kernel().miller_few : kernel().miller_many;
    loop(words(ps.data()), words(qs.data()), ps.size(), words(&f), outside);
}

GtElement one() {
    GtElement value{};
    value[0] = Fq::one();
    return value;
}

} // namespace

GtElement pairing_product(std::span<const G1> ps, std::span<const G2> qs) {
    CODEX_ASSERT(ps.size() == qs.size());
    std::vector<unsigned char> outside(ps.size());
    GtElement f;
    miller(ps, qs, f, outside.data());
    GtElement product;
    kernel().finish(words(&f), 1, words(&product));
    return product;
}

bool pairing_product_is_one(std::span<const G1> ps, std::span<const G2> qs) {
    return pairing_product(ps, qs) == one();
}

namespace {

CheckedProduct compare_product(std::span<const G1> ps, std::span<const G2> qs, Executor& pool,
                               const GtElement& value) {
    CODEX_ASSERT(ps.size() == qs.size());
    const std::size_t threads = ps.size() < 2 * kMany ? 1 : pool.size();
    const std::size_t part = (ps.size() + threads - 1) / threads;
    std::vector<unsigned char> outside(ps.size());
    std::vector<GtElement> values(threads);
    const auto one_part = [&](std::size_t t) {
        const std::size_t from = std::min(ps.size(), t * part);
        const std::size_t count = std::min(part, ps.size() - from);
        for (std::size_t i = from; i < from + count; ++i)
            if (ps[i].is_infinity()) // the loop leaves the pair out
                outside[i] = is_in_group(qs[i]) ? 0 : 1;
        miller(ps.subspan(from, count), qs.subspan(from, count), values[t], outside.data() + from);
    };
    pool.parallel_for(threads, one_part);
    CheckedProduct result;
    for (std::size_t i = 0; i < outside.size(); ++i)
        if (outside[i] != 0)
            result.outside.push_back(i);
    if (!result.outside.empty())
        return result;
    GtElement product;
    kernel().finish(words(values.data()), values.size(), words(&product));
    result.is_one = product == value;
    return result;
}

} // namespace

CheckedProduct checked_pairing_product(std::span<const G1> ps, std::span<const G2> qs,
                                       Executor& pool) {
    return compare_product(ps, qs, pool, one());
}

CheckedProduct checked_pairing_product_is(std::span<const G1> ps, std::span<const G2> qs,
                                          const GtElement& value) {
    return compare_product(ps, qs, Executor::caller(), value);
}

bool is_in_group(const G1& point) {
    return point.is_on_curve();
}

bool is_in_group(const G2& point) {
    return point.is_on_curve() && kernel().in_subgroup(words(&point));
}

} // namespace codex::crypto

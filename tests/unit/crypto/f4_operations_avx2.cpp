#include "f4_operations.hpp"

#include "crypto/field/detail/f4_product.hpp"

#include <cstring>

namespace codex::test {

namespace {

using namespace crypto::f4;

F4 load(const F4Limbs& from) {
    F4 value;
    for (int i = 0; i < 5; ++i)
        value.limb[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from[i]));
    return value;
}

void store(const F4& value, F4Limbs& to) {
    for (int i = 0; i < 5; ++i)
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to[i]), value.limb[i]);
}

template <class Params>
[[gnu::noinline]] void multiply(const F4Limbs& a, const F4Limbs& b, F4Limbs& to) {
    const Factor left[1] = {factor(load(a))};
    const Factor right[1] = {factor(load(b))};
    F4 product[1];
    mul<Params>(left, right, product);
    store(product[0], to);
}

[[gnu::noinline]] void multiply_sum(const F4Limbs (&factors)[4], F4Limbs& to) {
    Factor factor_of[4];
    for (int i = 0; i < 4; ++i)
        factor_of[i] = factor(load(factors[i]));
    F4 sum[1];
    mul_sums<FqLimbs52, 1>({&factor_of[0]}, {&factor_of[1]}, {&factor_of[2]}, {&factor_of[3]}, sum);
    store(sum[0], to);
}

[[gnu::noinline]] void subtract(const F4Limbs& a, const F4Limbs& b, F4Limbs& to, F4Limbs& reduced) {
    const F4 value = difference<FqLimbs52, 2>(load(a), load(b));
    store(value, to);
    store(reduce_small<FqLimbs52>(value), reduced);
}

[[gnu::noinline]] void square_one(const F4Limbs& a, F4Limbs& to) {
    const Factor root[1] = {factor(load(a))};
    F4 product[1];
    square<FrLimbs52>(root, product);
    store(product[0], to);
}

} // namespace

void f4_multiply_fr(const F4Limbs& a, const F4Limbs& b, F4Limbs& to) {
    const RoundTowardZero rounding;
    multiply<FrLimbs52>(a, b, to);
}
void f4_multiply_fq(const F4Limbs& a, const F4Limbs& b, F4Limbs& to) {
    const RoundTowardZero rounding;
    multiply<FqLimbs52>(a, b, to);
}
void f4_multiply_sum_fq(const F4Limbs& a, const F4Limbs& b, const F4Limbs& c, const F4Limbs& d,
                        F4Limbs& to) {
    F4Limbs factors[4];
    const F4Limbs* given[4] = {&a, &b, &c, &d};
    for (int i = 0; i < 4; ++i)
        std::memcpy(factors[i], *given[i], sizeof factors[i]);
    const RoundTowardZero rounding;
    multiply_sum(factors, to);
}
void f4_difference_fq(const F4Limbs& a, const F4Limbs& b, F4Limbs& difference, F4Limbs& reduced) {
    const RoundTowardZero rounding;
    subtract(a, b, difference, reduced);
}
void f4_square_fr(const F4Limbs& a, F4Limbs& to) {
    const RoundTowardZero rounding;
    square_one(a, to);
}
void f4_shrink_fr(const F4Limbs& a, F4Limbs& to) {
    store(shrink<FrLimbs52>(load(a)), to);
}
void f4_canonical_fr(const F4Limbs& a, F4Limbs& to) {
    store(canonical<FrLimbs52>(load(a)), to);
}

} // namespace codex::test

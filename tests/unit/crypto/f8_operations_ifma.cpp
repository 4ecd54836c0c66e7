#include "f8_operations.hpp"

#include "crypto/field/detail/f8_ifma.hpp"

namespace codex::test {

namespace {

using namespace crypto::ifma;

F8 load(const F8Limbs& from) {
    F8 value;
    for (int i = 0; i < 5; ++i)
        value.limb[i] = _mm512_loadu_si512(from[i]);
    return value;
}

void store(const F8& value, F8Limbs& to) {
    for (int i = 0; i < 5; ++i)
        _mm512_storeu_si512(to[i], value.limb[i]);
}

} // namespace

void f8_multiply_fr(const F8Limbs& a, const F8Limbs& b, F8Limbs& to) {
    store(mul<FrLimbs52>(load(a), load(b)), to);
}
void f8_multiply_fq(const F8Limbs& a, const F8Limbs& b, F8Limbs& to) {
    store(mul<FqLimbs52>(load(a), load(b)), to);
}
void f8_multiply_limbs_fr(const F8Limbs& a, const F8Limbs& b, F8Limbs& to) {
    const F8 left[1] = {factor(load(a))};
    const F8 right[1] = {factor(load(b))};
    F8 product[1];
    mul_limbs<FrLimbs52>(left, right, product);
    store(product[0], to);
}
void f8_square_fr(const F8Limbs& a, F8Limbs& to) {
    store(square<FrLimbs52>(load(a)), to);
}
void f8_square_limbs_fr(const F8Limbs& a, F8Limbs& to) {
    const F8 root[1] = {load(a)};
    F8 product[1];
    square_limbs<FrLimbs52>(root, product);
    store(product[0], to);
}
void f8_shrink_fr(const F8Limbs& a, F8Limbs& to) {
    store(shrink<FrLimbs52>(load(a)), to);
}
void f8_canonical_fr(const F8Limbs& a, F8Limbs& to) {
    store(canonical<FrLimbs52>(load(a)), to);
}
void f8_reduce_small_fr(const F8Limbs& a, F8Limbs& to) {
    store(reduce_small<FrLimbs52>(load(a)), to);
}
void f8_reduce_small_fq(const F8Limbs& a, F8Limbs& to) {
    store(reduce_small<FqLimbs52>(load(a)), to);
}
void f8_through_words(const F8Limbs& a, F8Limbs& to) {
    __m512i words[4];
    to_words(load(a), words);
    store(from_words(words[0], words[1], words[2], words[3]), to);
}

} // namespace codex::test

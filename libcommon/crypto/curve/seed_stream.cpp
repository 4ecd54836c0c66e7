#include "crypto/curve/seed_stream.hpp"

#include "base/endian.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <string.h> // explicit_bzero

namespace codex::crypto {

namespace {

using Block = std::array<std::uint32_t, 16>;

void quarter_round(Block& x, std::size_t a, std::size_t b, std::size_t c, std::size_t d) {
    x[a] += x[b];
    x[d] = std::rotl(x[d] ^ x[a], 16);
    x[c] += x[d];
    x[b] = std::rotl(x[b] ^ x[c], 12);
    x[a] += x[b];
    x[d] = std::rotl(x[d] ^ x[a], 8);
    x[c] += x[d];
    x[b] = std::rotl(x[b] ^ x[c], 7);
}

/// (q + 1) / 4: a to this power is a root of a, when a has one, for q = 3 mod 4.
constexpr Limbs kRootExponent = {0x4f082305b61f3f52, 0x65e05aa45a1c72a3, 0x6e14116da0605617,
                                 0x0c19139cb84c680a};
/// (q - 1) / 2.
constexpr Limbs kHalf = {0x9e10460b6c3e7ea3, 0xcbc0b548b438e546, 0xdc2822db40c0ac2e,
                         0x183227397098d014};
/// The order of the twist's group over r: 2q - r.
constexpr Limbs kG2Cofactor = {0x345f2299c0f9fa8d, 0x06ceecda572a2489, 0xb85045b68181585e,
                               0x30644e72e131a029};

std::optional<Fq> square_root(const Fq& a) {
    const Fq root = a.pow(kRootExponent);
    if (root.square() != a)
        return std::nullopt;
    return root;
}

/// By the norm: with |a|^2 = n^2, one of (c0 +- n) / 2 is the square of the root's real part.
std::optional<Fq2> square_root(const Fq2& a) {
    const std::optional<Fq> norm = square_root(a.c0.square() + a.c1.square());
    if (!norm)
        return std::nullopt;
    const Fq half = Fq::from_u64(2).inverse();
    for (const Fq& n : {*norm, -*norm}) {
        const std::optional<Fq> real = square_root((a.c0 + n) * half);
        if (!real)
            continue;
        // A root without a real part is that of -1 times a square.
        const Fq2 root = real->is_zero() ? Fq2{Fq::zero(), square_root(-a.c0).value_or(Fq::zero())}
                                         : Fq2{*real, a.c1 * (real->doubled()).inverse()};
        if (root.square() == a)
            return root;
    }
    return std::nullopt;
}

/// The larger of y and -y.
bool is_greater_half(const Fq& y) {
    const Limbs value = y.to_limbs();
    return std::lexicographical_compare(kHalf.rbegin(), kHalf.rend(), value.rbegin(), value.rend());
}
bool is_greater_half(const Fq2& y) {
    return is_greater_half(y.c1.is_zero() ? y.c0 : y.c1);
}

} // namespace

SeedStream::SeedStream(const Digest& seed)
    : state_{0x61707865, 0x3320646e, 0x79622d32, 0x6b206574} { // "expand 32-byte k"
    for (std::size_t i = 0; i < 8; ++i)
        state_[4 + i] = load_be<std::uint32_t>(seed.data() + 4 * i);
}

SeedStream::~SeedStream() {
    ::explicit_bzero(state_.data(), sizeof state_);
    ::explicit_bzero(block_.data(), sizeof block_);
}

void SeedStream::refill() {
    block_ = state_;
    for (int i = 0; i < 10; ++i) {
        quarter_round(block_, 0, 4, 8, 12);
        quarter_round(block_, 1, 5, 9, 13);
        quarter_round(block_, 2, 6, 10, 14);
        quarter_round(block_, 3, 7, 11, 15);
        quarter_round(block_, 0, 5, 10, 15);
        quarter_round(block_, 1, 6, 11, 12);
        quarter_round(block_, 2, 7, 8, 13);
        quarter_round(block_, 3, 4, 9, 14);
    }
    for (std::size_t i = 0; i < 16; ++i)
        block_[i] += state_[i];
    used_ = 0;
    for (std::size_t i = 12; i < 16; ++i)
        if (++state_[i] != 0)
            break;
}

std::uint32_t SeedStream::next_word() {
    if (used_ == block_.size())
        refill();
    return block_[used_++];
}

/// 254 bits, drawn again until they are below the modulus, taken as the Montgomery form. Words come
/// in pairs, the upper half first.
template <class F> F SeedStream::next_field() {
    Limbs value;
    do {
        for (std::uint64_t& limb : value) {
            limb = std::uint64_t{next_word()} << 32;
            limb |= next_word();
        }
        value[3] &= (std::uint64_t{1} << 62) - 1;
    } while (!F::below_modulus(value));
    const F result = F::from_montgomery(value);
    ::explicit_bzero(value.data(), sizeof value);
    return result;
}

template <> Fq2 SeedStream::next_field<Fq2>() {
    const Fq c0 = next_field<Fq>();
    return {c0, next_field<Fq>()};
}

namespace {

/// Draws x and the sign of y until there is such a point of the curve.
template <class F, class Draw, class Word> Affine<F> draw_point(Draw draw, Word word) {
    for (;;) {
        const F x = draw();
        const bool greater = (word() & 1) != 0;
        const std::optional<F> y = square_root(x.square() * x + CurveConstants<F>::b());
        if (y)
            return {x, is_greater_half(*y) == greater ? *y : -*y};
    }
}

} // namespace

Fr SeedStream::next_scalar() {
    return next_field<Fr>();
}

G1 SeedStream::next_g1() {
    return draw_point<Fq>([this] { return next_field<Fq>(); }, [this] { return next_word(); });
}

G2 SeedStream::next_g2() {
    const G2 point =
        draw_point<Fq2>([this] { return next_field<Fq2>(); }, [this] { return next_word(); });
    return G2Sum::from_affine(point).times(kG2Cofactor).to_affine();
}

} // namespace codex::crypto

// Sixteen permutations at a time: two vectors of eight lanes, so that while one waits for a
// product the other multiplies (one S-box is a chain of three dependent products).
//
// Bounds, in units of p (see f8_ifma.hpp; everything must stay below 84): an S-box takes inputs
// below 25 to outputs below 1.6, and below 8 to below 1.1. M_E multiplies by four: between external
// rounds words are below 8 with the constant, at the end below 4.4, and with the next element of a
// message (below 1.2) M_E leaves them below 24. In the internal rounds the words y and z are only
// added up: shrunk to 1.7 they reach 27 and 38, and the input of the S-box 21, two rounds later.
// Limbs are carried only in factors; between two of those they stay below 2^62.
#include "crypto/field/detail/f8_ifma.hpp"
#include "crypto/poseidon2/detail/kernels.hpp"

#include <cstring>

namespace codex::crypto::poseidon2::detail {

namespace {

using ifma::add;
using ifma::carry;
using ifma::F8;
using ifma::factor;
using ifma::FrLimbs52;
using ifma::splat;

constexpr std::size_t kVectors = 2;
constexpr std::size_t kLanes = 8 * kVectors;

struct Batch {
    F8 word[3][kVectors];
};

F8 constant(int index) {
    const std::uint64_t* c = constant_tables().words52[index];
    return {{splat(c[0]), splat(c[1]), splat(c[2]), splat(c[3]), splat(c[4])}};
}

/// The S-box of all vectors; next(v, power) adds up what it gives, with limbs not carried.
template <class Next>
CODEX_INLINE void sbox(const F8 (&word)[kVectors], const F8& round_constant, const Next& next) {
    F8 input[kVectors];
    F8 power[kVectors];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v)
        input[v] = factor(add(word[v], round_constant));
#pragma GCC unroll 2
    for (int times = 0; times < 2; ++times) {
        ifma::square_limbs<FrLimbs52>(times == 0 ? input : power, power);
#pragma GCC unroll 4
        for (std::size_t v = 0; v < kVectors; ++v)
            power[v] = factor(power[v]);
    }
    ifma::mul_limbs<FrLimbs52>(power, input, power);
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v)
        next(v, power[v]);
}

CODEX_INLINE void mix_external(Batch& batch) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
        const F8 sum = add(add(batch.word[0][v], batch.word[1][v]), batch.word[2][v]);
        for (auto& word : batch.word)
            word[v] = add(word[v], sum);
    }
}

void external_rounds(Batch& batch, int first) {
#pragma GCC unroll 1
    for (int round = first; round < first + 4; ++round) {
#pragma GCC unroll 1
        for (int i = 0; i < 3; ++i)
            sbox(batch.word[i], constant(3 * round + i),
                 [&](std::size_t v, const F8& power) { batch.word[i][v] = power; });
        mix_external(batch);
    }
}

CODEX_INLINE void internal_round(Batch& batch, int round) {
    sbox(batch.word[0], constant(24 + round), [&](std::size_t v, const F8& power) {
        F8& y = batch.word[1][v];
        F8& z = batch.word[2][v];
        const F8 sum = add(add(y, z), power);
        batch.word[0][v] = add(power, sum);
        y = add(y, sum);
        z = add(add(z, z), sum);
        if (round % 2 == 1) {
            y = ifma::shrink<FrLimbs52>(y);
            z = ifma::shrink<FrLimbs52>(z);
        }
    });
}

void internal_rounds(Batch& batch) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v)
        for (std::size_t w = 1; w < 3; ++w)
            batch.word[w][v] = ifma::shrink<FrLimbs52>(batch.word[w][v]);
#pragma GCC unroll 1
    for (int round = 0; round < 56; round += 2) {
        internal_round(batch, round);
        internal_round(batch, round + 1);
    }
}

void permute(Batch& batch) {
    mix_external(batch);
    external_rounds(batch, 0);
    internal_rounds(batch);
    external_rounds(batch, 4);
}

/// Standard-form words to Montgomery form.
F8 enter(__m512i w0, __m512i w1, __m512i w2, __m512i w3) {
    return ifma::mul<FrLimbs52>(ifma::from_words(w0, w1, w2, w3), splat(FrLimbs52::kSquare));
}

/// 32 bytes at base + index[lane] for eight lanes, as words.
F8 gather(const std::uint8_t* base, __m512i index) {
    const __m512i w0 = _mm512_i64gather_epi64(index, base, 1);
    const __m512i w1 = _mm512_i64gather_epi64(index, base + 8, 1);
    const __m512i w2 = _mm512_i64gather_epi64(index, base + 16, 1);
    const __m512i w3 = _mm512_i64gather_epi64(index, base + 24, 1);
    return enter(w0, w1, w2, w3);
}

/// The same, 31 bytes of the 32.
F8 gather31(const std::uint8_t* base, __m512i index) {
    const __m512i w0 = _mm512_i64gather_epi64(index, base, 1);
    const __m512i w1 = _mm512_i64gather_epi64(index, base + 8, 1);
    const __m512i w2 = _mm512_i64gather_epi64(index, base + 16, 1);
    // The last word from one byte lower, so that nothing behind the 31 bytes is touched.
    const __m512i w3 = _mm512_srli_epi64(_mm512_i64gather_epi64(index, base + 23, 1), 8);
    return enter(w0, w1, w2, w3);
}

/// Canonical standard form of eight elements, element l to `to` + 32 l.
void scatter(const F8& value, std::uint8_t* to) {
    static constexpr std::uint64_t kUnit[5] = {1, 0, 0, 0, 0};
    const F8 standard =
        ifma::canonical<FrLimbs52>(ifma::mul<FrLimbs52>(carry(value), splat(kUnit)));
    __m512i words[4];
    ifma::to_words(standard, words);
    const __m512i index = _mm512_set_epi64(224, 192, 160, 128, 96, 64, 32, 0);
    for (int i = 0; i < 4; ++i)
        _mm512_i64scatter_epi64(to + 8 * i, index, words[i], 1);
}

__m512i lane_offsets(const std::uint8_t* const* messages, const std::uint8_t* base) {
    std::int64_t offsets[8];
    for (int lane = 0; lane < 8; ++lane)
        offsets[lane] = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(messages[lane]) -
                                                  reinterpret_cast<std::uintptr_t>(base));
    return _mm512_loadu_si512(offsets);
}

/// Sixteen messages of one size.
void hash_batch(const std::uint8_t* const* messages, std::size_t size, std::uint8_t* digests) {
    const std::size_t full = size / 31; // elements of 31 message bytes; one more holds the rest
    const std::size_t count = full + 1;
    alignas(64) std::uint8_t tails[kLanes][32] = {};
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        if (size != 31 * full) // an empty message may be a null pointer
            std::memcpy(tails[lane], messages[lane] + 31 * full, size - 31 * full);
        tails[lane][size - 31 * full] = 1;
    }
    const std::uint8_t* base = messages[0];
    const __m512i offsets[kVectors] = {lane_offsets(messages, base),
                                       lane_offsets(messages + 8, base)};
    const __m512i tail_index = _mm512_set_epi64(224, 192, 160, 128, 96, 64, 32, 0);
    const auto element = [&](std::size_t index, std::size_t v) {
        if (index < full)
            return gather31(base + 31 * index, offsets[v]);
        if (index == full)
            return gather(tails[8 * v], tail_index);
        return index == count ? splat(FrLimbs52::kOne) : F8{};
    };
    Batch batch;
    std::memset(static_cast<void*>(&batch), 0, sizeof batch);
    const F8 initial =
        enter(splat(256 * 3 + 2), splat(1), _mm512_setzero_si512(), _mm512_setzero_si512());
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v)
        batch.word[2][v] = initial;
    for (std::size_t i = 0; i <= count; i += 2) {
#pragma GCC unroll 4
        for (std::size_t v = 0; v < kVectors; ++v) {
            batch.word[0][v] = add(batch.word[0][v], element(i, v));
            batch.word[1][v] = add(batch.word[1][v], element(i + 1, v));
        }
        permute(batch);
    }
    for (std::size_t v = 0; v < kVectors; ++v)
        scatter(batch.word[0][v], digests + 256 * v);
}

void hash_many(const std::uint8_t* const* messages, std::size_t count, std::size_t size,
               std::uint8_t* digests) {
    std::size_t done = 0;
    for (; done + kLanes <= count; done += kLanes)
        hash_batch(messages + done, size, digests + 32 * done);
    if (done == count)
        return;
    // A last, partial batch: its free lanes hash the last message again.
    const std::uint8_t* rest[kLanes];
    for (std::size_t lane = 0; lane < kLanes; ++lane)
        rest[lane] = messages[done + lane < count ? done + lane : count - 1];
    std::uint8_t out[kLanes * 32];
    hash_batch(rest, size, out);
    std::memcpy(digests + 32 * done, out, 32 * (count - done));
}

void pairs_batch(const std::uint8_t* nodes, std::uint64_t key, std::uint8_t* parents) {
    const __m512i index = _mm512_set_epi64(448, 384, 320, 256, 192, 128, 64, 0);
    const F8 key_element =
        enter(splat(key), _mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512());
    Batch batch;
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
        batch.word[0][v] = gather(nodes + 512 * v, index);
        batch.word[1][v] = gather(nodes + 512 * v + 32, index);
        batch.word[2][v] = key_element;
    }
    permute(batch);
    for (std::size_t v = 0; v < kVectors; ++v)
        scatter(batch.word[0][v], parents + 256 * v);
}

void pairs(const std::uint8_t* nodes, std::size_t count, std::uint64_t key, std::uint8_t* parents) {
    std::size_t done = 0;
    for (; done + kLanes <= count; done += kLanes)
        pairs_batch(nodes + 64 * done, key, parents + 32 * done);
    if (done == count)
        return;
    std::uint8_t in[kLanes * 64] = {};
    std::uint8_t out[kLanes * 32];
    std::memcpy(in, nodes + 64 * done, 64 * (count - done));
    pairs_batch(in, key, out);
    std::memcpy(parents + 32 * done, out, 32 * (count - done));
}

} // namespace

const Kernel& ifma_kernel() {
    static constexpr Kernel kKernel = {"ifma", kLanes, 4, nullptr, hash_many, pairs};
    return kKernel;
}

} // namespace codex::crypto::poseidon2::detail

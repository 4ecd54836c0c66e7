// Eight permutations at a time: two vectors of four lanes, so that while one waits for a product
// the other multiplies (one S-box is a chain of three dependent products). A third vector gives 3
// percent more, and fits fewer trees; a fourth takes half of it away, in registers that are written
// out.
//
// Bounds, in units of p (see f4_product.hpp; everything must stay below 84, and the product of x
// and y is below 2.24 + xy/84): an S-box takes inputs below 49.2 to outputs below 10.3, below 42.2
// to below 6.7, below 27.8 to below 3.6, below 26 to below 3.33, below 14.4 to below 2.68 and below
// 11.8 to below 2.58. M_E multiplies by four, and a constant adds one, so from 49.2 on the inputs
// of external rounds are below 42.2, 27.8 and 15.4, and behind the internal ones, from 26 on, below
// 14.4, 11.8 and 11.4; at the end words are below 10.3. With the next element of a message, below
// 2.31, M_E leaves them below 48.2. In the internal rounds the words y and z are only added up:
// shrunk to 1.7 they reach 30 and 42, and the input of the S-box 26, two rounds later. Limbs are
// carried only in factors; between two of those they stay below 2^62.
#include "crypto/field/detail/f4_product.hpp"
#include "crypto/poseidon2/detail/kernels.hpp"

#include <cstring>

namespace codex::crypto::poseidon2::detail {

namespace {

using f4::add;
using f4::carry;
using f4::F4;
using f4::Factor;
using f4::FrLimbs52;
using f4::splat;

constexpr std::size_t kVectors = 2;
constexpr std::size_t kLanes = 4 * kVectors;

struct Batch {
    F4 word[3][kVectors];
};

F4 constant(const ConstantTables& tables, int index) {
    return splat(tables.words52[index]);
}

/// The S-box of all vectors; next(v, power) adds up what it gives, with limbs not carried.
template <class Next>
CODEX_INLINE void sbox(const F4 (&word)[kVectors], const F4& round_constant, const Next& next) {
    Factor input[kVectors];
    Factor raised[kVectors];
    F4 power[kVectors];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v)
        input[v] = f4::factor(add(word[v], round_constant));
#pragma GCC unroll 2
    for (int times = 0; times < 2; ++times) {
        f4::square<FrLimbs52>(times == 0 ? input : raised, power);
#pragma GCC unroll 4
        for (std::size_t v = 0; v < kVectors; ++v)
            raised[v] = f4::factor(power[v]);
    }
    f4::mul<FrLimbs52>(raised, input, power);
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v)
        next(v, power[v]);
}

CODEX_INLINE void mix_external(Batch& batch) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
        const F4 sum = add(add(batch.word[0][v], batch.word[1][v]), batch.word[2][v]);
        for (auto& word : batch.word)
            word[v] = add(word[v], sum);
    }
}

[[gnu::noinline]] void external_rounds(const ConstantTables& tables, Batch& batch, int first) {
#pragma GCC unroll 1
    for (int round = first; round < first + 4; ++round) {
#pragma GCC unroll 1
        for (int i = 0; i < 3; ++i)
            sbox(batch.word[i], constant(tables, 3 * round + i),
                 [&](std::size_t v, const F4& power) { batch.word[i][v] = power; });
        mix_external(batch);
    }
}

CODEX_INLINE void shrink(F4 (&word)[kVectors]) {
#pragma GCC unroll 4
    for (F4& value : word)
        value = f4::shrink<FrLimbs52>(value);
}

[[gnu::noinline]] void internal_rounds(const ConstantTables& tables, Batch& batch) {
    auto& [x, y, z] = batch.word;
#pragma GCC unroll 1
    for (int round = 0; round < 56; ++round) {
        if (round % 2 == 0) {
            shrink(y);
            shrink(z);
        }
        sbox(x, constant(tables, 24 + round), [&](std::size_t v, const F4& power) {
            const F4 sum = add(add(y[v], z[v]), power);
            x[v] = add(power, sum);
            y[v] = add(y[v], sum);
            z[v] = add(add(z[v], z[v]), sum);
        });
    }
    shrink(y);
    shrink(z);
}

void permute(const ConstantTables& tables, Batch& batch) {
    mix_external(batch);
    external_rounds(tables, batch, 0);
    internal_rounds(tables, batch);
    external_rounds(tables, batch, 4);
}

F4 product(const F4& a, const F4& b) {
    const Factor left[1] = {f4::factor(a)};
    const Factor right[1] = {f4::factor(b)};
    F4 result[1];
    f4::mul<FrLimbs52>(left, right, result);
    return result[0];
}

/// Standard-form words to Montgomery form, below 2.31p.
F4 enter(__m256i w0, __m256i w1, __m256i w2, __m256i w3) {
    return product(f4::from_words(w0, w1, w2, w3), splat(FrLimbs52::kSquare));
}

long long word_at(const std::uint8_t* from) {
    long long word;
    std::memcpy(&word, from, sizeof word);
    return word;
}

/// A word of four lanes, `offset` bytes from where each begins.
__m256i words_at(const std::uint8_t* const (&from)[4], std::size_t offset) {
    return _mm256_set_epi64x(word_at(from[3] + offset), word_at(from[2] + offset),
                             word_at(from[1] + offset), word_at(from[0] + offset));
}

/// 32 bytes a lane.
F4 load(const std::uint8_t* const (&from)[4]) {
    return enter(words_at(from, 0), words_at(from, 8), words_at(from, 16), words_at(from, 24));
}

/// The same, 31 bytes of the 32: the last word from one byte lower, so that nothing behind the 31
/// bytes is touched.
F4 load31(const std::uint8_t* const (&from)[4]) {
    return enter(words_at(from, 0), words_at(from, 8), words_at(from, 16),
                 _mm256_srli_epi64(words_at(from, 23), 8));
}

/// Canonical standard form of four elements, element l to `to` + 32 l.
void store(const F4& value, std::uint8_t* to) {
    static constexpr std::uint64_t kUnit[5] = {1, 0, 0, 0, 0};
    const F4 standard = f4::canonical<FrLimbs52>(carry(product(value, splat(kUnit))));
    __m256i words[4];
    f4::to_words(standard, words);
    alignas(32) std::uint64_t columns[4][4];
    for (std::size_t i = 0; i < 4; ++i)
        _mm256_store_si256(reinterpret_cast<__m256i*>(columns[i]), words[i]);
    for (std::size_t lane = 0; lane < 4; ++lane)
        for (std::size_t i = 0; i < 4; ++i)
            std::memcpy(to + 32 * lane + 8 * i, &columns[i][lane], 8);
}

/// kLanes messages of one size.
[[gnu::noinline]] void hash_batch(const ConstantTables& tables, const std::uint8_t* const* messages,
                                  std::size_t size, std::uint8_t* digests) {
    const std::size_t full = size / 31; // elements of 31 message bytes; one more holds the rest
    const std::size_t count = full + 1;
    std::uint8_t tails[kLanes][32] = {};
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        if (size != 31 * full) // an empty message may be a null pointer
            std::memcpy(tails[lane], messages[lane] + 31 * full, size - 31 * full);
        tails[lane][size - 31 * full] = 1;
    }
    const auto element = [&](std::size_t index, std::size_t v) {
        if (index > full)
            return index == count ? splat(FrLimbs52::kOne) : F4{};
        const std::uint8_t* from[4];
        for (std::size_t lane = 0; lane < 4; ++lane)
            from[lane] = index == full ? tails[4 * v + lane] : messages[4 * v + lane] + 31 * index;
        return index == full ? load(from) : load31(from);
    };
    Batch batch;
    std::memset(static_cast<void*>(&batch), 0, sizeof batch);
    const F4 initial =
        enter(splat(256 * 3 + 2), splat(1), _mm256_setzero_si256(), _mm256_setzero_si256());
    for (std::size_t v = 0; v < kVectors; ++v)
        batch.word[2][v] = initial;
    for (std::size_t i = 0; i <= count; i += 2) {
        for (std::size_t v = 0; v < kVectors; ++v) {
            batch.word[0][v] = add(batch.word[0][v], element(i, v));
            batch.word[1][v] = add(batch.word[1][v], element(i + 1, v));
        }
        permute(tables, batch);
    }
    for (std::size_t v = 0; v < kVectors; ++v)
        store(batch.word[0][v], digests + 128 * v);
}

void hash_many(const std::uint8_t* const* messages, std::size_t count, std::size_t size,
               std::uint8_t* digests) {
    const ConstantTables& tables = constant_tables();
    const f4::RoundTowardZero rounding;
    std::size_t done = 0;
    for (; done + kLanes <= count; done += kLanes)
        hash_batch(tables, messages + done, size, digests + 32 * done);
    if (done == count)
        return;
    const std::uint8_t* last[kLanes];
    std::uint8_t out[kLanes * 32];
    for (std::size_t lane = 0; lane < kLanes; ++lane)
        last[lane] = messages[done + lane < count ? done + lane : done];
    hash_batch(tables, last, size, out);
    std::memcpy(digests + 32 * done, out, 32 * (count - done));
}

/// kLanes pairs of nodes.
[[gnu::noinline]] void pairs_batch(const ConstantTables& tables, const std::uint8_t* nodes,
                                   std::uint64_t key, std::uint8_t* parents) {
    const __m256i zero = _mm256_setzero_si256();
    const F4 key_element = enter(splat(key), zero, zero, zero);
    Batch batch;
    for (std::size_t v = 0; v < kVectors; ++v) {
        for (std::size_t side = 0; side < 2; ++side) {
            const std::uint8_t* from[4];
            for (std::size_t lane = 0; lane < 4; ++lane)
                from[lane] = nodes + 64 * (4 * v + lane) + 32 * side;
            batch.word[side][v] = load(from);
        }
        batch.word[2][v] = key_element;
    }
    permute(tables, batch);
    for (std::size_t v = 0; v < kVectors; ++v)
        store(batch.word[0][v], parents + 128 * v);
}

void pairs(const std::uint8_t* nodes, std::size_t count, std::uint64_t key, std::uint8_t* parents) {
    const ConstantTables& tables = constant_tables();
    const f4::RoundTowardZero rounding;
    std::size_t done = 0;
    for (; done + kLanes <= count; done += kLanes)
        pairs_batch(tables, nodes + 64 * done, key, parents + 32 * done);
    if (done == count)
        return;
    std::uint8_t in[kLanes * 64] = {};
    std::uint8_t out[kLanes * 32];
    std::memcpy(in, nodes + 64 * done, 64 * (count - done));
    pairs_batch(tables, in, key, out);
    std::memcpy(parents + 32 * done, out, 32 * (count - done));
}

} // namespace

const Kernel& avx2_kernel() {
    static constexpr Kernel kKernel = {"avx2", kLanes, 6, nullptr, hash_many, pairs};
    return kKernel;
}

} // namespace codex::crypto::poseidon2::detail

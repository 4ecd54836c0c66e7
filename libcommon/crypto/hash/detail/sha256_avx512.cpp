// SHA-256 of 16 messages side by side: word t of all 16 in one 512-bit register.
//
// AVX-512 has what SHA-2 misses elsewhere: a rotate (vprord) and any three-input boolean function
// in one instruction (vpternlogd), so one round of 16 messages takes 17 instructions and one word
// of schedule 11.
#include "crypto/hash/detail/sha256_kernels.hpp"

#include <immintrin.h>

namespace codex::crypto::detail {

namespace {

constexpr int kLanes = 16;
/// So far ahead each message is fetched into the cache: a processor follows fewer streams by itself
/// than there are lanes. Not farther, for messages that lie one behind the other, of 64 KiB each,
/// have their lines in the same few places of a cache.
constexpr int kAheadBytes = 128;

// Truth tables for vpternlogd(x, y, z): bit (x << 2 | y << 1 | z) of the constant.
constexpr int kXor3 = 0x96;     // x ^ y ^ z
constexpr int kChoose = 0xCA;   // x ? y : z
constexpr int kMajority = 0xE8; // at least two of x, y, z

inline __m512i xor3(__m512i x, __m512i y, __m512i z) {
    return _mm512_ternarylogic_epi32(x, y, z, kXor3);
}
inline __m512i big_sigma0(__m512i x) {
    return xor3(_mm512_ror_epi32(x, 2), _mm512_ror_epi32(x, 13), _mm512_ror_epi32(x, 22));
}
inline __m512i big_sigma1(__m512i x) {
    return xor3(_mm512_ror_epi32(x, 6), _mm512_ror_epi32(x, 11), _mm512_ror_epi32(x, 25));
}
inline __m512i small_sigma0(__m512i x) {
    return xor3(_mm512_ror_epi32(x, 7), _mm512_ror_epi32(x, 18), _mm512_srli_epi32(x, 3));
}
inline __m512i small_sigma1(__m512i x) {
    return xor3(_mm512_ror_epi32(x, 17), _mm512_ror_epi32(x, 19), _mm512_srli_epi32(x, 10));
}

inline __m512i broadcast(std::uint32_t word) {
    return _mm512_set1_epi32(static_cast<int>(word));
}

/// Round t on s[0..7] = a..h, seen through an index that turns instead of the registers:
/// variable v of round t is s[(v - t) mod 8]. `words` = K + W.
inline void one_round(__m512i* s, int t, __m512i words) {
    const __m512i& a = s[(0 - t) & 7];
    const __m512i& b = s[(1 - t) & 7];
    const __m512i& c = s[(2 - t) & 7];
    __m512i& d = s[(3 - t) & 7];
    const __m512i& e = s[(4 - t) & 7];
    const __m512i& f = s[(5 - t) & 7];
    const __m512i& g = s[(6 - t) & 7];
    __m512i& h = s[(7 - t) & 7];
    const __m512i choose = _mm512_ternarylogic_epi32(e, f, g, kChoose);
    const __m512i t1 =
        _mm512_add_epi32(_mm512_add_epi32(_mm512_add_epi32(h, words), choose), big_sigma1(e));
    const __m512i majority = _mm512_ternarylogic_epi32(a, b, c, kMajority);
    d = _mm512_add_epi32(d, t1);
    h = _mm512_add_epi32(t1, _mm512_add_epi32(big_sigma0(a), majority));
}

/// Transposes 16 x 16 words.
inline void transpose(__m512i* rows) {
    __m512i pairs[16];
    __m512i quads[16];
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
        pairs[2 * i] = _mm512_unpacklo_epi32(rows[2 * i], rows[2 * i + 1]);
        pairs[2 * i + 1] = _mm512_unpackhi_epi32(rows[2 * i], rows[2 * i + 1]);
    }
    // quads[4 i + j]: word 4 q + j of rows 4 i .. 4 i + 3 in its 128-bit quarter q.
#pragma GCC unroll 4
    for (int i = 0; i < 16; i += 4) {
        quads[i] = _mm512_unpacklo_epi64(pairs[i], pairs[i + 2]);
        quads[i + 1] = _mm512_unpackhi_epi64(pairs[i], pairs[i + 2]);
        quads[i + 2] = _mm512_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
        quads[i + 3] = _mm512_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
    }
    // Then the 4 x 4 matrix of quarters, for each j.
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
        const __m512i low01 = _mm512_shuffle_i32x4(quads[j], quads[4 + j], 0x44);
        const __m512i high01 = _mm512_shuffle_i32x4(quads[j], quads[4 + j], 0xEE);
        const __m512i low23 = _mm512_shuffle_i32x4(quads[8 + j], quads[12 + j], 0x44);
        const __m512i high23 = _mm512_shuffle_i32x4(quads[8 + j], quads[12 + j], 0xEE);
        rows[j] = _mm512_shuffle_i32x4(low01, low23, 0x88);
        rows[4 + j] = _mm512_shuffle_i32x4(low01, low23, 0xDD);
        rows[8 + j] = _mm512_shuffle_i32x4(high01, high23, 0x88);
        rows[12 + j] = _mm512_shuffle_i32x4(high01, high23, 0xDD);
    }
}

inline __m512i byte_swap(__m512i words) {
    const __m512i mask =
        _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
    return _mm512_shuffle_epi8(words, mask);
}

/// One block of G groups of 16 messages from w[group][0..15] (which it uses up) into
/// s[group][0..7].
template <int G> inline void compress_block(__m512i (*s)[16], __m512i (*w)[16]) {
    __m512i saved[G][8];
    for (int g = 0; g < G; ++g)
        for (int i = 0; i < 8; ++i)
            saved[g][i] = s[g][i];
    for (int base = 0; base < 64; base += 16) {
        const std::uint32_t* k = kSha256Round.w + base;
#pragma GCC unroll 16
        for (int t = 0; t < 16; ++t) {
#pragma GCC unroll 2
            for (int g = 0; g < G; ++g) {
                one_round(s[g], t, _mm512_add_epi32(w[g][t], broadcast(k[t])));
                if (base < 48)
                    w[g][t] = _mm512_add_epi32(_mm512_add_epi32(w[g][t], w[g][(t + 9) & 15]),
                                               _mm512_add_epi32(small_sigma0(w[g][(t + 1) & 15]),
                                                                small_sigma1(w[g][(t + 14) & 15])));
            }
        }
    }
    for (int g = 0; g < G; ++g)
        for (int i = 0; i < 8; ++i)
            s[g][i] = _mm512_add_epi32(s[g][i], saved[g][i]);
}

template <int G> inline void compress_key_block(__m512i (*s)[16], const Sha256Words& table) {
    __m512i saved[G][8];
    for (int g = 0; g < G; ++g)
        for (int i = 0; i < 8; ++i)
            saved[g][i] = s[g][i];
    for (int base = 0; base < 64; base += 16) {
        const std::uint32_t* words = table.w + base;
#pragma GCC unroll 16
        for (int t = 0; t < 16; ++t)
#pragma GCC unroll 2
            for (int g = 0; g < G; ++g)
                one_round(s[g], t, broadcast(words[t]));
    }
    for (int g = 0; g < G; ++g)
        for (int i = 0; i < 8; ++i)
            s[g][i] = _mm512_add_epi32(s[g][i], saved[g][i]);
}

template <int G>
inline void compress(std::uint32_t* const* states, const std::uint8_t* const* data,
                     std::size_t blocks) {
    __m512i s[G][16];
    for (int g = 0; g < G; ++g) {
        for (int lane = 0; lane < kLanes; ++lane)
            s[g][lane] = _mm512_castsi256_si512(
                _mm256_loadu_si256(reinterpret_cast<const __m256i*>(states[16 * g + lane])));
        transpose(s[g]);
    }
    for (std::size_t offset = 0; offset < 64 * blocks; offset += 64) {
        __m512i w[G][16];
        for (int g = 0; g < G; ++g) {
#pragma GCC unroll 16
            for (int lane = 0; lane < kLanes; ++lane) {
                const std::uint8_t* const at = data[16 * g + lane] + offset;
                _mm_prefetch(reinterpret_cast<const char*>(at + kAheadBytes), _MM_HINT_T0);
                w[g][lane] = byte_swap(_mm512_loadu_si512(at));
            }
            transpose(w[g]);
        }
        compress_block<G>(s, w);
    }
    for (int g = 0; g < G; ++g) {
        for (int i = 8; i < 16; ++i)
            s[g][i] = _mm512_setzero_si512();
        transpose(s[g]);
        for (int lane = 0; lane < kLanes; ++lane)
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(states[16 * g + lane]),
                                _mm512_castsi512_si256(s[g][lane]));
    }
}

template <int G>
inline void nodes(const std::uint8_t* children, const Sha256Words& table, std::uint8_t* parents) {
    __m512i s[G][16];
    __m512i w[G][16];
    for (int g = 0; g < G; ++g) {
#pragma GCC unroll 16
        for (int lane = 0; lane < kLanes; ++lane)
            w[g][lane] = byte_swap(_mm512_loadu_si512(children + 64 * (16 * g + lane)));
        transpose(w[g]);
        for (int i = 0; i < 8; ++i)
            s[g][i] = broadcast(kSha256Initial[i]);
    }
    compress_block<G>(s, w);
    compress_key_block<G>(s, table);
    for (int g = 0; g < G; ++g) {
        for (int i = 0; i < 8; ++i)
            s[g][i] = byte_swap(s[g][i]);
        for (int i = 8; i < 16; ++i)
            s[g][i] = _mm512_setzero_si512();
        transpose(s[g]);
#pragma GCC unroll 16
        for (int lane = 0; lane < kLanes; ++lane)
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(parents + 32 * (16 * g + lane)),
                                _mm512_castsi512_si256(s[g][lane]));
    }
}

} // namespace

void sha256_compress16_avx512(std::uint32_t* const* states, const std::uint8_t* const* data,
                              std::size_t blocks) {
    compress<1>(states, data, blocks);
}
void sha256_compress32_avx512(std::uint32_t* const* states, const std::uint8_t* const* data,
                              std::size_t blocks) {
    compress<2>(states, data, blocks);
}

void sha256_nodes_avx512(const std::uint8_t* children, unsigned key, std::size_t count,
                         std::uint8_t* parents) {
    const Sha256Words& table = kSha256NodeRound[key];
    for (; count >= 2 * kLanes;
         count -= 2 * kLanes, children += 128 * kLanes, parents += 64 * kLanes)
        nodes<2>(children, table, parents);
    if (count != 0)
        nodes<1>(children, table, parents);
}

} // namespace codex::crypto::detail

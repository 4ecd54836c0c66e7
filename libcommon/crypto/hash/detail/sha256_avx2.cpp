// SHA-256 of 8 messages side by side, or of two such groups interleaved, for processors without the
// SHA extensions: word t of all 8 in one 256-bit register.
//
// There is no rotate: it is two shifts and an exclusive or, so one round of 8 messages takes 36
// instructions, one word of schedule 21, and a block 3,300 that the vector ports share: on four of
// them 830 cycles. One group does not keep them busy where such an instruction takes two cycles
// (Zen 5), as a round is a chain of five; two groups do better, although they do not fit the
// registers.
//
// A lone message has its next 8 blocks in the lanes for their schedules, which do not depend on the
// state; the rounds then go through them one after another.
#include "crypto/hash/detail/sha256_kernels.hpp"

#include <immintrin.h>

namespace codex::crypto::detail {

namespace {

constexpr int kLanes = 8;

inline __m256i add(__m256i x, __m256i y) {
    return _mm256_add_epi32(x, y);
}
inline __m256i exclusive_or(__m256i x, __m256i y) {
    return _mm256_xor_si256(x, y);
}
/// A rotation by N to the right.
template <int N> inline __m256i rotate(__m256i x) {
    return exclusive_or(_mm256_srli_epi32(x, N), _mm256_slli_epi32(x, 32 - N));
}
template <int A, int B, int C> inline __m256i big_sigma(__m256i x) {
    return exclusive_or(exclusive_or(rotate<A>(x), rotate<B>(x)), rotate<C>(x));
}
template <int A, int B, int C> inline __m256i small_sigma(__m256i x) {
    return exclusive_or(exclusive_or(rotate<A>(x), rotate<B>(x)), _mm256_srli_epi32(x, C));
}

inline __m256i broadcast(std::uint32_t word) {
    return _mm256_set1_epi32(static_cast<int>(word));
}
inline __m256i load(const void* from) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}
inline void store(void* to, __m256i value) {
    _mm256_storeu_si256(static_cast<__m256i*>(to), value);
}

/// A value as the source makes it: compilers would add the terms of sums of sums in another order,
/// so that what comes last into the chain from round to round would come first. That took a fifth
/// of the speed of two groups.
inline __m256i as_it_stands(__m256i value) {
    __asm__("" : "+x"(value));
    return value;
}

/// Round t on s[0..7] = a..h, seen through an index that turns instead of the registers:
/// variable v of round t is s[(v - t) mod 8]. `words` = K + W. `b_xor_c` goes from round to round,
/// for this one's a ^ b is the next one's b ^ c.
inline void one_round(__m256i* s, int t, __m256i words, __m256i& b_xor_c) {
    const __m256i& a = s[(0 - t) & 7];
    const __m256i& b = s[(1 - t) & 7];
    __m256i& d = s[(3 - t) & 7];
    const __m256i& e = s[(4 - t) & 7];
    const __m256i& f = s[(5 - t) & 7];
    const __m256i& g = s[(6 - t) & 7];
    __m256i& h = s[(7 - t) & 7];
    // Both terms of e ? f : g, which have no bit in common.
    const __m256i before =
        as_it_stands(add(add(add(h, words), _mm256_andnot_si256(e, g)), _mm256_and_si256(e, f)));
    const __m256i t1 = as_it_stands(add(before, as_it_stands(big_sigma<6, 11, 25>(e))));
    const __m256i a_xor_b = exclusive_or(a, b);
    const __m256i majority = exclusive_or(b, _mm256_and_si256(a_xor_b, b_xor_c));
    b_xor_c = a_xor_b;
    d = add(d, t1);
    h = add(as_it_stands(add(t1, majority)), as_it_stands(big_sigma<2, 13, 22>(a)));
}

/// Transposes 8 x 8 words.
inline void transpose(__m256i* rows) {
    __m256i pairs[8];
    __m256i quads[8];
#pragma GCC unroll 4
    for (int i = 0; i < 8; i += 2) {
        pairs[i] = _mm256_unpacklo_epi32(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm256_unpackhi_epi32(rows[i], rows[i + 1]);
    }
    // quads[4 i + j]: word 4 q + j of rows 4 i .. 4 i + 3 in its 128-bit half q.
#pragma GCC unroll 2
    for (int i = 0; i < 8; i += 4) {
        quads[i] = _mm256_unpacklo_epi64(pairs[i], pairs[i + 2]);
        quads[i + 1] = _mm256_unpackhi_epi64(pairs[i], pairs[i + 2]);
        quads[i + 2] = _mm256_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
        quads[i + 3] = _mm256_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
    }
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
        rows[j] = _mm256_permute2x128_si256(quads[j], quads[4 + j], 0x20);
        rows[4 + j] = _mm256_permute2x128_si256(quads[j], quads[4 + j], 0x31);
    }
}

inline __m256i byte_swap(__m256i words) {
    const __m256i mask =
        _mm256_broadcastsi128_si256(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
    return _mm256_shuffle_epi8(words, mask);
}

/// The 64 bytes at `offset` of each lane, as words w[0..15]. A lane's line is read in one go:
/// blocks are apart by a power of two, so their lines compete for the same places in the cache.
inline void load_block(__m256i* w, const std::uint8_t* const* data, std::size_t offset) {
#pragma GCC unroll 8
    for (int lane = 0; lane < kLanes; ++lane) {
        w[lane] = byte_swap(load(data[lane] + offset));
        w[8 + lane] = byte_swap(load(data[lane] + offset + 32));
    }
    transpose(w);
    transpose(w + 8);
}

/// Word t of the schedule becomes word t + 16.
inline void expand(__m256i* w, int t) {
    w[t] = add(add(w[t], w[(t + 9) & 15]), add(small_sigma<7, 18, 3>(w[(t + 1) & 15]),
                                               small_sigma<17, 19, 10>(w[(t + 14) & 15])));
}

/// What one block adds to the states of G groups, by 64 rounds.
template <int G> struct Added {
    __m256i before[G][8];
    __m256i b_xor_c[G];

    explicit Added(const __m256i (*s)[8]) {
#pragma GCC unroll 2
        for (int g = 0; g < G; ++g) {
#pragma GCC unroll 8
            for (int i = 0; i < 8; ++i)
                before[g][i] = s[g][i];
            b_xor_c[g] = exclusive_or(s[g][1], s[g][2]);
        }
    }
    void add_to(__m256i (*s)[8]) const {
#pragma GCC unroll 2
        for (int g = 0; g < G; ++g)
#pragma GCC unroll 8
            for (int i = 0; i < 8; ++i)
                s[g][i] = add(s[g][i], before[g][i]);
    }
};

/// One block of G groups of 8 messages from w[group][0..15] (which it uses up) into
/// s[group][0..7].
template <int G> inline void compress_block(__m256i (*s)[8], __m256i (*w)[16]) {
    Added<G> added(s);
    for (int base = 0; base < 64; base += 16) {
        const std::uint32_t* k = kSha256Round.w + base;
#pragma GCC unroll 16
        for (int t = 0; t < 16; ++t) {
#pragma GCC unroll 2
            for (int g = 0; g < G; ++g) {
                one_round(s[g], t, add(w[g][t], broadcast(k[t])), added.b_xor_c[g]);
                if (base < 48)
                    expand(w[g], t);
            }
        }
    }
    added.add_to(s);
}

/// The second block of 8 nodes: no message words of its own, only the table's.
inline void compress_key_block(__m256i (*s)[8], const Sha256Words& table) {
    Added<1> added(s);
    for (int base = 0; base < 64; base += 16) {
        const std::uint32_t* words = table.w + base;
#pragma GCC unroll 16
        for (int t = 0; t < 16; ++t)
            one_round(s[0], t, broadcast(words[t]), added.b_xor_c[0]);
    }
    added.add_to(s);
}
template <int G>
inline void compress(std::uint32_t* const* states, const std::uint8_t* const* data,
                     std::size_t blocks) {
    __m256i s[G][8];
    for (int g = 0; g < G; ++g) {
        for (int lane = 0; lane < kLanes; ++lane)
            s[g][lane] = load(states[kLanes * g + lane]);
        transpose(s[g]);
    }
    for (std::size_t offset = 0; offset < 64 * blocks; offset += 64) {
        __m256i w[G][16];
        for (int g = 0; g < G; ++g)
            load_block(w[g], data + kLanes * g, offset);
        compress_block<G>(s, w);
    }
    for (int g = 0; g < G; ++g) {
        transpose(s[g]);
        for (int lane = 0; lane < kLanes; ++lane)
            store(states[kLanes * g + lane], s[g][lane]);
    }
}

void nodes8(const std::uint8_t* children, const Sha256Words& table, std::uint8_t* parents) {
    const std::uint8_t* data[kLanes];
    for (int lane = 0; lane < kLanes; ++lane)
        data[lane] = children + 64 * lane;
    __m256i s[1][8];
    __m256i w[1][16];
    load_block(w[0], data, 0);
    for (int i = 0; i < 8; ++i)
        s[0][i] = broadcast(kSha256Initial[i]);
    compress_block<1>(s, w);
    compress_key_block(s, table);
    transpose(s[0]);
    for (int lane = 0; lane < kLanes; ++lane)
        store(parents + 32 * lane, byte_swap(s[0][lane]));
}

/// K + W of 8 consecutive blocks of a message: words[t][i] is that of round t of block i.
struct EightSchedules {
    alignas(32) std::uint32_t words[64][kLanes];

    explicit EightSchedules(const std::uint8_t* message) {
        const std::uint8_t* data[kLanes];
        for (int i = 0; i < kLanes; ++i)
            data[i] = message + 64 * i;
        __m256i w[16];
        load_block(w, data, 0);
        for (int base = 0; base < 64; base += 16) {
#pragma GCC unroll 16
            for (int t = 0; t < 16; ++t) {
                store(words[base + t], add(w[t], broadcast(kSha256Round.w[base + t])));
                if (base < 48)
                    expand(w, t);
            }
        }
    }
};

inline std::uint32_t rotate(std::uint32_t x, int n) {
    return x >> n | x << (32 - n);
}

/// As above, of one block.
inline void one_round(std::uint32_t* s, int t, std::uint32_t words, std::uint32_t& b_xor_c) {
    const std::uint32_t a = s[(0 - t) & 7];
    const std::uint32_t b = s[(1 - t) & 7];
    const std::uint32_t e = s[(4 - t) & 7];
    const std::uint32_t f = s[(5 - t) & 7];
    const std::uint32_t g = s[(6 - t) & 7];
    std::uint32_t& h = s[(7 - t) & 7];
    h += words;
    h += (e & f) + (~e & g);
    h += rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    s[(3 - t) & 7] += h;
    const std::uint32_t a_xor_b = a ^ b;
    h += b ^ (a_xor_b & b_xor_c);
    b_xor_c = a_xor_b;
    h += rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
}

void compress_block(std::uint32_t* state, const EightSchedules& schedules, int block) {
    std::uint32_t s[8];
    for (int i = 0; i < 8; ++i)
        s[i] = state[i];
    std::uint32_t b_xor_c = s[1] ^ s[2];
    for (int base = 0; base < 64; base += 8)
#pragma GCC unroll 8
        for (int t = 0; t < 8; ++t)
            one_round(s, t, schedules.words[base + t][block], b_xor_c);
    for (int i = 0; i < 8; ++i)
        state[i] += s[i];
}

} // namespace

void sha256_compress_avx2(std::uint32_t* state, const std::uint8_t* data, std::size_t blocks) {
    for (; blocks >= kLanes; blocks -= kLanes, data += 64 * kLanes) {
        const EightSchedules schedules(data);
        for (int block = 0; block < kLanes; ++block)
            compress_block(state, schedules, block);
    }
    sha256_compress_portable(state, data, blocks);
}

void sha256_compress8_avx2(std::uint32_t* const* states, const std::uint8_t* const* data,
                           std::size_t blocks) {
    compress<1>(states, data, blocks);
}
void sha256_compress16_avx2(std::uint32_t* const* states, const std::uint8_t* const* data,
                            std::size_t blocks) {
    compress<2>(states, data, blocks);
}

void sha256_nodes_avx2(const std::uint8_t* children, unsigned key, std::size_t count,
                       std::uint8_t* parents) {
    const Sha256Words& table = kSha256NodeRound[key];
    for (; count != 0; count -= kLanes, children += 64 * kLanes, parents += 32 * kLanes)
        nodes8(children, table, parents);
}

} // namespace codex::crypto::detail

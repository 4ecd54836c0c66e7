// SHA-256 with the SHA extensions, one message or two side by side.
//
// sha256rnds2 does two rounds with a latency of 4 cycles but can start every 2, and each depends on
// the one before: a lone message leaves the unit idle half of the time, two fill it. Three and more
// need more than the 16 vector registers and measured no better.
#include "crypto/hash/detail/sha256_kernels.hpp"

#include <immintrin.h>

namespace codex::crypto::detail {

namespace {

/// The instructions want the state as two vectors (a, b, e, f) and (c, d, g, h), high word first.
struct State {
    __m128i abef;
    __m128i cdgh;
};

State load_state(const std::uint32_t* words) {
    const __m128i abcd = _mm_loadu_si128(reinterpret_cast<const __m128i*>(words));
    const __m128i efgh = _mm_loadu_si128(reinterpret_cast<const __m128i*>(words + 4));
    const __m128i badc = _mm_shuffle_epi32(abcd, 0xB1);
    const __m128i hgfe = _mm_shuffle_epi32(efgh, 0x1B);
    return {_mm_alignr_epi8(badc, hgfe, 8), _mm_blend_epi16(hgfe, badc, 0xF0)};
}

void store_state(const State& state, __m128i& abcd, __m128i& efgh) {
    const __m128i feba = _mm_shuffle_epi32(state.abef, 0x1B);
    const __m128i dchg = _mm_shuffle_epi32(state.cdgh, 0xB1);
    abcd = _mm_blend_epi16(feba, dchg, 0xF0);
    efgh = _mm_alignr_epi8(dchg, feba, 8);
}

__m128i byte_swap_mask() {
    return _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
}

/// Rounds 4g .. 4g+3 with `words` = K + W.
inline void four_rounds(State& state, __m128i words) {
    state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, words);
    state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, _mm_shuffle_epi32(words, 0x0E));
}

inline __m128i round_words(const Sha256Words& table, int group) {
    return _mm_load_si128(reinterpret_cast<const __m128i*>(table.w + 4 * group));
}

/// One block for each of N messages.
template <int N> inline void compress_block(State* states, const std::uint8_t* const* data) {
    State saved[N];
    __m128i w[N][4];
#pragma GCC unroll 2
    for (int i = 0; i < N; ++i)
        saved[i] = states[i];
#pragma GCC unroll 16
    for (int group = 0; group < 16; ++group) {
#pragma GCC unroll 2
        for (int i = 0; i < N; ++i) {
            __m128i& current = w[i][group % 4];
            if (group < 4) {
                current = _mm_shuffle_epi8(
                    _mm_loadu_si128(reinterpret_cast<const __m128i*>(data[i] + 16 * group)),
                    byte_swap_mask());
            } else {
                const __m128i& before = w[i][(group + 3) % 4];
                const __m128i minus7 = _mm_alignr_epi8(before, w[i][(group + 2) % 4], 4);
                current = _mm_sha256msg1_epu32(current, w[i][(group + 1) % 4]);
                current = _mm_sha256msg2_epu32(_mm_add_epi32(current, minus7), before);
            }
            four_rounds(states[i], _mm_add_epi32(current, round_words(kSha256Round, group)));
        }
    }
#pragma GCC unroll 2
    for (int i = 0; i < N; ++i) {
        states[i].abef = _mm_add_epi32(states[i].abef, saved[i].abef);
        states[i].cdgh = _mm_add_epi32(states[i].cdgh, saved[i].cdgh);
    }
}

/// The second block of N nodes: no message words of its own, only the table's.
template <int N> inline void compress_key_block(State* states, const Sha256Words& table) {
    State saved[N];
#pragma GCC unroll 2
    for (int i = 0; i < N; ++i)
        saved[i] = states[i];
#pragma GCC unroll 16
    for (int group = 0; group < 16; ++group)
#pragma GCC unroll 2
        for (int i = 0; i < N; ++i)
            four_rounds(states[i], round_words(table, group));
#pragma GCC unroll 2
    for (int i = 0; i < N; ++i) {
        states[i].abef = _mm_add_epi32(states[i].abef, saved[i].abef);
        states[i].cdgh = _mm_add_epi32(states[i].cdgh, saved[i].cdgh);
    }
}

template <int N>
inline void compress(std::uint32_t* const* words, const std::uint8_t* const* data,
                     std::size_t blocks) {
    State states[N];
    const std::uint8_t* next[N];
    for (int i = 0; i < N; ++i) {
        states[i] = load_state(words[i]);
        next[i] = data[i];
    }
    for (; blocks != 0; --blocks) {
        compress_block<N>(states, next);
        for (int i = 0; i < N; ++i)
            next[i] += 64;
    }
    for (int i = 0; i < N; ++i) {
        __m128i abcd;
        __m128i efgh;
        store_state(states[i], abcd, efgh);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(words[i]), abcd);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(words[i] + 4), efgh);
    }
}

template <int N>
inline void nodes(const std::uint8_t* children, const Sha256Words& table, std::uint8_t* parents) {
    const State initial = load_state(kSha256Initial);
    State states[N];
    const std::uint8_t* data[N];
    for (int i = 0; i < N; ++i) {
        states[i] = initial;
        data[i] = children + 64 * i;
    }
    compress_block<N>(states, data);
    compress_key_block<N>(states, table);
    for (int i = 0; i < N; ++i) {
        __m128i abcd;
        __m128i efgh;
        store_state(states[i], abcd, efgh);
        auto* to = reinterpret_cast<__m128i*>(parents + 32 * i);
        _mm_storeu_si128(to, _mm_shuffle_epi8(abcd, byte_swap_mask()));
        _mm_storeu_si128(to + 1, _mm_shuffle_epi8(efgh, byte_swap_mask()));
    }
}

} // namespace

void sha256_compress_shani(std::uint32_t* state, const std::uint8_t* data, std::size_t blocks) {
    compress<1>(&state, &data, blocks);
}

void sha256_compress2_shani(std::uint32_t* const* states, const std::uint8_t* const* data,
                            std::size_t blocks) {
    compress<2>(states, data, blocks);
}

void sha256_nodes_shani(const std::uint8_t* children, unsigned key, std::size_t count,
                        std::uint8_t* parents) {
    const Sha256Words& table = kSha256NodeRound[key];
    for (; count >= 2; count -= 2, children += 128, parents += 64)
        nodes<2>(children, table, parents);
    if (count != 0)
        nodes<1>(children, table, parents);
}

} // namespace codex::crypto::detail

// 512-bit registers, for the files of kernels that are compiled for GFNI in them. In an anonymous
// namespace, as all that kernels are made of: see matrix_kernel.hpp.
#pragma once

#include "erasure/detail/affine_words.hpp"

#include <immintrin.h>

namespace codex::erasure::detail {

namespace {

struct Avx512 {
    using Vector = __m512i;

    static Vector zero() { return _mm512_setzero_si512(); }
    static Vector load(const std::uint8_t* from) { return _mm512_loadu_si512(from); }
    static void store(std::uint8_t* to, Vector x) { _mm512_storeu_si512(to, x); }
    static void stream(std::uint8_t* to, Vector x) {
        _mm512_stream_si512(reinterpret_cast<Vector*>(to), x);
    }
    static void order_streams() { _mm_sfence(); }
    static Vector matrix(const std::uint8_t* from) {
        Vector broadcast = _mm512_broadcastq_epi64(_mm_loadu_si64(from));
#if defined(__clang__) && __clang_major__ < 20
        // These encode vgf2p8affineqb with a broadcast operand at a wrong address
        // (llvm-project pull request 120340): keep the broadcast an instruction of its own.
        __asm__("" : "+v"(broadcast));
#endif
        return broadcast;
    }
    static Vector add(Vector a, Vector b) { return _mm512_xor_si512(a, b); }
    static Vector product(Vector x, Vector matrix) {
        return _mm512_gf2p8affine_epi64_epi8(x, matrix, 0);
    }
};

using Vector = Avx512::Vector;

inline Vector add_three(Vector a, Vector b, Vector c) {
    return _mm512_ternarylogic_epi64(a, b, c, 0x96);
}

} // namespace

} // namespace codex::erasure::detail

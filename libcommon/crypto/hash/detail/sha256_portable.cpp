// SHA-256 in plain C++, and the constants that all kernels share.
#include "crypto/hash/detail/sha256_kernels.hpp"

#include "base/endian.hpp"

#include <bit>

namespace codex::crypto::detail {

const std::uint32_t kSha256Initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

namespace {

constexpr Sha256Words kRound = {
    {0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
     0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
     0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
     0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
     0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
     0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
     0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
     0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
     0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
     0xc67178f2}};

/// Fills w[16..63] from w[0..15] and adds the round constants.
constexpr void expand_and_add_constants(Sha256Words& schedule) {
    auto& w = schedule.w;
    for (std::size_t t = 16; t < 64; ++t) {
        const std::uint32_t s0 =
            std::rotr(w[t - 15], 7) ^ std::rotr(w[t - 15], 18) ^ (w[t - 15] >> 3);
        const std::uint32_t s1 =
            std::rotr(w[t - 2], 17) ^ std::rotr(w[t - 2], 19) ^ (w[t - 2] >> 10);
        w[t] = s1 + w[t - 7] + s0 + w[t - 16];
    }
    for (std::size_t t = 0; t < 64; ++t)
        w[t] += kRound.w[t];
}

/// The second block of a node, expanded.
constexpr Sha256Words node_round(std::uint32_t key) {
    constexpr std::uint32_t kNodeBits = 65 * 8;
    Sha256Words schedule{};
    schedule.w[0] = key << 24 | 0x80U << 16;
    schedule.w[15] = kNodeBits;
    expand_and_add_constants(schedule);
    return schedule;
}

/// One block (6.2.2 steps 2 to 4), with `w` = W + K.
void run_rounds(std::uint32_t* state, const std::uint32_t* w) {
    std::uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    std::uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (std::size_t t = 0; t < 64; ++t) {
        const std::uint32_t t1 = h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) +
                                 (g ^ (e & (f ^ g))) + w[t];
        const std::uint32_t t2 =
            (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) | (c & (a | b)));
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
}

} // namespace

const Sha256Words kSha256Round = kRound;
const Sha256Words kSha256NodeRound[kSha256NodeKeys] = {node_round(0), node_round(1), node_round(2),
                                                       node_round(3)};

void sha256_compress_portable(std::uint32_t* state, const std::uint8_t* data, std::size_t blocks) {
    for (; blocks != 0; --blocks, data += 64) {
        Sha256Words schedule;
        for (std::size_t t = 0; t < 16; ++t)
            schedule.w[t] = load_be<std::uint32_t>(data + 4 * t);
        expand_and_add_constants(schedule);
        run_rounds(state, schedule.w);
    }
}

void sha256_nodes_portable(const std::uint8_t* children, unsigned key, std::size_t count,
                           std::uint8_t* parents) {
    for (std::size_t i = 0; i < count; ++i) {
        std::uint32_t state[8];
        for (std::size_t word = 0; word < 8; ++word)
            state[word] = kSha256Initial[word];
        sha256_compress_portable(state, children + 64 * i, 1);
        run_rounds(state, kSha256NodeRound[key].w);
        for (std::size_t word = 0; word < 8; ++word)
            store_be(parents + 32 * i + 4 * word, state[word]);
    }
}

} // namespace codex::crypto::detail

#include "crypto/hash/keccak256.hpp"

#include "base/endian.hpp"
#include "crypto/hash/detail/keccak.hpp"

#include <algorithm>
#include <bit>

namespace codex::crypto {
namespace detail {
namespace {

/// Lane (x, y) of the state is at x + 5y.
using KeccakState = std::array<std::uint64_t, 25>;

/// Bytes of the state that a piece of the message goes into, where 32 bytes come out.
constexpr std::size_t kRateBytes = 136;

constexpr std::array<std::uint64_t, 24> kRoundConstants = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};

/// Lanes that are kept turned over, so that a round has one complement where it would have five.
constexpr std::array<std::size_t, 6> kTurned = {1, 2, 8, 12, 17, 20};

/// One round, unrolled: with every lane's place known, all of them stay in registers or at a fixed
/// place of the stack. A loop over tables of places and turns takes five times as long.
[[gnu::always_inline]] inline void round(const KeccakState& from, KeccakState& to,
                                         std::uint64_t constant) {
    const std::uint64_t s0 = from[0] ^ from[5] ^ from[10] ^ from[15] ^ from[20];
    const std::uint64_t s1 = from[1] ^ from[6] ^ from[11] ^ from[16] ^ from[21];
    const std::uint64_t s2 = from[2] ^ from[7] ^ from[12] ^ from[17] ^ from[22];
    const std::uint64_t s3 = from[3] ^ from[8] ^ from[13] ^ from[18] ^ from[23];
    const std::uint64_t s4 = from[4] ^ from[9] ^ from[14] ^ from[19] ^ from[24];
    const std::uint64_t mix0 = s4 ^ std::rotl(s1, 1);
    const std::uint64_t mix1 = s0 ^ std::rotl(s2, 1);
    const std::uint64_t mix2 = s1 ^ std::rotl(s3, 1);
    const std::uint64_t mix3 = s2 ^ std::rotl(s4, 1);
    const std::uint64_t mix4 = s3 ^ std::rotl(s0, 1);
    std::uint64_t b0 = 0;
    std::uint64_t b1 = 0;
    std::uint64_t b2 = 0;
    std::uint64_t b3 = 0;
    std::uint64_t b4 = 0;
    b0 = from[0] ^ mix0;
    b1 = std::rotl(from[6] ^ mix1, 44);
    b2 = std::rotl(from[12] ^ mix2, 43);
    b3 = std::rotl(from[18] ^ mix3, 21);
    b4 = std::rotl(from[24] ^ mix4, 14);
    to[0] = b0 ^ (b1 | b2) ^ constant;
    to[1] = b1 ^ (~b2 | b3);
    to[2] = b2 ^ (b3 & b4);
    to[3] = b3 ^ (b4 | b0);
    to[4] = b4 ^ (b0 & b1);
    b0 = std::rotl(from[3] ^ mix3, 28);
    b1 = std::rotl(from[9] ^ mix4, 20);
    b2 = std::rotl(from[10] ^ mix0, 3);
    b3 = std::rotl(from[16] ^ mix1, 45);
    b4 = std::rotl(from[22] ^ mix2, 61);
    to[5] = b0 ^ (b1 | b2);
    to[6] = b1 ^ (b2 & b3);
    to[7] = b2 ^ (b3 | ~b4);
    to[8] = b3 ^ (b4 | b0);
    to[9] = b4 ^ (b0 & b1);
    b0 = std::rotl(from[1] ^ mix1, 1);
    b1 = std::rotl(from[7] ^ mix2, 6);
    b2 = std::rotl(from[13] ^ mix3, 25);
    b3 = std::rotl(from[19] ^ mix4, 8);
    b4 = std::rotl(from[20] ^ mix0, 18);
    to[10] = b0 ^ (b1 | b2);
    to[11] = b1 ^ (b2 & b3);
    to[12] = b2 ^ (~b3 & b4);
    to[13] = ~b3 ^ (b4 | b0);
    to[14] = b4 ^ (b0 & b1);
    b0 = std::rotl(from[4] ^ mix4, 27);
    b1 = std::rotl(from[5] ^ mix0, 36);
    b2 = std::rotl(from[11] ^ mix1, 10);
    b3 = std::rotl(from[17] ^ mix2, 15);
    b4 = std::rotl(from[23] ^ mix3, 56);
    to[15] = b0 ^ (b1 & b2);
    to[16] = b1 ^ (b2 | b3);
    to[17] = b2 ^ (~b3 | b4);
    to[18] = ~b3 ^ (b4 & b0);
    to[19] = b4 ^ (b0 | b1);
    b0 = std::rotl(from[2] ^ mix2, 62);
    b1 = std::rotl(from[8] ^ mix3, 55);
    b2 = std::rotl(from[14] ^ mix4, 39);
    b3 = std::rotl(from[15] ^ mix0, 41);
    b4 = std::rotl(from[21] ^ mix1, 2);
    to[20] = b0 ^ (~b1 & b2);
    to[21] = ~b1 ^ (b2 | b3);
    to[22] = b2 ^ (b3 & b4);
    to[23] = b3 ^ (b4 | b0);
    to[24] = b4 ^ (b0 & b1);
}

void absorb(KeccakState& state, const std::uint8_t* piece) {
    KeccakState now = state;
    KeccakState next;
    for (std::size_t i = 0; i < kRateBytes / 8; ++i)
        now[i] ^= load_le<std::uint64_t>(piece + 8 * i);
    for (std::size_t i = 0; i < kRoundConstants.size(); i += 2) {
        round(now, next, kRoundConstants[i]);
        round(next, now, kRoundConstants[i + 1]);
    }
    state = now;
}

void turn_over(KeccakState& state) {
    for (const std::size_t lane : kTurned)
        state[lane] = ~state[lane];
}

} // namespace

Digest keccak_sponge(BytesView message, std::uint8_t padding) {
    KeccakState state{};
    turn_over(state);
    for (; message.size() >= kRateBytes; message = message.subspan(kRateBytes))
        absorb(state, message.data());
    std::array<std::uint8_t, kRateBytes> last{};
    std::copy(message.begin(), message.end(), last.begin());
    last[message.size()] ^= padding;
    last.back() ^= 0x80;
    absorb(state, last.data());
    turn_over(state);
    Digest digest;
    for (std::size_t i = 0; i < digest.size() / 8; ++i)
        store_le(digest.data() + 8 * i, state[i]);
    return digest;
}

} // namespace detail

Digest keccak256(BytesView message) {
    return detail::keccak_sponge(message, 0x01);
}

} // namespace codex::crypto

#include "crypto/hash/keccak256.hpp"

#include "base/endian.hpp"
#include "crypto/hash/detail/keccak.hpp"

#include <bit>
#include <utility>

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

/// Where the lanes go from lane 1 on, one taking the place of the next, and how far each is turned.
constexpr std::array<std::size_t, 24> kPath = {10, 7,  11, 17, 18, 3, 5,  16, 8,  21, 24, 4,
                                               15, 23, 19, 13, 12, 2, 20, 14, 22, 9,  6,  1};
constexpr std::array<int, 24> kTurns = {1,  3,  6,  10, 15, 21, 28, 36, 45, 55, 2,  14,
                                        27, 41, 56, 8,  25, 43, 62, 18, 39, 61, 20, 44};

void mix_columns(KeccakState& state) {
    std::array<std::uint64_t, 5> sums{};
    for (std::size_t x = 0; x < 5; ++x)
        sums[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20];
    for (std::size_t x = 0; x < 5; ++x) {
        const std::uint64_t sum = sums[(x + 4) % 5] ^ std::rotl(sums[(x + 1) % 5], 1);
        for (std::size_t y = 0; y < 25; y += 5)
            state[x + y] ^= sum;
    }
}

void move_lanes(KeccakState& state) {
    std::uint64_t lane = state[1];
    for (std::size_t i = 0; i < kPath.size(); ++i)
        lane = std::exchange(state[kPath[i]], std::rotl(lane, kTurns[i]));
}

void mix_rows(KeccakState& state) {
    for (std::size_t y = 0; y < 25; y += 5) {
        const std::array<std::uint64_t, 5> row = {state[y], state[y + 1], state[y + 2],
                                                  state[y + 3], state[y + 4]};
        for (std::size_t x = 0; x < 5; ++x)
            state[y + x] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
    }
}

void absorb(KeccakState& state, const std::uint8_t* piece) {
    for (std::size_t i = 0; i < kRateBytes / 8; ++i)
        state[i] ^= load_le<std::uint64_t>(piece + 8 * i);
    for (const std::uint64_t constant : kRoundConstants) {
        mix_columns(state);
        move_lanes(state);
        mix_rows(state);
        state[0] ^= constant;
    }
}

} // namespace

Digest keccak_sponge(BytesView message, std::uint8_t padding) {
    KeccakState state{};
    for (; message.size() >= kRateBytes; message = message.subspan(kRateBytes))
        absorb(state, message.data());
    std::array<std::uint8_t, kRateBytes> last{};
    std::copy(message.begin(), message.end(), last.begin());
    last[message.size()] ^= padding;
    last.back() ^= 0x80;
    absorb(state, last.data());
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

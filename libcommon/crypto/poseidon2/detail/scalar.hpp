// The permutation and the hash modes on one element at a time, for files compiled with and without
// mulx/adx. Includes nothing that such a file may not carry to another machine.
#pragma once

#include "crypto/poseidon2/constants.hpp"
#include "crypto/poseidon2/detail/kernels.hpp"
#include "crypto/poseidon2/detail/loose_sum.hpp"

#include <cstring>

namespace codex::crypto::poseidon2 {
inline namespace CODEX_FIELD_ISA {

struct Scalar {
    static Loose constant(int index) {
        Loose limbs;
        std::memcpy(limbs.data(), detail::constant_tables().words64[index], 32);
        return limbs;
    }

    /// The three words of kStates permutations that go side by side: while one waits for its
    /// product, the other multiplies.
    template <int kStates> using Sums = LooseSum[3][kStates];

    /// The S-box of sums plus a constant: a^5 below 1.3 p.
    template <int kStates>
    static void sbox(LooseSum (&sums)[kStates], const Loose& constant, Loose (&power)[kStates]) {
        using limbs::Range;
        Loose a[kStates];
        for (int i = 0; i < kStates; ++i) {
            sums[i] += constant;
            a[i] = sums[i].reduced();
        }
        for (int i = 0; i < kStates; ++i)
            limbs::mont_square<FrParams, Range::loose>(power[i].data(), a[i].data());
        for (int i = 0; i < kStates; ++i)
            limbs::mont_square<FrParams, Range::loose>(power[i].data(), power[i].data());
        for (int i = 0; i < kStates; ++i)
            limbs::mont_mul<FrParams, Range::loose>(power[i].data(), power[i].data(), a[i].data());
    }

    /// M_E: each word and the sum of the three.
    template <int kStates>
    static void mix_external(const Loose (&words)[3][kStates], Sums<kStates>& sums) {
        for (int i = 0; i < kStates; ++i) {
            LooseSum sum(words[0][i]);
            sum += words[1][i];
            sum += words[2][i];
            for (int w = 0; w < 3; ++w) {
                sums[w][i] = sum;
                sums[w][i] += words[w][i];
            }
        }
    }

    template <int kStates> static void external_rounds(Sums<kStates>& sums, int first) {
        for (int round = first; round < first + kExternalRounds / 2; ++round) {
            Loose powers[3][kStates];
            for (int w = 0; w < 3; ++w)
                sbox(sums[w], constant(3 * round + w), powers[w]);
            mix_external(powers, sums);
        }
    }

    /// The words y and z are only added up: over kGrowing rounds they stay below the limit.
    static constexpr int kGrowing = 14;
    static_assert(kInternalRounds % kGrowing == 0);
    static_assert([] {
        std::uint64_t y = 8; // mix_external() adds four factors below 2p
        std::uint64_t z = 8;
        for (int round = 0; round < kGrowing; ++round) {
            const std::uint64_t sum = 2 + y + z;
            y += sum;
            z += z + sum;
        }
        return y + z + 5 <= LooseSum::kLimit; // with a power twice, and a constant
    }());

    template <int kStates> static void internal_rounds(Sums<kStates>& sums) {
        auto& [x, y, z] = sums;
        for (int round = 0; round < kInternalRounds; ++round) {
            Loose power[kStates];
            sbox(x, constant(3 * kExternalRounds + round), power);
            for (int i = 0; i < kStates; ++i) {
                LooseSum sum = y[i];
                sum += z[i];
                sum += power[i];
                x[i] = sum;
                x[i] += power[i];
                y[i] += sum;
                z[i] += z[i];
                z[i] += sum;
            }
            if (round % kGrowing == kGrowing - 1)
                for (int i = 0; i < kStates; ++i) {
                    y[i] = LooseSum(y[i].reduced());
                    z[i] = LooseSum(z[i].reduced());
                }
        }
    }

    /// Permutes word w of state i at words[w][i].
    template <int kStates> static void permute(Loose (&words)[3][kStates]) {
        Sums<kStates> sums;
        mix_external(words, sums);
        external_rounds<kStates>(sums, 0);
        internal_rounds<kStates>(sums);
        external_rounds<kStates>(sums, kExternalRounds / 2);
        for (int w = 0; w < 3; ++w)
            for (int i = 0; i < kStates; ++i) {
                words[w][i] = sums[w][i].reduced();
                auto& [w0, w1, w2, w3] = words[w][i];
                limbs::reduce_once<FrParams>(words[w][i].data(), w0, w1, w2, w3);
            }
    }

    static void permute_words(std::uint64_t* words) {
        Loose state[3][1];
        std::memcpy(state, words, sizeof state);
        permute(state);
        std::memcpy(words, state, sizeof state);
    }

    /// Element `index` of the padded message: 31 bytes from 31 * index on, then a 1, then zeros.
    static Loose element(const std::uint8_t* message, std::size_t size, std::size_t index) {
        const std::size_t count = size / 31 + 1;
        if (index >= count)
            return index == count ? FrParams::kOne : Loose{};
        std::uint8_t bytes[32] = {};
        const std::size_t at = 31 * index;
        const std::size_t left = size - at;
        if (left != 0) // an empty message may be a null pointer
            std::memcpy(bytes, message + at, left < 31 ? left : 31);
        if (left < 31)
            bytes[left] = 1;
        return load(bytes);
    }

    template <int kStates>
    static void hash(const std::uint8_t* const* messages, std::size_t size, std::uint8_t* digests) {
        Loose words[3][kStates] = {};
        for (int i = 0; i < kStates; ++i)
            words[2][i] = Fr::from_limbs({256 * 3 + 2, 1, 0, 0}).montgomery(); // t = 3, rate 2
        for (std::size_t at = 0; at <= size / 31 + 1; at += 2) {
            for (int i = 0; i < kStates; ++i)
                for (std::size_t w = 0; w < 2; ++w)
                    limbs::mod_add<FrParams>(words[w][i].data(), words[w][i].data(),
                                             element(messages[i], size, at + w).data());
            permute(words);
        }
        for (int i = 0; i < kStates; ++i)
            store(words[0][i], digests + 32 * i);
    }

    static void store(const Loose& value, std::uint8_t* digest) {
        const Limbs limbs = Fr::from_montgomery(value).to_limbs();
        std::memcpy(digest, limbs.data(), 32);
    }

    static Loose load(const std::uint8_t* digest) {
        Limbs limbs;
        std::memcpy(limbs.data(), digest, 32);
        // Values of r and more are legal here: the Montgomery product reduces what is below 2^256.
        return Fr::from_limbs(limbs).montgomery();
    }

    static void hash_many(const std::uint8_t* const* messages, std::size_t count, std::size_t size,
                          std::uint8_t* digests) {
        std::size_t done = 0;
        for (; done + 2 <= count; done += 2)
            hash<2>(messages + done, size, digests + 32 * done);
        if (done != count)
            hash<1>(messages + done, size, digests + 32 * done);
    }

    template <int kStates>
    static void hash_pairs(const std::uint8_t* nodes, const Loose& key, std::uint8_t* parents) {
        Loose words[3][kStates];
        for (int i = 0; i < kStates; ++i) {
            words[0][i] = load(nodes + 64 * i);
            words[1][i] = load(nodes + 64 * i + 32);
            words[2][i] = key;
        }
        permute(words);
        for (int i = 0; i < kStates; ++i)
            store(words[0][i], parents + 32 * i);
    }

    static void pairs(const std::uint8_t* nodes, std::size_t count, std::uint64_t key,
                      std::uint8_t* parents) {
        const Loose element = Fr::from_u64(key).montgomery();
        std::size_t done = 0;
        for (; done + 2 <= count; done += 2)
            hash_pairs<2>(nodes + 64 * done, element, parents + 32 * done);
        if (done != count)
            hash_pairs<1>(nodes + 64 * done, element, parents + 32 * done);
    }
};

} // namespace CODEX_FIELD_ISA
} // namespace codex::crypto::poseidon2

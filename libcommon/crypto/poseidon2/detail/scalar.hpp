// The permutation and the hash modes on one element at a time, for files compiled with and without
// mulx/adx. Includes nothing that such a file may not carry to another machine.
#pragma once

#include "crypto/field/field.hpp"
#include "crypto/poseidon2/detail/kernels.hpp"

#include <cstring>

namespace codex::crypto::poseidon2 {
inline namespace CODEX_FIELD_ISA {

struct Scalar {
    static Fr constant(int index) {
        Limbs limbs;
        std::memcpy(limbs.data(), detail::constant_tables().words64[index], 32);
        return Fr::from_montgomery(limbs);
    }

    static Fr sbox(const Fr& a) {
        const Fr a2 = a.square();
        return a2.square() * a;
    }

    static void mix_external(Fr* s) {
        const Fr sum = s[0] + s[1] + s[2];
        for (int i = 0; i < 3; ++i)
            s[i] += sum;
    }

    static void external_round(Fr* s, int round) {
        for (int i = 0; i < 3; ++i)
            s[i] = sbox(s[i] + constant(3 * round + i));
        mix_external(s);
    }

    static void permute(Fr* s) {
        mix_external(s);
        for (int round = 0; round < 4; ++round)
            external_round(s, round);
        for (int round = 0; round < 56; ++round) {
            s[0] = sbox(s[0] + constant(24 + round));
            const Fr sum = s[0] + s[1] + s[2];
            s[0] += sum;
            s[1] += sum;
            s[2] = s[2].doubled() + sum;
        }
        for (int round = 4; round < 8; ++round)
            external_round(s, round);
    }

    static void permute_words(std::uint64_t* words) {
        Fr state[3];
        std::memcpy(static_cast<void*>(state), words, sizeof state);
        permute(state);
        std::memcpy(words, static_cast<const void*>(state), sizeof state);
    }

    /// Element `index` of the padded message: 31 bytes from 31 * index on.
    static Fr element(const std::uint8_t* message, std::size_t size, std::size_t index) {
        std::uint8_t bytes[32] = {};
        const std::size_t at = 31 * index;
        const std::size_t left = size - at;
        if (left != 0) // an empty message may be a null pointer
            std::memcpy(bytes, message + at, left < 31 ? left : 31);
        if (left < 31)
            bytes[left] = 1;
        Limbs limbs;
        std::memcpy(limbs.data(), bytes, 32);
        return Fr::from_limbs(limbs);
    }

    static void hash(const std::uint8_t* message, std::size_t size, std::uint8_t* digest) {
        const std::size_t count = size / 31 + 1;
        Fr state[3] = {Fr(), Fr(), initial_value()};
        for (std::size_t i = 0; i < count; i += 2) {
            state[0] += element(message, size, i);
            // After the last element comes a 1, then zeros up to the rate.
            state[1] += i + 1 < count ? element(message, size, i + 1) : Fr::one();
            permute(state);
        }
        if (count % 2 == 0) {
            state[0] += Fr::one();
            permute(state);
        }
        store(state[0], digest);
    }

    /// 2^64 + 256 t + rate with t = 3, rate = 2.
    static Fr initial_value() { return Fr::from_limbs({256 * 3 + 2, 1, 0, 0}); }

    static void store(const Fr& value, std::uint8_t* digest) {
        const Limbs limbs = value.to_limbs();
        std::memcpy(digest, limbs.data(), 32);
    }

    static Fr load(const std::uint8_t* digest) {
        Limbs limbs;
        std::memcpy(limbs.data(), digest, 32);
        // Values of r and more are legal here: the Montgomery product reduces what is below 2^256.
        return Fr::from_limbs(limbs);
    }

    static void hash_many(const std::uint8_t* const* messages, std::size_t count, std::size_t size,
                          std::uint8_t* digests) {
        for (std::size_t i = 0; i < count; ++i)
            hash(messages[i], size, digests + 32 * i);
    }

    static void pairs(const std::uint8_t* nodes, std::size_t count, std::uint64_t key,
                      std::uint8_t* parents) {
        for (std::size_t i = 0; i < count; ++i) {
            Fr state[3] = {load(nodes + 64 * i), load(nodes + 64 * i + 32), Fr::from_u64(key)};
            permute(state);
            store(state[0], parents + 32 * i);
        }
    }
};

} // namespace CODEX_FIELD_ISA
} // namespace codex::crypto::poseidon2

#include "base/cpu.hpp"
#include "crypto/field/text.hpp"
#include "crypto/poseidon2/constants.hpp"
#include "crypto/poseidon2/detail/kernels.hpp"
#include "crypto/poseidon2/poseidon2.hpp"
#include "must.hpp"
#include "vectors.hpp"

#include <deque>

namespace codex::crypto::poseidon2 {
namespace {

using codex::test::Json;
using codex::test::must;
using codex::test::proofs;

Fr element(const Json& text) {
    return must(field_from_text<Fr>(text.get<std::string>()));
}

std::vector<std::uint8_t> counting(std::size_t size, unsigned first) {
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<std::uint8_t>(first + i);
    return bytes;
}

TEST(Poseidon2, ConstantsAreTheOriginalSet) {
    const Json vectors = codex::test::load_vectors("poseidon2-bn254-t3.json");
    for (std::size_t round = 0; round < 8; ++round)
        for (std::size_t i = 0; i < 3; ++i)
            EXPECT_EQ(Fr::from_limbs(kExternalConstants[3 * round + i]),
                      element(vectors.at("external_round_constants_hex").at(round).at(i)));
    for (std::size_t round = 0; round < 56; ++round)
        EXPECT_EQ(Fr::from_limbs(kInternalConstants[round]),
                  element(vectors.at("internal_round_constants_hex").at(round)));
}

/// The generator Grain (codex-slots(5), ROUND CONSTANTS).
class Grain {
public:
    explicit Grain(unsigned sbox) {
        const std::pair<unsigned, int> fields[] = {{1, 2},  {sbox, 4}, {254, 12},
                                                   {3, 12}, {8, 10},   {56, 10}};
        for (const auto& [value, bits] : fields)
            for (int i = bits; i-- > 0;)
                state_.push_back(value >> i & 1);
        state_.resize(80, 1);
        for (int i = 0; i < 160; ++i)
            step();
    }

    Fr next() {
        for (;;) {
            Limbs value{};
            for (int i = 0; i < 254; ++i) {
                for (std::size_t limb = 3; limb > 0; --limb)
                    value[limb] = value[limb] << 1 | value[limb - 1] >> 63;
                value[0] = value[0] << 1 | bit();
            }
            if (Fr::below_modulus(value))
                return Fr::from_limbs(value);
        }
    }

private:
    unsigned step() {
        const unsigned next =
            state_[0] ^ state_[13] ^ state_[23] ^ state_[38] ^ state_[51] ^ state_[62];
        state_.pop_front();
        state_.push_back(next);
        return next;
    }
    unsigned bit() {
        for (;;) {
            const bool taken = step() != 0;
            const unsigned value = step();
            if (taken)
                return value;
        }
    }
    std::deque<unsigned> state_;
};

TEST(Poseidon2, ConstantsComeFromGrain) {
    Grain grain(1);
    const auto expect = [&grain](std::span<const Limbs> constants) {
        for (const Limbs& constant : constants)
            EXPECT_EQ(Fr::from_limbs(constant), grain.next());
    };
    expect(std::span(kExternalConstants).first(12));
    expect(kInternalConstants);
    expect(std::span(kExternalConstants).last(12));
    // What other libraries have.
    EXPECT_NE(Grain(0).next(), Fr::from_limbs(kExternalConstants[0]));
}

TEST(Poseidon2, Permutation) {
    for (const Json& test : proofs().at("permutation").at("cases")) {
        State state;
        for (std::size_t i = 0; i < 3; ++i)
            state[i] = element(test.at("input").at(i));
        permute(state);
        for (std::size_t i = 0; i < 3; ++i)
            EXPECT_EQ(state[i], element(test.at("output").at(i)));
    }
}

TEST(Poseidon2, Compress) {
    for (const Json& test : proofs().at("compress").at("cases")) {
        const auto number = [&](const char* name) {
            const Json& value = test.at(name);
            return value.is_number() ? Fr::from_u64(value.get<std::uint64_t>()) : element(value);
        };
        EXPECT_EQ(compress(number("x"), number("y"), test.at("key").get<std::uint64_t>()),
                  element(test.at("out")));
    }
}

TEST(Poseidon2, SpongeOverElements) {
    const Json& test = proofs().at("sponge_field");
    std::vector<Fr> input;
    for (std::size_t n = 0; n < test.at("rate1").size(); ++n) {
        EXPECT_EQ(sponge(input, 1), element(test.at("rate1").at(n))) << n;
        EXPECT_EQ(sponge(input, 2), element(test.at("rate2").at(n))) << n;
        input.push_back(Fr::from_u64(n + 1));
    }
}

TEST(Poseidon2, BytesToElements) {
    for (const Json& test : proofs().at("bytes_to_elements").at("cases")) {
        const std::vector<Fr> elements =
            bytes_to_elements(codex::test::unhex(test.at("bytes_hex")));
        ASSERT_EQ(elements.size(), test.at("elements").size());
        for (std::size_t i = 0; i < elements.size(); ++i)
            EXPECT_EQ(elements[i], element(test.at("elements").at(i)));
    }
}

TEST(Poseidon2, SpongeOverBytes) {
    const Json& values = proofs().at("sponge_bytes_rate2").at("values");
    for (std::size_t n = 0; n < values.size(); ++n)
        EXPECT_EQ(hash_bytes(counting(n, 1)), element(values.at(n)).to_bytes()) << n;
}

TEST(Poseidon2, Cells) {
    EXPECT_EQ(to_hex(hash_bytes(Bytes(2048))),
              proofs().at("zero_cell").at("hash_le_hex").get<std::string>());
    EXPECT_EQ(hash_bytes(counting(2048, 0)),
              element(proofs().at("cell_counter").at("hash")).to_bytes());
}

/// The kernels this machine can run, the one in use among them.
std::vector<const detail::Kernel*> kernels() {
    std::vector<const detail::Kernel*> all = {&detail::portable_kernel()};
#if defined(__x86_64__)
    if (cpu::features().adx)
        all.push_back(&detail::adx_kernel());
    if (cpu::features().avx2)
        all.push_back(&detail::avx2_kernel());
    if (cpu::features().avx512_ifma)
        all.push_back(&detail::ifma_kernel());
#endif
    return all;
}

TEST(Poseidon2, KernelsAgreeOnMessagesOfAllSizes) {
    std::mt19937_64 random(7);
    for (const std::size_t size : {0UL, 1UL, 30UL, 31UL, 32UL, 61UL, 62UL, 63UL, 2048UL, 1000UL}) {
        for (const std::size_t count : {1UL, 3UL, 15UL, 16UL, 17UL, 33UL}) {
            std::vector<Bytes> messages;
            std::vector<const std::uint8_t*> pointers;
            for (std::size_t i = 0; i < count; ++i)
                messages.push_back(codex::test::random_bytes(random, size));
            for (const Bytes& message : messages)
                pointers.push_back(message.data());
            std::vector<Digest> expected;
            for (const Bytes& message : messages)
                expected.push_back(sponge(bytes_to_elements(message)).to_bytes());
            for (const detail::Kernel* kernel : kernels()) {
                std::vector<Digest> digests(count);
                kernel->hash_many(pointers.data(), count, size, digests[0].data());
                EXPECT_EQ(digests, expected) << kernel->name << " " << size << " x " << count;
            }
            std::vector<Digest> digests(count);
            hash_many(pointers, size, digests);
            EXPECT_EQ(digests, expected);
        }
    }
}

TEST(Poseidon2, KernelsAgreeOnPairs) {
    std::mt19937_64 random(8);
    for (const std::size_t count : {1UL, 2UL, 15UL, 16UL, 17UL, 40UL}) {
        std::vector<Digest> nodes(2 * count);
        std::vector<Fr> elements;
        for (Digest& node : nodes) {
            const Bytes bytes = codex::test::random_bytes(random, 32);
            elements.push_back(Fr::from_bytes_reduced(std::span<const std::uint8_t, 32>(bytes)));
            node = elements.back().to_bytes();
        }
        for (std::uint64_t key = 0; key < 4; ++key) {
            std::vector<Digest> expected;
            for (std::size_t i = 0; i < count; ++i)
                expected.push_back(compress(elements[2 * i], elements[2 * i + 1], key).to_bytes());
            for (const detail::Kernel* kernel : kernels()) {
                std::vector<Digest> parents(count);
                kernel->pairs(nodes[0].data(), count, key, parents[0].data());
                EXPECT_EQ(parents, expected) << kernel->name;
            }
            std::vector<Digest> in_place = nodes;
            pairs(in_place, key, std::span(in_place).first(count));
            in_place.resize(count);
            EXPECT_EQ(in_place, expected);
        }
    }
}

TEST(Poseidon2, KernelsTakeTheLargestValues) {
    // All-ones digests are above the modulus: every kernel reduces them alike.
    std::vector<Digest> nodes(32);
    for (Digest& node : nodes)
        node.fill(0xff);
    std::vector<Digest> expected(16);
    detail::portable_kernel().pairs(nodes[0].data(), 16, 3, expected[0].data());
    for (const detail::Kernel* kernel : kernels()) {
        std::vector<Digest> parents(16);
        kernel->pairs(nodes[0].data(), 16, 3, parents[0].data());
        EXPECT_EQ(parents, expected) << kernel->name;
    }
}

} // namespace
} // namespace codex::crypto::poseidon2

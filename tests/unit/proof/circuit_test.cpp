#include "proof/circuit.hpp"

#include "base/thread_pool.hpp"
#include "check_input.hpp"
#include "crypto/field/text.hpp"
#include "crypto/hash/sha256.hpp"
#include "fixture.hpp"
#include "snark/files.hpp"
#include "snark/setup.hpp"
#include "snark/witness_file.hpp"
#include "vectors.hpp"

#include <bit>
#include <sys/mman.h>
#include <tuple>
#include <unistd.h>

namespace codex::proof {
namespace {

using crypto::field_to_text;
using snark::R1cs;
using test::fake_input;
using test::FakeDataset;
using test::Json;
using test::kSmall;
using test::must;
using test::proofs;

FakeDataset small_data(std::uint64_t slots, std::uint64_t index, std::uint64_t cells) {
    FakeDataset data;
    data.slots = slots;
    data.slot_index = index;
    data.cells = cells;
    data.cell_bytes = 127; // five elements
    return data;
}

TEST(Circuit, CountsFollowTheFormulas) {
    for (const Json& test : proofs().at("constraint_counts").at("cases")) {
        CircuitParameters p;
        p.max_depth = test.at("maxDepth").get<std::uint32_t>();
        p.max_log2_slots = test.at("maxLog2NSlots").get<std::uint32_t>();
        p.block_depth = test.at("blockTreeDepth").get<std::uint32_t>();
        p.cell_elements = test.at("nFieldElemsPerCell").get<std::uint32_t>();
        p.samples = test.at("nSamples").get<std::uint32_t>();
        EXPECT_EQ(constraint_count(p), test.at("constraints").get<std::uint64_t>());
        if (test.contains("wires")) {
            EXPECT_EQ(wire_count(p), test.at("wires").get<std::uint64_t>());
        }
    }
    EXPECT_EQ(wire_count({}), proofs().at("official_witness").at("wires").get<std::uint64_t>());
}

TEST(Circuit, CountsTellWhichCircuitsAKeyMayBeOf) {
    const auto found = [](const CircuitParameters& p) {
        const auto domain = static_cast<std::uint32_t>(std::bit_width(constraint_count(p) + 3));
        return circuits_with(wire_count(p), domain);
    };
    using Case = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>;
    const Case cases[] = {
        {32, 8, 67, 5}, {32, 8, 67, 10}, {8, 3, 5, 2}, {62, 32, 2, 1}, {3, 3, 2115, 7}};
    for (const auto& [depth, slots, elements, samples] : cases) {
        CircuitParameters p{depth, slots, 2, elements, samples};
        const auto all = found(p);
        EXPECT_LE(all.size(), 4U);
        p.block_depth = 0; // no count tells it
        EXPECT_THAT(all, ::testing::Contains(p));
        for (const CircuitParameters& other : all)
            EXPECT_EQ(wire_count(other), wire_count(p));
        if (depth == 32) { // those that are like the deployed one are most probable
            EXPECT_EQ(all.front(), p);
        }
    }
    EXPECT_THAT(circuits_with(12, 4), ::testing::IsEmpty());
}

TEST(Circuit, BuiltSystemHasThoseCounts) {
    for (const CircuitParameters& p :
         {kSmall, CircuitParameters{32, 8, 5, 67, 1}, CircuitParameters{10, 4, 3, 6, 3}}) {
        const R1cs system = must(build_circuit(p));
        EXPECT_EQ(system.constraint_count(), constraint_count(p));
        EXPECT_EQ(system.wires, wire_count(p));
        EXPECT_EQ(system.public_count(), 3U);
    }
}

TEST(Circuit, FixtureIsTheReferences) {
    const Json& expected = proofs().at("dataset_fixture");
    const ProofInput input = fake_input({}, {});
    EXPECT_EQ(field_to_text(input.slot_root), expected.at("slotRoot").get<std::string>());
    EXPECT_EQ(field_to_text(input.dataset_root), expected.at("dataSetRoot").get<std::string>());
    const Json& path = expected.at("slotProof");
    for (std::size_t i = 0; i < input.slot_proof.size(); ++i)
        EXPECT_EQ(field_to_text(input.slot_proof[i]), path.at(i).get<std::string>());
    const Json& first = expected.at("merklePath_sample1");
    for (std::size_t i = 0; i < input.merkle_paths[0].size(); ++i)
        EXPECT_EQ(field_to_text(input.merkle_paths[0][i]), first.at(i).get<std::string>());
    EXPECT_EQ(must(sample_cells(input.entropy, input.slot_root, 512, 5)),
              expected.at("cellIndices").get<std::vector<std::uint64_t>>());
}

/// The bytes snark::write_witness() gives.
Bytes witness_bytes(const std::vector<Fr>& witness) {
    const Fd fd(::memfd_create("witness", 0));
    must(snark::write_witness(fd.get(), "witness", witness));
    Bytes bytes(static_cast<std::size_t>(::lseek(fd.get(), 0, SEEK_END)));
    EXPECT_EQ(must(pread_full(fd.get(), bytes, 0, "witness")), bytes.size());
    return bytes;
}

TEST(Circuit, WitnessFileIsByteForByteTheReferences) {
    const Json& expected = proofs().at("official_witness");
    const std::vector<Fr> witness = must(compute_witness({}, fake_input({}, {})));
    EXPECT_EQ(witness.size(), expected.at("wires").get<std::size_t>());
    const Bytes bytes = witness_bytes(witness);
    EXPECT_EQ(bytes.size(), expected.at("file_bytes").get<std::size_t>());
    EXPECT_EQ(to_hex(crypto::sha256(bytes)), expected.at("sha256").get<std::string>());
    const snark::BinaryFile file = must(snark::BinaryFile::parse(bytes, "wtns", 2));
    const auto words = must(witness_words(file));
    ASSERT_EQ(words.size(), witness.size());
    EXPECT_EQ(words[5], witness[5].to_bytes());
}

TEST(Circuit, DeployedWitnessSatisfiesTheConstraints) {
    const R1cs system = must(build_circuit({}));
    EXPECT_EQ(system.constraint_count(), 89802U);
    const std::vector<Fr> witness = must(compute_witness({}, fake_input({}, {})));
    EXPECT_EQ(first_broken(system, witness), std::nullopt);
}

TEST(Circuit, AllShapesAreProvable) {
    const R1cs system = must(build_circuit(kSmall));
    // One slot, one block, odd last slots, the largest number of slots; first and last index.
    for (const std::uint64_t slots : {1UL, 2UL, 3UL, 5UL, 7UL, 8UL})
        for (const std::uint64_t cells : {4UL, 8UL, 32UL, 256UL})
            for (const std::uint64_t index : {std::uint64_t{0}, slots - 1}) {
                const ProofInput input = fake_input(kSmall, small_data(slots, index, cells));
                EXPECT_EQ(first_broken(system, must(compute_witness(kSmall, input))), std::nullopt)
                    << slots << " slots, index " << index << ", " << cells << " cells";
                EXPECT_TRUE(test::check_input(kSmall, input));
            }
}

TEST(Circuit, TreesOfSlotsOfTheDeployedHeightAreProvable) {
    constexpr CircuitParameters kWide = {4, 8, 2, 2, 1}; // 2^8 slots, as deployed
    const R1cs system = must(build_circuit(kWide));
    for (const std::uint64_t slots : {1UL, 2UL, 3UL, 11UL, 255UL, 256UL})
        for (const std::uint64_t index : {std::uint64_t{0}, slots / 2, slots - 1}) {
            FakeDataset data = small_data(slots, index, 4);
            data.cell_bytes = 31; // two elements
            const ProofInput input = fake_input(kWide, data);
            EXPECT_EQ(first_broken(system, must(compute_witness(kWide, input))), std::nullopt)
                << slots << " slots, index " << index;
            EXPECT_TRUE(test::check_input(kWide, input));
        }
}

TEST(Circuit, EveryLieBreaksAConstraintThatSaysSo) {
    const R1cs system = must(build_circuit(kSmall));
    const ProofInput honest = fake_input(kSmall, small_data(5, 2, 32));
    const auto broken = [&](const ProofInput& lie) {
        const auto index = first_broken(system, must(compute_witness(kSmall, lie)));
        EXPECT_FALSE(test::check_input(kSmall, lie));
        return index ? describe_constraint(kSmall, *index) : std::string("holds");
    };
    EXPECT_TRUE(test::check_input(kSmall, honest));
    ProofInput lie = honest;
    lie.cell_data[1][3] += Fr::one();
    EXPECT_EQ(broken(lie), "sample 2: its path from the block to the slot root");
    lie = honest;
    lie.merkle_paths[0][0] += Fr::one();
    EXPECT_EQ(broken(lie), "sample 1: its path from the block to the slot root");
    lie = honest;
    lie.slot_proof[1] += Fr::one();
    EXPECT_EQ(broken(lie), "the dataset path from the slot root");
    lie = honest;
    lie.entropy += Fr::one();
    EXPECT_THAT(broken(lie), testing::HasSubstr("sample"));
    lie = honest;
    lie.slot_root += Fr::one();
    EXPECT_EQ(broken(lie), "the dataset path from the slot root");
    lie = honest;
    lie.dataset_root += Fr::one();
    EXPECT_EQ(broken(lie), "the dataset path from the slot root");
    lie = honest;
    lie.slot_index = 3;
    EXPECT_EQ(broken(lie), "the dataset path from the slot root");
    lie = honest;
    lie.slot_index = 9; // more than three bits
    EXPECT_EQ(broken(lie), "the slot index has at most max-log2-slots bits");
    // Another number of slots shows in a key on the path of the last, odd slot.
    lie = fake_input(kSmall, small_data(5, 4, 32));
    lie.slots_per_dataset = 6;
    EXPECT_EQ(broken(lie), "the dataset path from the slot root");
    lie = honest;
    lie.slots_per_dataset = 17;
    EXPECT_EQ(broken(lie), "the number of slots minus one has at most max-log2-slots bits");
    lie = honest;
    lie.cells_per_slot = 64;
    EXPECT_NE(broken(lie), "holds");
    lie = honest;
    lie.cells_per_slot = 48;
    EXPECT_EQ(broken(lie), "the number of cells is a power of two from 2 on");
}

TEST(Circuit, InputOfTheWrongShapeIsRefused) {
    const ProofInput honest = fake_input(kSmall, small_data(5, 2, 32));
    ProofInput bad = honest;
    bad.cell_data.pop_back();
    EXPECT_EQ(test::must_fail(compute_witness(kSmall, bad)).code(), Errc::malformed);
    bad = honest;
    bad.cell_data[0].pop_back();
    EXPECT_EQ(test::must_fail(compute_witness(kSmall, bad)).code(), Errc::malformed);
    bad = honest;
    bad.merkle_paths[1].resize(9);
    EXPECT_EQ(test::must_fail(compute_witness(kSmall, bad)).code(), Errc::malformed);
    bad = honest;
    bad.slot_proof.resize(4);
    EXPECT_EQ(test::must_fail(compute_witness(kSmall, bad)).code(), Errc::malformed);
    EXPECT_EQ(test::must_fail(build_circuit({63, 8, 5, 67, 5})).code(), Errc::limit_exceeded);
    EXPECT_EQ(test::must_fail(build_circuit({32, 8, 32, 67, 5})).code(), Errc::limit_exceeded);
}

TEST(Circuit, CountsWithoutBuildingWhatBuildingGives) {
    for (const CircuitParameters& parameters :
         {CircuitParameters{8, 3, 2, 5, 2}, CircuitParameters{10, 4, 3, 11, 1}}) {
        const R1cs system = must(build_circuit(parameters));
        const CircuitCounts counts = must(count_circuit(parameters));
        std::uint64_t terms = 0;
        for (std::size_t i = 0; i < system.constraint_count(); ++i)
            for (unsigned side = 0; side < 3; ++side)
                terms += system.terms(i, side).size();
        EXPECT_EQ(counts.constraints, system.constraint_count());
        EXPECT_EQ(counts.wires, system.wires);
        EXPECT_EQ(counts.terms, terms);
        EXPECT_EQ(counts.public_inputs, system.public_inputs);
        EXPECT_EQ(counts.private_inputs, system.private_inputs);
    }
}

TEST(Circuit, OwnSetupProvesStorage) {
    const R1cs system = must(build_circuit(kSmall));
    ThreadPool pool(2);
    const Bytes file =
        test::written([&](int fd) { return snark::test_setup(system, fd, "small.zkey", pool); });
    const snark::ProvingKey key = test::key_from(file);
    EXPECT_EQ(key.wires, wire_count(kSmall));
    EXPECT_EQ(key.domain_size(), 1U << 14);
    const ProofInput input = fake_input(kSmall, small_data(5, 4, 32));
    const std::vector<Fr> witness = must(compute_witness(kSmall, input));
    const auto proof_of = [&](const std::vector<Fr>& wires) {
        std::vector<Digest> words;
        for (const Fr& value : wires)
            words.push_back(value.to_bytes());
        return must(snark::prove(key, words, pool));
    };
    const std::vector<Fr> inputs = {input.entropy, input.dataset_root,
                                    Fr::from_u64(input.slot_index)};
    EXPECT_TRUE(snark::verify(key.verifying_key(), {inputs, proof_of(witness)}));
    // A witness that breaks a constraint gives a proof that does not verify.
    std::vector<Fr> lie = witness;
    lie[witness.size() / 2] += Fr::one();
    ASSERT_NE(first_broken(system, lie), std::nullopt);
    EXPECT_FALSE(snark::verify(key.verifying_key(), {inputs, proof_of(lie)}));
}

TEST(Sampler, ChallengeToEntropyAndIndices) {
    for (const Json& test : proofs().at("challenge_to_entropy").at("cases")) {
        const Bytes challenge = test::unhex(test.at("challenge_hex"));
        Digest word;
        std::copy(challenge.begin(), challenge.end(), word.begin());
        EXPECT_EQ(field_to_text(challenge_to_entropy(word)), test.at("entropy").get<std::string>());
    }
    const Json& sampling = proofs().at("sampling");
    const Fr entropy = must(crypto::field_from_text<Fr>(sampling.at("entropy").get<std::string>()));
    const Fr root = must(crypto::field_from_text<Fr>(sampling.at("slotRoot").get<std::string>()));
    for (const Json& test : sampling.at("cases")) {
        const auto expected = test.at("indices").get<std::vector<std::uint64_t>>();
        EXPECT_EQ(must(sample_cells(entropy, root, test.at("nCells").get<std::uint64_t>(),
                                    static_cast<std::uint32_t>(expected.size()))),
                  expected);
    }
    for (const std::uint64_t bad : {0UL, 1UL, 3UL, 48UL})
        EXPECT_EQ(test::must_fail(sample_cells(entropy, root, bad, 1)).code(), Errc::malformed);
}

} // namespace
} // namespace codex::proof

// The prover of slots: what it proves verifies, what it cannot prove is not given out.
#include "proof/prover.hpp"

#include "dataset/protected_store.hpp"
#include "fixture.hpp"
#include "snark/files.hpp"
#include "snark/setup.hpp"

#include <atomic>
#include <gmock/gmock.h>
#include <thread>

namespace codex::proof {
namespace {

using dataset::test::code_shape;
using dataset::test::generate;
using dataset::test::Store;
using test::kSmallOfRepo;
using test::must;
using test::must_fail;
using testing::HasSubstr;

/// A key of the small circuit with one more demand: that the entropy is 1.
const Bytes& key_of_entropy_one() {
    static const Bytes file = [] {
        snark::R1cs system = must(build_circuit(kSmallOfRepo));
        system.add({{1, Fr::one()}}, {{0, Fr::one()}}, {{0, Fr::one()}});
        ThreadPool pool(2);
        return test::written(
            [&](int fd) { return snark::test_setup(system, fd, "small.zkey", pool); });
    }();
    return file;
}

class ProverTest : public testing::Test {
protected:
    ProverTest() {
        const Cid plain = store_.put(generate(9, 5'000), {.block_size_bytes = 512});
        const Cid coded = must(dataset::encode(store_.job(), plain, code_shape(3, 2)));
        dataset_ = must(build_slots(store_.job(), coded, {.cell_size_bytes = 128})).manifest;
    }
    [[nodiscard]] static Prover prover(const ProverOptions& options = {}) {
        return must(Prover::open(test::key_from(key_of_entropy_one()), kSmallOfRepo, options));
    }

    test::TemporaryFolder folder_;
    Store store_{folder_.file("repo")};
    Cid dataset_;
};

TEST_F(ProverTest, WhatItProvesVerifiesAndSaysWhatItIsAbout) {
    const Prover one = prover();
    EXPECT_EQ(one.parameters(), kSmallOfRepo);
    const Digest root = must(open_verifiable(store_.repo(), dataset_)).dataset_tree.root();
    for (const std::uint64_t slot : {0U, 4U}) {
        const snark::Statement statement = must(one.prove(store_.job(), dataset_, slot, Fr::one()));
        EXPECT_EQ(statement.inputs,
                  (std::vector{Fr::one(), Fr::from_bytes_reduced(root), Fr::from_u64(slot)}));
        must(snark::verify(one.verifying_key(), statement));
        snark::Statement other = statement;
        other.inputs[2] += Fr::one();
        EXPECT_EQ(must_fail(snark::verify(one.verifying_key(), other)).code(), Errc::proof_invalid);
    }
}

TEST_F(ProverTest, AProofThatDoesNotVerifyIsNotGivenOut) {
    const Error refused = must_fail(prover().prove(store_.job(), dataset_, 0, Fr::from_u64(77)));
    EXPECT_EQ(refused.code(), Errc::proof_invalid);
    EXPECT_THAT(refused.text(), HasSubstr("does not fit the key's circuit"));
    // Who checks himself gets it.
    const Prover blind = prover({.self_check = false});
    const snark::Statement statement =
        must(blind.prove(store_.job(), dataset_, 0, Fr::from_u64(77)));
    EXPECT_EQ(must_fail(snark::verify(blind.verifying_key(), statement)).code(),
              Errc::proof_invalid);
}

TEST_F(ProverTest, AKeyOfAnotherCircuitIsRefusedAtOnce) {
    const auto open = [](const CircuitParameters& parameters) {
        return must_fail(Prover::open(test::key_from(key_of_entropy_one()), parameters));
    };
    CircuitParameters more = kSmallOfRepo;
    more.samples = 4;
    EXPECT_EQ(open(more).code(), Errc::malformed);
    EXPECT_THAT(open(more).text(),
                HasSubstr(fmt::format("{} wires and 3 public inputs, the circuit has {} and 3",
                                      wire_count(kSmallOfRepo), wire_count(more))));
    more.samples = 0;
    EXPECT_EQ(open(more).code(), Errc::limit_exceeded);
}

TEST_F(ProverTest, WhatCannotBeProvedSaysWhy) {
    const Prover one = prover();
    EXPECT_THAT(must_fail(one.prove(store_.job(), dataset_, 5, Fr::one())).text(),
                HasSubstr("slots 0 to 4"));
    EXPECT_EQ(must_fail(one.prove(store_.job(), Cid::empty_block(), 0, Fr::one())).code(),
              Errc::dataset_not_found);
}

TEST_F(ProverTest, ThreadsShareOne) {
    const Prover one = prover();
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (std::uint64_t slot = 0; slot < 3; ++slot)
        threads.emplace_back([&, slot] {
            const auto made = one.prove(store_.job(), dataset_, slot, Fr::one());
            if (!made || !snark::verify(one.verifying_key(), *made))
                ++wrong;
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(wrong, 0);
}

} // namespace
} // namespace codex::proof

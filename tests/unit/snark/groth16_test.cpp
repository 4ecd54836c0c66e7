#include "snark/groth16.hpp"

#include "base/thread_pool.hpp"
#include "crypto/field/text.hpp"
#include "files.hpp"
#include "snark/setup.hpp"
#include "snark/witness_file.hpp"
#include "vectors.hpp"

#include <sys/mman.h>
#include <unistd.h>

namespace codex::snark {
namespace {

using crypto::field_from_text;
using test::Json;
using test::key_from;
using test::must;
using test::must_fail;
using test::proofs;
using test::system_from;
using test::written;

Fr fr(const Json& value) {
    return value.is_number() ? Fr::from_u64(value.get<std::uint64_t>())
                             : must(field_from_text<Fr>(value.get<std::string>()));
}

std::vector<Fr> inputs_of(const Json& json) {
    return must(inputs_from_json(json.dump()));
}

struct Tiny {
    const Json& json = proofs().at("groth16_tiny");
    R1cs system = system_from(test::unhex(json.at("r1cs_hex")));
    BinaryFile witness_file = must(BinaryFile::parse(test::unhex(json.at("wtns_hex")), "wtns", 2));
    std::span<const Digest> witness = must(witness_words(witness_file));
    ProvingKey key = key_from(test::unhex(json.at("zkey_hex")));
};

TEST(Groth16, TinyCircuitGivesTheExactProofs) {
    const Tiny tiny;
    ThreadPool pool(2);
    for (const Json& test : tiny.json.at("proofs")) {
        const ProofRandomness random = {fr(test.at("r")), fr(test.at("s"))};
        const Groth16Proof proof = must(prove(tiny.key, tiny.witness, pool, random));
        EXPECT_EQ(proof, must(proof_from_json(test.at("proof").dump())));
        EXPECT_TRUE(verify(tiny.key.verifying_key(), {inputs_of(tiny.json.at("public")), proof}));
    }
}

TEST(Groth16, NoProofForWhoDoesNotWantItAnyMore) {
    const Tiny tiny;
    ThreadPool pool(2);
    Progress progress;
    progress.cancel();
    EXPECT_EQ(must_fail(prove(tiny.key, tiny.witness, {pool, progress})).code(), Errc::cancelled);
}

TEST(Groth16, TinyFilesReadAndWriteBack) {
    const Tiny tiny;
    EXPECT_EQ(tiny.system.constraint_count(), 3U);
    const Bytes original = test::unhex(tiny.json.at("r1cs_hex"));
    const Bytes again = written([&](int fd) { return tiny.system.write(fd, "tiny.r1cs"); });
    const R1cs reread = must(R1cs::read(must(BinaryFile::parse(again, "r1cs", 1))));
    ASSERT_EQ(reread.constraint_count(), 3U);
    for (std::size_t i = 0; i < 3; ++i)
        for (unsigned side = 0; side < 3; ++side)
            EXPECT_TRUE(std::ranges::equal(reread.terms(i, side), tiny.system.terms(i, side)));
    EXPECT_EQ(again.size(), original.size());
    std::vector<Fr> witness;
    for (const Digest& word : tiny.witness)
        witness.push_back(*Fr::from_bytes(word));
    EXPECT_EQ(first_broken(tiny.system, witness), std::nullopt);
    EXPECT_EQ(written([&](int fd) { return write_witness(fd, "tiny.wtns", witness); }),
              test::unhex(tiny.json.at("wtns_hex")));
    witness[3] += Fr::one();
    EXPECT_EQ(first_broken(tiny.system, witness), 0U);
}

TEST(Groth16, WiresWithoutLabelsAreBoundedByTheTerms) {
    const Tiny tiny;
    Bytes bytes = written([&](int fd) { return tiny.system.write(fd, "tiny.r1cs"); });
    // Without the last section, which are the labels.
    bytes.resize(bytes.size() - 12 - 8 * std::size_t{tiny.system.wires});
    bytes[8] = 2;
    EXPECT_EQ(must(R1cs::read(must(BinaryFile::parse(bytes, "r1cs", 1)))).wires, tiny.system.wires);
    for (const std::size_t at : {60UL, 61UL, 62UL, 63UL})
        bytes[at] = 0xff;
    EXPECT_THAT(must_fail(R1cs::read(must(BinaryFile::parse(bytes, "r1cs", 1)))).text(),
                testing::HasSubstr("4294967295 wires, but only"));
}

TEST(Groth16, VerifyingKeyIsSnarkjss) {
    const Tiny tiny;
    const Json ours = Json::parse(verifying_key_to_json(tiny.key.verifying_key()));
    for (const auto& [name, value] : tiny.json.at("verification_key").items())
        EXPECT_EQ(ours.at(name), value) << name;
    EXPECT_EQ(must(verifying_key_from_json(ours.dump())), tiny.key.verifying_key());
}

/// Its bytes are known to whoever reads this: for tests alone.
class KnownSecrets final : public SecretRandom {
public:
    explicit KnownSecrets(std::uint64_t seed) : known_(seed) {}
    Result<void> fill(MutableBytes out) override { return known_.fill(out); }

private:
    SeededRandom known_;
};

TEST(Groth16, SecretsComeFromWhereTheCallerSays) {
    const Tiny tiny;
    const auto proof_with = [&](std::uint64_t seed) {
        KnownSecrets random(seed);
        return must(prove(tiny.key, tiny.witness, {}, {}, random));
    };
    EXPECT_EQ(proof_with(1), proof_with(1));
    EXPECT_FALSE(proof_with(1) == proof_with(2));
    const auto key_with = [&](std::uint64_t seed) {
        KnownSecrets random(seed);
        return written([&](int fd) { return test_setup(tiny.system, fd, "key", {}, {}, random); });
    };
    EXPECT_EQ(key_with(1), key_with(1));
    EXPECT_NE(key_with(1), key_with(2));
}

TEST(Groth16, FreshRandomnessMakesFreshProofs) {
    const Tiny tiny;
    const Groth16Proof one = must(prove(tiny.key, tiny.witness, {}));
    const Groth16Proof two = must(prove(tiny.key, tiny.witness, {}));
    EXPECT_NE(one, two);
    const std::vector<Fr> inputs = inputs_of(tiny.json.at("public"));
    EXPECT_TRUE(verify(tiny.key.verifying_key(), {inputs, one}));
    EXPECT_TRUE(verify(tiny.key.verifying_key(), {inputs, two}));
    EXPECT_EQ(must_fail(prove(tiny.key, tiny.witness.first(3), {})).code(), Errc::malformed);
}

TEST(Groth16, DeployedNetworksProofIsAcceptedAndItsMutationsAreNot) {
    const Json& test = proofs().at("groth16_verify");
    const VerifyingKey key = must(verifying_key_from_json(test.at("verification_key").dump()));
    const Groth16Proof proof = must(proof_from_json(test.at("proof").dump()));
    const std::vector<Fr> inputs = inputs_of(test.at("public"));
    EXPECT_TRUE(verify(key, {inputs, proof}));
    EXPECT_EQ(to_hex(proof_to_contract_words(proof)),
              test.at("codex_struct_words_hex").get<std::string>());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        std::vector<Fr> wrong = inputs;
        wrong[i] += Fr::one();
        EXPECT_EQ(must_fail(verify(key, {wrong, proof})).code(), Errc::proof_invalid);
    }
    Groth16Proof wrong = proof;
    wrong.a = -wrong.a;
    EXPECT_EQ(must_fail(verify(key, {inputs, wrong})).code(), Errc::proof_invalid);
    wrong = proof;
    wrong.c = proof.a;
    EXPECT_EQ(must_fail(verify(key, {inputs, wrong})).code(), Errc::proof_invalid);
    wrong = proof;
    wrong.b.x.c0 += Fq::one();
    EXPECT_THAT(must_fail(verify(key, {inputs, wrong})).text(), testing::HasSubstr("pi_b"));
    EXPECT_EQ(must_fail(verify(key, {{inputs[0], inputs[1]}, proof})).code(), Errc::malformed);
}

TEST(Groth16, BatchNamesTheBadProofs) {
    const Tiny tiny;
    const std::vector<Fr> inputs = inputs_of(tiny.json.at("public"));
    std::vector<Statement> items;
    for (int i = 0; i < 12; ++i)
        items.push_back({inputs, must(prove(tiny.key, tiny.witness, {}))});
    const VerifyingKey key = tiny.key.verifying_key();
    ThreadPool pool(2);
    EXPECT_TRUE(must(verify_batch(key, items, pool)).empty());
    items[3].inputs[0] += Fr::one();
    items[7].proof.a = -items[7].proof.a;
    items[10].proof.c.x += Fq::one(); // off the curve
    EXPECT_EQ(must(verify_batch(key, items, pool)), (std::vector<std::size_t>{3, 7, 10}));
    EXPECT_TRUE(must(verify_batch(key, {}, Executor::caller())).empty());
}

TEST(Groth16, PointsOutsideTheSubgroupAreNamed) {
    const Tiny tiny;
    const VerifyingKey key = tiny.key.verifying_key();
    const std::vector<Fr> inputs = inputs_of(tiny.json.at("public"));
    std::vector<Statement> items;
    for (int i = 0; i < 20; ++i)
        items.push_back({inputs, must(prove(tiny.key, tiny.witness, {}))});
    // A point of the twist with x = 2 + u.
    const auto fq = [](std::string_view text) { return must(field_from_text<crypto::Fq>(text)); };
    const G2 stray = {
        {crypto::Fq::from_u64(2), crypto::Fq::one()},
        {fq("7292567877523311580221095596750716176434782432868683424513645834767876293070"),
         fq("19659275751359636165940301690575149581329631496732780143538578556285923319774")}};
    ASSERT_TRUE(stray.is_on_curve());
    items[0].proof.b = stray;
    items[8].proof.b = (crypto::G2Sum::from_affine(items[8].proof.b) + stray).to_affine();
    items[9].proof.c = -items[9].proof.c;
    items[19].proof.a = G1::infinity(); // e(A, B) is one whatever B is
    items[19].proof.b = stray;
    for (const std::size_t i : {0UL, 8UL, 19UL})
        EXPECT_THAT(must_fail(verify(key, items[i])).text(),
                    testing::HasSubstr("pi_b is not a point of G2"));
    EXPECT_THAT(must_fail(verify(key, items[9])).text(), testing::HasSubstr("equation"));
    ThreadPool pool(2);
    EXPECT_EQ(must(verify_batch(key, items, pool)), (std::vector<std::size_t>{0, 8, 9, 19}));
    EXPECT_EQ(must(verify_batch(key, items, Executor::caller())),
              (std::vector<std::size_t>{0, 8, 9, 19}));
    // The JSON form carries it as far as the verifier.
    EXPECT_EQ(must(proof_from_json(proof_to_json(items[8].proof))), items[8].proof);
}

TEST(Groth16, DamagedKeysAreRefused) {
    const Bytes good = test::unhex(proofs().at("groth16_tiny").at("zkey_hex"));
    for (std::size_t size = 0; size < good.size(); size += 7) {
        const Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
        auto file = BinaryFile::parse(cut, "zkey", 1);
        EXPECT_FALSE(file && ProvingKey::read(std::move(*file))) << size;
    }
    // A flipped bit in the header's points takes them off their curves.
    for (const std::size_t at : {120UL, 200UL, 300UL, 500UL}) {
        Bytes bad = good;
        bad[at] ^= 1;
        auto file = BinaryFile::parse(bad, "zkey", 1);
        EXPECT_FALSE(file && ProvingKey::read(std::move(*file))) << at;
    }
}

TEST(Groth16, ForeignJsonIsReadAndBadJsonRefused) {
    const Json& test = proofs().at("groth16_verify");
    Json proof = test.at("proof");
    const Groth16Proof parsed = must(proof_from_json(proof.dump()));
    EXPECT_EQ(must(proof_from_json(proof_to_json(parsed))), parsed);
    proof.erase("curve"); // rapidsnark's form
    EXPECT_EQ(must(proof_from_json(proof.dump())), parsed);
    for (const char* name : {"pi_a", "pi_b", "pi_c"}) {
        Json bad = proof;
        bad.erase(name);
        EXPECT_EQ(must_fail(proof_from_json(bad.dump())).code(), Errc::malformed);
        bad[name] = Json::array({"1", "1", "1"});
        EXPECT_EQ(must_fail(proof_from_json(bad.dump())).code(), Errc::malformed);
    }
    Json bad = proof;
    bad["protocol"] = "plonk";
    EXPECT_EQ(must_fail(proof_from_json(bad.dump())).code(), Errc::malformed);
    EXPECT_EQ(must_fail(proof_from_json("{")).code(), Errc::json_invalid);
    EXPECT_EQ(must_fail(inputs_from_json("[\"x\"]")).code(), Errc::malformed);
    EXPECT_EQ(must_fail(inputs_from_json("{}")).code(), Errc::malformed);
}

} // namespace
} // namespace codex::snark

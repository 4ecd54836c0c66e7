#include "snark/ceremony.hpp"

#include "base/thread_pool.hpp"
#include "cancelling.hpp"
#include "crypto/field/text.hpp"
#include "files.hpp"
#include "snark/detail/contribution_format.hpp"
#include "snark/detail/overrun.hpp"
#include "snark/setup.hpp"
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
using test::tiny_system;
using test::written;
using testing::HasSubstr;

constexpr std::uint32_t kMaxBeaconLog2 = 20;

const Json& vectors() {
    static const Json all = test::load_vectors("ceremony.json").at("ceremony");
    return all;
}

PowersOfTau powers_from(Bytes bytes) {
    return must(PowersOfTau::read(must(BinaryFile::parse(std::move(bytes), "ptau", 1))));
}
PowersOfTau tiny_powers() {
    return powers_from(test::unhex(vectors().at("ptau_hex")));
}

ProvingKey vector_key(const char* name) {
    return key_from(test::unhex(vectors().at(name)));
}

std::string hash_text(const Contribution& contribution) {
    return to_hex(contribution_hash(contribution));
}

Fr secret(const char* name) {
    return must(field_from_text<Fr>(vectors().at("secrets").at(name).get<std::string>()));
}

Result<std::vector<Contribution>> verify(const ProvingKey& key) {
    ThreadPool pool(2);
    return verify_setup(key, tiny_system(), tiny_powers(), kMaxBeaconLog2, pool);
}

TEST(Ceremony, SetupGivesSnarkjssKey) {
    ThreadPool pool(2);
    const Bytes key = written(
        [&](int fd) { return setup_from_powers(tiny_system(), tiny_powers(), fd, "key", pool); });
    EXPECT_EQ(to_hex(key), vectors().at("initial_zkey_hex").get<std::string>());
    EXPECT_EQ(to_hex(must(key_from(key).circuit_hash())),
              vectors().at("circuit_hash").get<std::string>());
}

/// A phase-1 file without its Lagrange forms, which are its last four sections.
Bytes unprepared(Bytes bytes) {
    const PowersOfTau powers = powers_from(bytes);
    std::size_t size = 12;
    for (const auto& [type, payload] : powers.file().sections())
        size += type <= 7 ? 12 + payload.size() : 0;
    bytes.resize(size);
    bytes[8] = 7; // sections
    return bytes;
}

TEST(Ceremony, LagrangeFormsAreComputedWhereTheFileHasNone) {
    ThreadPool pool(2);
    const PowersOfTau powers = powers_from(unprepared(test::unhex(vectors().at("ptau_hex"))));
    ASSERT_FALSE(powers.prepared());
    Progress progress;
    const Bytes key = written([&](int fd) {
        return setup_from_powers(tiny_system(), powers, fd, "key", {pool, progress});
    });
    EXPECT_EQ(to_hex(key), vectors().at("initial_zkey_hex").get<std::string>());
    EXPECT_EQ(progress.done_bytes, progress.total_bytes);
    EXPECT_TRUE(
        verify_setup(vector_key("final_zkey_hex"), tiny_system(), powers, kMaxBeaconLog2, pool));
}

TEST(Ceremony, WhatStandsBehindThePowersCountsAsInSnarkjs) {
    const Json vectors = test::load_vectors("ceremony.json");
    for (const Json& vector : vectors.at("overruns")) {
        const Bytes bytes = test::unhex(vector.at("bytes_hex"));
        const Bytes subtrahend = test::unhex(vector.at("subtrahend_stored_hex"));
        Bytes difference;
        detail::append_uncompressed(
            difference, detail::difference_of_overrun(std::span(bytes).first<kG1Bytes>(),
                                                      load_g1(subtrahend.data())));
        EXPECT_EQ(to_hex(difference), vector.at("difference").get<std::string>());
    }
}

TEST(Ceremony, SetupFromTheSecretsGivesTheSameKey) {
    const SetupSecrets secrets = {secret("tau"), secret("alpha"), secret("beta"), Fr::one()};
    const Bytes key =
        written([&](int fd) { return test_setup(tiny_system(), fd, "key", {}, secrets); });
    EXPECT_EQ(to_hex(key), vectors().at("initial_zkey_hex").get<std::string>());
}

TEST(Ceremony, DeltaOfATestSetupIsAContribution) {
    const SetupSecrets secrets = {secret("tau"), secret("alpha"), secret("beta"), Fr::from_u64(77)};
    const ProvingKey key = key_from(
        written([&](int fd) { return test_setup(tiny_system(), fd, "key", {}, secrets); }));
    const std::vector<Contribution> contributions = must(verify(key));
    ASSERT_EQ(contributions.size(), 1U);
    EXPECT_THAT(contributions[0].label.name, HasSubstr("for tests only"));
}

TEST(Ceremony, SnarkjssKeysAreWhatTheySay) {
    EXPECT_TRUE(must(verify(vector_key("initial_zkey_hex"))).empty());
    const std::vector<Contribution> one = must(verify(vector_key("contributed_zkey_hex")));
    ASSERT_EQ(one.size(), 1U);
    EXPECT_EQ(one[0].label, (ContributionLabel{0, "first", 0, {}}));
    EXPECT_EQ(hash_text(one[0]), vectors().at("contribution").at("hash").get<std::string>());
    const std::vector<Contribution> two = must(verify(vector_key("final_zkey_hex")));
    ASSERT_EQ(two.size(), 2U);
    const Json& beacon = vectors().at("beacon");
    EXPECT_EQ(two[1].label, (ContributionLabel{1, beacon.at("name").get<std::string>(),
                                               beacon.at("iterations_log2").get<std::uint8_t>(),
                                               test::unhex(beacon.at("hash"))}));
    EXPECT_EQ(hash_text(two[1]), beacon.at("contribution_hash").get<std::string>());
}

TEST(Ceremony, BeaconGivesSnarkjssBytes) {
    const Json& beacon = vectors().at("beacon");
    const ProvingKey before = vector_key("contributed_zkey_hex");
    ThreadPool pool(2);
    Progress progress;
    const Bytes key = written([&](int fd) {
        return apply_beacon(
            before, fd, "key", beacon.at("name").get<std::string>(),
            {test::unhex(beacon.at("hash")), beacon.at("iterations_log2").get<std::uint32_t>()},
            {pool, progress});
    });
    EXPECT_EQ(to_hex(key), vectors().at("final_zkey_hex").get<std::string>());
    EXPECT_EQ(progress.done_bytes, progress.total_bytes);
}

TEST(Ceremony, EndsInTheMiddleWhenItIsCancelled) {
    const PowersOfTau powers = powers_from(unprepared(test::unhex(vectors().at("ptau_hex"))));
    const ProvingKey before = vector_key("contributed_zkey_hex");
    const ProvingKey last = vector_key("final_zkey_hex");
    const Json& beacon = vectors().at("beacon");
    const Fd file(::memfd_create("key", MFD_CLOEXEC));
    const auto without_value = [](const auto& result) {
        return result ? Result<void>() : fail(result.error().code(), "{}", result.error().text());
    };
    const std::pair<const char*, std::function<Result<void>(const Job&)>> jobs[] = {
        {"setup",
         [&](const Job& job) {
             return setup_from_powers(tiny_system(), powers, file.get(), "key", job);
         }},
        {"contribute",
         [&](const Job& job) {
             return without_value(contribute(before, file.get(), "key", "me", {}, job));
         }},
        {"beacon",
         [&](const Job& job) {
             return without_value(apply_beacon(before, file.get(), "key", "me",
                                               {test::unhex(beacon.at("hash")), 17}, job));
         }},
        {"verify",
         [&](const Job& job) {
             return without_value(verify_setup(last, tiny_system(), powers, kMaxBeaconLog2, job));
         }},
        {"test_setup",
         [&](const Job& job) { return test_setup(tiny_system(), file.get(), "key", job); }},
    };
    for (const auto& [name, run] : jobs) {
        SCOPED_TRACE(name);
        test::CountingExecutor executor;
        must(run(executor));
        const long steps = executor.trap.steps();
        for (const long at : {1L, steps / 2}) {
            Progress progress;
            executor.trap.set(progress, at);
            const auto done = run({executor, progress});
            ASSERT_FALSE(done) << at << " of " << steps;
            EXPECT_EQ(done.error().code(), Errc::cancelled);
            EXPECT_LE(executor.trap.loops_after(), 1);
        }
    }
}

TEST(Ceremony, ContributionsFollowOneAnother) {
    ThreadPool pool(2);
    Bytes bytes = test::unhex(vectors().at("contributed_zkey_hex"));
    std::vector<std::string> hashes = {vectors().at("contribution").at("hash").get<std::string>()};
    for (const char* name : {"second", "", "third"}) {
        const ProvingKey before = key_from(bytes);
        bytes = written([&](int fd) {
            auto made = contribute(before, fd, "key", name, as_bytes("more"), pool);
            if (made)
                hashes.push_back(hash_text(*made));
            return made;
        });
    }
    const std::vector<Contribution> contributions = must(verify(key_from(bytes)));
    ASSERT_EQ(contributions.size(), hashes.size());
    for (std::size_t i = 0; i < hashes.size(); ++i)
        EXPECT_EQ(hash_text(contributions[i]), hashes[i]);
    EXPECT_EQ(contributions[3].label.name, "third");
    // Secrets are fresh each time.
    EXPECT_NE(contributions[1].delta_after, contributions[2].delta_after);
}

TEST(Ceremony, NamesAndBeaconsThatFilesCannotHoldAreRefused) {
    const std::string euro = "\xe2\x82\xac";
    const std::string clef = "\xf0\x9d\x84\x9e";
    std::string many;
    for (int i = 0; i < 32; ++i)
        many += clef;
    EXPECT_TRUE(check_contribution_name(""));
    EXPECT_TRUE(check_contribution_name(std::string(64, 'x')));
    EXPECT_TRUE(check_contribution_name(many)); // 64 units of UTF-16
    for (const std::string& name :
         {std::string(65, 'x'), many + "x", std::string("\xff"), euro.substr(0, 2),
          std::string("\xc0\x80"), std::string("\xed\xa0\x80"), std::string("\xf4\x90\x80\x80")})
        EXPECT_EQ(must_fail(check_contribution_name(name)).code(), Errc::argument_invalid)
            << to_hex(as_bytes(name));
    const ProvingKey key = vector_key("initial_zkey_hex");
    for (const Beacon& beacon :
         {Beacon{{}, 10}, Beacon{Bytes(256), 10}, Beacon{{1}, 9}, Beacon{{1}, 64}})
        EXPECT_EQ(must_fail(apply_beacon(key, -1, "key", "", beacon, {})).code(),
                  Errc::argument_invalid);
}

/// Where the payload of a section begins.
std::size_t offset_of(const ProvingKey& key, const Bytes& bytes, std::uint32_t type) {
    // The file holds its own copy; sizes give the place.
    std::size_t at = 12;
    for (const auto& [one, payload] : key.file().sections()) {
        at += 12;
        if (one == type)
            return at;
        at += payload.size();
    }
    return bytes.size();
}

std::string refusal(Bytes bytes) {
    auto file = BinaryFile::parse(std::move(bytes), "zkey", 1);
    if (!file)
        return file.error().text();
    auto key = ProvingKey::read(std::move(*file));
    if (!key)
        return key.error().text();
    const auto verified = verify(*key);
    if (verified)
        return "accepted";
    EXPECT_TRUE(verified.error().code() == Errc::key_invalid ||
                verified.error().code() == Errc::malformed);
    return verified.error().text();
}

TEST(Ceremony, EverySectionIsHeldAgainstTheCircuit) {
    const Bytes original = test::unhex(vectors().at("final_zkey_hex"));
    const ProvingKey key = key_from(original);
    EXPECT_EQ(refusal(original), "accepted");
    const auto points_swapped = [&](std::uint32_t type, std::size_t first, std::size_t second,
                                    std::size_t size) {
        Bytes bytes = original;
        const std::size_t at = offset_of(key, original, type);
        std::swap_ranges(bytes.begin() + static_cast<std::ptrdiff_t>(at + first * size),
                         bytes.begin() + static_cast<std::ptrdiff_t>(at + (first + 1) * size),
                         bytes.begin() + static_cast<std::ptrdiff_t>(at + second * size));
        return refusal(std::move(bytes));
    };
    EXPECT_THAT(points_swapped(3, 0, 1, kG1Bytes), HasSubstr("section 3: is not the circuit's"));
    EXPECT_THAT(points_swapped(5, 0, 1, kG1Bytes), HasSubstr("section 5: is not the circuit's"));
    EXPECT_THAT(points_swapped(6, 2, 3, kG1Bytes), HasSubstr("section 6: is not the circuit's"));
    EXPECT_THAT(points_swapped(7, 2, 3, kG2Bytes), HasSubstr("section 7: is not the circuit's"));
    EXPECT_THAT(points_swapped(8, 0, 1, kG1Bytes), HasSubstr("section 8: is not the circuit's"));
    EXPECT_THAT(points_swapped(9, 0, 1, kG1Bytes), HasSubstr("section 9: is not that"));
    const auto flipped = [&](std::uint32_t type, std::size_t at) {
        Bytes bytes = original;
        bytes[offset_of(key, original, type) + at] ^= 1;
        return refusal(std::move(bytes));
    };
    EXPECT_THAT(flipped(4, 4 + 12), HasSubstr("section 4: is not the circuit's"));
    EXPECT_THAT(flipped(8, 0), HasSubstr("section 8: a point is not in its group"));
    EXPECT_THAT(flipped(9, 0), HasSubstr("section 9: a point is not in its group"));
    EXPECT_THAT(flipped(10, 0), HasSubstr("contribution 1: its transcript"));
    EXPECT_THAT(flipped(10, 68), HasSubstr("contribution 1: a point is not in G1"));
    EXPECT_THAT(flipped(10, 68 + 3 * 64 + 128), HasSubstr("contribution 1: its transcript"));
    EXPECT_THAT(flipped(10, 68 + 3 * 64), HasSubstr("contribution 1: a point is not in G2"));
    // alpha1 and beta1 exchanged; they stand 84 bytes into the header.
    Bytes bytes = original;
    const std::size_t alpha = offset_of(key, original, 2) + 84;
    std::swap_ranges(bytes.begin() + static_cast<std::ptrdiff_t>(alpha),
                     bytes.begin() + static_cast<std::ptrdiff_t>(alpha + 64),
                     bytes.begin() + static_cast<std::ptrdiff_t>(alpha + 64));
    EXPECT_THAT(refusal(std::move(bytes)), HasSubstr("section 2: alpha1"));
    // Without its last contribution, or all: delta does not fit.
    bytes = original;
    bytes[offset_of(key, original, 10) + 64] = 0;
    EXPECT_THAT(refusal(bytes), HasSubstr("section 10: "));
    // The beacon's value, the last byte of the file.
    bytes = original;
    bytes.back() ^= 1;
    EXPECT_THAT(refusal(bytes), HasSubstr("contribution 2: is not its beacon's"));
}

TEST(Ceremony, KeysOfOtherCircuitsAndPowersAreRefused) {
    // The same circuit over other secrets.
    const SetupSecrets secrets = {secret("tau"), secret("alpha"), secret("beta") + Fr::one(),
                                  Fr::one()};
    EXPECT_THAT(must_fail(verify(key_from(written([&](int fd) {
                    return test_setup(tiny_system(), fd, "key", {}, secrets);
                }))))
                    .text(),
                HasSubstr("section 2: beta1 is not that of the powers"));
    // A larger circuit.
    R1cs larger = tiny_system();
    larger.add({{1, Fr::one()}}, {{1, Fr::one()}}, {{1, Fr::one()}});
    ThreadPool pool(2);
    const ProvingKey key = vector_key("final_zkey_hex");
    EXPECT_EQ(must_fail(verify_setup(key, larger, tiny_powers(), kMaxBeaconLog2, pool)).code(),
              Errc::key_invalid);
    for (int i = 0; i < 20; ++i)
        larger.add({{1, Fr::one()}}, {{1, Fr::one()}}, {{1, Fr::one()}});
    const Error error = must_fail(setup_from_powers(larger, tiny_powers(), -1, "key", pool));
    EXPECT_EQ(error.code(), Errc::limit_exceeded);
    EXPECT_THAT(error.text(), HasSubstr("the circuit needs 2^5"));
}

TEST(Ceremony, ABeaconOfTooManyIterationsIsNotFollowed) {
    Bytes bytes = test::unhex(vectors().at("final_zkey_hex"));
    const auto length = test::unhex(vectors().at("beacon").at("hash")).size();
    bytes[bytes.size() - length - 3] = 63;
    EXPECT_EQ(must_fail(verify(key_from(bytes))).code(), Errc::limit_exceeded);
}

TEST(Ceremony, NoSecretTouchesPointsOfAnotherCurve) {
    Bytes bytes = test::unhex(vectors().at("contributed_zkey_hex"));
    const ProvingKey key = key_from(bytes);
    bytes[offset_of(key, bytes, 9) + 70] ^= 1;
    const ProvingKey forged = key_from(bytes);
    const Fd fd(::memfd_create("file", 0));
    EXPECT_THAT(must_fail(contribute(forged, fd.get(), "key", "", {}, {})).text(),
                HasSubstr("section 9: a point is not in its group"));
}

} // namespace
} // namespace codex::snark

#include "snark/ptau.hpp"

#include "base/thread_pool.hpp"
#include "must.hpp"
#include "vectors.hpp"

namespace codex::snark {
namespace {

using test::must;
using test::must_fail;
using testing::HasSubstr;

Bytes tiny() {
    static const Bytes bytes =
        test::unhex(test::load_vectors("ceremony.json").at("ceremony").at("ptau_hex"));
    return bytes;
}

Result<PowersOfTau> read(Bytes bytes) {
    CODEX_TRY(file, BinaryFile::parse(std::move(bytes), "ptau", 1));
    return PowersOfTau::read(std::move(file));
}

/// Where the payload of a section begins.
std::size_t offset_of_section(std::uint32_t type) {
    const PowersOfTau powers = must(read(tiny()));
    std::size_t at = 12;
    for (const auto& [one, payload] : powers.file().sections()) {
        if (one == type)
            return at + 12;
        at += 12 + payload.size();
    }
    return 0;
}

Bytes changed(std::uint32_t section, std::size_t at, std::uint8_t value) {
    Bytes bytes = tiny();
    bytes[offset_of_section(section) + at] = value;
    return bytes;
}

TEST(PowersOfTau, ReadsSnarkjssFile) {
    const PowersOfTau powers = must(read(tiny()));
    EXPECT_EQ(powers.power, 4U);
    EXPECT_EQ(powers.ceremony_power, 4U);
    EXPECT_TRUE(powers.prepared());
    EXPECT_EQ(powers.tau_g1.size(), 31 * kG1Bytes);
    EXPECT_EQ(must(powers.lagrange(PowersOfTau::Basis::tau_g1, 5)).size(), 32 * kG1Bytes);
    EXPECT_EQ(must(powers.lagrange(PowersOfTau::Basis::tau_g2, 4)).size(), 16 * kG2Bytes);
    EXPECT_TRUE(must(powers.contributions()).empty());
    ThreadPool pool(2);
    for (std::uint32_t log2 = 1; log2 <= 4; ++log2)
        must(powers.check(log2, pool));
    // The only domain of one point has the generator as its Lagrange form.
    EXPECT_EQ(load_g1(must(powers.lagrange(PowersOfTau::Basis::tau_g1, 0)).data()),
              crypto::g1_generator());
}

TEST(PowersOfTau, RefusesHeadersAndSizesThatDoNotFit) {
    EXPECT_THAT(must_fail(read(changed(1, 0, 31))).text(), HasSubstr("not over BN254"));
    EXPECT_THAT(must_fail(read(changed(1, 4, 0))).text(), HasSubstr("not over BN254"));
    EXPECT_THAT(must_fail(read(changed(1, 36, 29))).text(), HasSubstr("power 29"));
    EXPECT_THAT(must_fail(read(changed(1, 36, 0))).text(), HasSubstr("power 0"));
    EXPECT_THAT(must_fail(read(changed(1, 40, 3))).text(), HasSubstr("of a ceremony of 3"));
    Bytes bytes = changed(1, 36, 5);
    bytes[offset_of_section(1) + 40] = 5;
    EXPECT_THAT(must_fail(read(bytes)).text(), HasSubstr("section 2"));
    EXPECT_THAT(must_fail(read(changed(6, 0, 1))).text(), HasSubstr("section 6"));
    bytes = tiny();
    for (std::size_t size = 0; size < bytes.size(); size += size < 200 ? 1 : 97)
        EXPECT_FALSE(read({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}));
}

TEST(PowersOfTau, CheckNamesTheSectionThatIsWrong) {
    const std::pair<std::uint32_t, std::size_t> sections[] = {
        {2, 64}, {3, 128}, {4, 64}, {5, 64}, {12, 64}, {13, 128}, {14, 64}, {15, 64}};
    ThreadPool pool(2);
    for (const auto& [section, each] : sections) {
        // Lagrange forms of the domain of 16 begin behind those of 1 to 8.
        const std::size_t at = offset_of_section(section) + (section >= 12 ? 15 * each : 0);
        Bytes bytes = tiny();
        bytes[at + 2 * each] ^= 1;
        const std::string name = fmt::format("section {}: ", section);
        EXPECT_THAT(must_fail(must(read(bytes)).check(4, pool)).text(),
                    HasSubstr(name + "a point is not in its group"));
        // Points of the group, but exchanged.
        bytes = tiny();
        std::swap_ranges(bytes.begin() + static_cast<std::ptrdiff_t>(at + 2 * each),
                         bytes.begin() + static_cast<std::ptrdiff_t>(at + 3 * each),
                         bytes.begin() + static_cast<std::ptrdiff_t>(at + 3 * each));
        EXPECT_THAT(must_fail(must(read(bytes)).check(4, pool)).text(), HasSubstr(name));
        // What a smaller domain does not use is not its matter.
        if (section >= 12)
            must(must(read(bytes)).check(2, pool));
    }
}

TEST(PowersOfTau, PointsOfTheTwistOutsideTheSubgroupAreFound) {
    // (x, y) on the twist for the smallest x = a + u, a = 0, 1, ..., whose order is not r: almost
    // every point of the twist is such.
    G2 stray;
    for (std::uint64_t a = 0;; ++a) {
        const crypto::Fq2 x = {Fq::from_u64(a), Fq::one()};
        const crypto::Fq2 right = x.square() * x + crypto::CurveConstants<crypto::Fq2>::b();
        // q = 3 mod 4: a square root by the norm, (q + 1) / 4 twice.
        constexpr crypto::Limbs kRoot = {0x4f082305b61f3f52, 0x65e05aa45a1c72a3, 0x6e14116da0605617,
                                         0x0c19139cb84c680a};
        const Fq norm = (right.c0.square() + right.c1.square()).pow(kRoot);
        const Fq real = ((right.c0 + norm) * Fq::from_u64(2).inverse()).pow(kRoot);
        stray = {x, {real, right.c1 * real.doubled().inverse()}};
        if (stray.is_on_curve())
            break;
    }
    ASSERT_FALSE(crypto::G2Sum::from_affine(stray).times(crypto::FrParams::kModulus).is_infinity());
    Bytes bytes = tiny();
    std::memcpy(bytes.data() + offset_of_section(13) + (15 + 3) * kG2Bytes, &stray, kG2Bytes);
    EXPECT_THAT(must_fail(must(read(bytes)).check(4, {})).text(),
                HasSubstr("section 13: a point is not in its group"));
}

} // namespace
} // namespace codex::snark

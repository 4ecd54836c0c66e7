#include "base/checked.hpp"
#include "base/cpu.hpp"
#include "base/endian.hpp"

#include <array>
#include <cstdlib>

namespace codex {
namespace {

constexpr std::uint64_t kMax = ~std::uint64_t{0};

TEST(Checked, AddAndMultiplyAtTheBorder) {
    EXPECT_EQ(checked_add(kMax, 0), kMax);
    EXPECT_EQ(checked_add(kMax, 1), std::nullopt);
    EXPECT_EQ(checked_add(std::uint8_t{200}, 55), std::uint8_t{255});
    EXPECT_EQ(checked_add(std::uint8_t{200}, 56), std::nullopt);
    EXPECT_EQ(checked_mul(kMax, 1), kMax);
    EXPECT_EQ(checked_mul(kMax, 0), 0u);
    EXPECT_EQ(checked_mul(kMax / 2 + 1, 2), std::nullopt);
    EXPECT_EQ(checked_mul(std::uint32_t{65536}, 65535), std::uint32_t{4294901760});
    EXPECT_EQ(checked_mul(std::uint32_t{65536}, 65536), std::nullopt);
}

TEST(Checked, DivUpAndNextPow2) {
    EXPECT_EQ(div_up(0, 7), 0u);
    EXPECT_EQ(div_up(1, 7), 1u);
    EXPECT_EQ(div_up(7, 7), 1u);
    EXPECT_EQ(div_up(8, 7), 2u);
    EXPECT_EQ(div_up(kMax, 2), std::uint64_t{1} << 63);
    EXPECT_EQ(div_up(kMax, kMax), 1u);
    const std::pair<std::uint64_t, std::uint64_t> powers[] = {
        {0, 1},
        {1, 1},
        {2, 2},
        {3, 4},
        {4, 4},
        {5, 8},
        {65537, 131072},
        {(std::uint64_t{1} << 63) - 1, std::uint64_t{1} << 63},
        {std::uint64_t{1} << 63, std::uint64_t{1} << 63},
    };
    for (const auto& [x, power] : powers)
        EXPECT_EQ(next_pow2(x), power) << x;
}

TEST(Endian, KnownBytesAtOddAddresses) {
    const std::array<std::uint8_t, 9> bytes = {0xff, 1, 2, 3, 4, 5, 6, 7, 8};
    const std::uint8_t* odd = bytes.data() + 1;
    EXPECT_EQ(load_le<std::uint8_t>(odd), 1u);
    EXPECT_EQ(load_le<std::uint16_t>(odd), 0x0201u);
    EXPECT_EQ(load_be<std::uint16_t>(odd), 0x0102u);
    EXPECT_EQ(load_le<std::uint32_t>(odd), 0x04030201u);
    EXPECT_EQ(load_be<std::uint32_t>(odd), 0x01020304u);
    EXPECT_EQ(load_le<std::uint64_t>(odd), 0x0807060504030201u);
    EXPECT_EQ(load_be<std::uint64_t>(odd), 0x0102030405060708u);
}

TEST(Endian, StoresWhatLoadsRead) {
    std::array<std::uint8_t, 9> bytes{};
    store_le(bytes.data() + 1, std::uint64_t{0x0102030405060708});
    EXPECT_EQ(bytes[1], 8);
    EXPECT_EQ(load_le<std::uint64_t>(bytes.data() + 1), 0x0102030405060708u);
    store_be(bytes.data() + 1, std::uint32_t{0x01020304});
    EXPECT_EQ(bytes[1], 1);
    EXPECT_EQ(load_be<std::uint32_t>(bytes.data() + 1), 0x01020304u);
    store_be(bytes.data(), std::uint16_t{0xabcd});
    EXPECT_EQ(bytes[0], 0xab);
    EXPECT_EQ(bytes[1], 0xcd);
}

TEST(Cpu, LevelsImplyTheirFeaturesAndTheVariableCapsThem) {
    const cpu::Features& f = cpu::features();
    if (f.level == cpu::Level::portable) {
        EXPECT_FALSE(f.avx2 || f.avx512 || f.gfni || f.adx || f.sha_ni);
    }
    if (f.level == cpu::Level::avx512) {
        EXPECT_TRUE(f.avx2 && f.avx512);
    }
    if (f.avx512_gfni || f.avx512_ifma || f.avx512_vbmi) {
        EXPECT_TRUE(f.avx512);
    }
    if (f.avx512) {
        EXPECT_EQ(f.level, cpu::Level::avx512);
    }
    if (f.level < cpu::Level::gfni256) {
        EXPECT_FALSE(f.gfni);
    }
    const char* cap = std::getenv("CODEX_CPU");
    if (cap != nullptr && std::string_view(cap) == "portable") {
        EXPECT_EQ(f.level, cpu::Level::portable);
        EXPECT_EQ(cpu::describe(), "portable");
    }
    if (cap != nullptr && std::string_view(cap).ends_with("-nosha")) {
        EXPECT_FALSE(f.sha_ni);
    }
    EXPECT_FALSE(cpu::describe().empty());

    // Whoever chose its kernels by these features keeps them.
    EXPECT_FALSE(cpu::limit({cpu::Level::portable, false}));
    EXPECT_EQ(cpu::features().level, f.level);
}

TEST(Cpu, LimitsHaveNames) {
    using cpu::Level;
    using cpu::Limit;
    for (const auto& [name, level] :
         {std::pair("portable", Level::portable), std::pair("ssse3", Level::ssse3),
          std::pair("avx2", Level::avx2), std::pair("gfni256", Level::gfni256),
          std::pair("avx512", Level::avx512)}) {
        EXPECT_EQ(cpu::limit_named(name), (Limit{level, true})) << name;
        const std::optional<Limit> without_sha =
            level < Level::avx2 ? std::nullopt : std::optional(Limit{level, false});
        EXPECT_EQ(cpu::limit_named(std::string(name) + "-nosha"), without_sha) << name;
    }
    for (const char* name : {"", "AVX2", "gfni", "-nosha", "avx2-", "avx2-nosha-nosha", "avx2-sha"})
        EXPECT_EQ(cpu::limit_named(name), std::nullopt) << name;
}

} // namespace
} // namespace codex

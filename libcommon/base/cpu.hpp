// Which kernels run: found once from CPUID and the operating system, up to the level that the
// program allows, so that every path can be tested on one machine.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace codex::cpu {

enum class Level { portable, ssse3, avx2, gfni256, avx512 };

struct Features {
    Level level = Level::portable;
    bool sha_ni = false;      ///< SHA extensions, where the limit is avx2 or more and has them
    bool ssse3 = false;       ///< pshufb and SSE4.2
    bool avx2 = false;        ///< AVX2, BMI2 and FMA
    bool adx = false;         ///< ADX and BMI2 (mulx, adcx, adox)
    bool gfni = false;        ///< GFNI in 256-bit registers, where the limit is gfni256 or more
    bool avx512 = false;      ///< AVX-512 F, BW, DQ, VL
    bool avx512_ifma = false; ///< 52-bit multiply-add, with avx512
    bool avx512_vbmi = false; ///< byte permutes, with avx512
    bool avx512_gfni = false; ///< GFNI in 512-bit registers, with avx512
};

/// The most that may run. The SHA extensions came with no level: there are machines with AVX2 and
/// with AVX-512 that lack them.
struct Limit {
    Level highest = Level::avx512;
    bool sha_ni = true;
    bool operator==(const Limit&) const = default;
};

/// Allows no more than `most`. A program calls it, if at all, when it begins, before any other
/// thread and before features() was asked for; later it has no effect, and that is false. What the
/// machine lacks is never chosen. Tools, tests and benchmarks do so when CODEX_CPU is set.
bool limit(Limit most);

/// The features in use; constant for the life of the process. Threads: any.
[[nodiscard]] const Features& features();

/// The limit of that name: that of a level, portable, ssse3, avx2, gfni256 or avx512; and of the
/// last three with "-nosha" behind it, the same without the SHA extensions.
[[nodiscard]] std::optional<Limit> limit_named(std::string_view name);

/// For --version: "avx512 sha_ni gfni adx ifma vbmi", "portable"; of gfni256 "avx2 sha_ni gfni
/// adx".
[[nodiscard]] std::string describe();

} // namespace codex::cpu

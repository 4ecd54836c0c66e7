// Which kernels run: found once from CPUID and the operating system, bounded by CODEX_CPU.
//
// CODEX_CPU=portable|avx2|avx512 caps the level, so every path can be tested on one machine. A
// level the machine lacks is never chosen, whatever the variable says.
#pragma once

#include <string>
#include <string_view>

namespace codex::cpu {

enum class Level { portable, avx2, avx512 };

struct Features {
    Level level = Level::portable;
    bool sha_ni = false;      ///< SHA extensions (with SSE4.1); false when portable is forced
    bool ssse3 = false;       ///< pshufb and SSE4.2
    bool avx2 = false;        ///< AVX2 and BMI2
    bool adx = false;         ///< ADX and BMI2 (mulx, adcx, adox)
    bool gfni = false;        ///< GFNI in 256-bit registers (with AVX2)
    bool avx512 = false;      ///< AVX-512 F, BW, DQ, VL
    bool avx512_ifma = false; ///< 52-bit multiply-add, with avx512
    bool avx512_vbmi = false; ///< byte permutes, with avx512
    bool avx512_gfni = false; ///< GFNI in 512-bit registers, with avx512
};

/// The features in use; constant for the life of the process, thread-safe.
[[nodiscard]] const Features& features();

/// Whether `name` is a level that CODEX_CPU may name.
[[nodiscard]] bool is_level(std::string_view name);

/// For --version: "avx512 sha_ni gfni ifma" or "portable".
[[nodiscard]] std::string describe();

} // namespace codex::cpu

#include "base/cpu.hpp"

#include <atomic>

namespace codex::cpu {

namespace {

constinit std::atomic<Limit> allowed{Limit{}};
constinit std::atomic<bool> detected{false};

Features detect() {
    Features found;
#if defined(__x86_64__)
    const auto [cap, sha_ni_allowed] = allowed.load();
    if (cap == Level::portable)
        return found;
    __builtin_cpu_init();
    unsigned eax = 0;
    unsigned ebx = 0;
    unsigned ecx = 0;
    unsigned edx = 0;
    // CPUID leaf 7: the builtin names of gcc 12 and clang 19 differ for these bits.
    __asm__("cpuid" : "=a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx) : "a"(7), "c"(0));
    const bool gfni_bit = (ecx >> 8) & 1U;
    found.ssse3 = __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.2");
    if (found.ssse3)
        found.level = Level::ssse3;
    if (cap == Level::ssse3)
        return found;
    found.sha_ni = ((ebx >> 29) & 1U) != 0 && found.ssse3 && sha_ni_allowed;
    found.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") &&
                 __builtin_cpu_supports("fma");
    found.adx = ((ebx >> 19) & 1U) != 0 && found.avx2;
    if (!found.avx2)
        return found;
    found.level = Level::avx2;
    if (cap == Level::avx2)
        return found;
    found.gfni = gfni_bit;
    if (found.gfni)
        found.level = Level::gfni256;
    if (cap == Level::gfni256)
        return found;
    found.avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (!found.avx512)
        return found;
    found.level = Level::avx512;
    found.avx512_ifma = __builtin_cpu_supports("avx512ifma");
    found.avx512_vbmi = __builtin_cpu_supports("avx512vbmi");
    found.avx512_gfni = gfni_bit;
#endif
    return found;
}

std::string_view name_of(Level level) {
    switch (level) {
    case Level::ssse3:
        return "ssse3";
    case Level::avx2:
        return "avx2";
    case Level::gfni256:
        return "gfni256";
    case Level::avx512:
        return "avx512";
    default:
        return "portable";
    }
}

} // namespace

std::optional<Limit> limit_named(std::string_view name) {
    constexpr std::string_view kWithoutSha = "-nosha";
    const bool without_sha = name.ends_with(kWithoutSha);
    if (without_sha)
        name.remove_suffix(kWithoutSha.size());
    for (const Level level :
         {Level::portable, Level::ssse3, Level::avx2, Level::gfni256, Level::avx512})
        if (name == name_of(level) && !(without_sha && level < Level::avx2))
            return Limit{level, !without_sha};
    return std::nullopt;
}

bool limit(Limit most) {
    if (detected)
        return false;
    allowed = most;
    return true;
}

const Features& features() {
    static const Features found = [] {
        detected = true;
        return detect();
    }();
    return found;
}

std::string describe() {
    const Features& f = features();
    std::string text(name_of(f.level == Level::gfni256 ? Level::avx2 : f.level));
    const auto add = [&text](bool present, const char* name) {
        if (present)
            text.append(" ").append(name);
    };
    add(f.sha_ni, "sha_ni");
    add(f.gfni, "gfni");
    add(f.adx, "adx");
    add(f.avx512_ifma, "ifma");
    add(f.avx512_vbmi, "vbmi");
    return text;
}

} // namespace codex::cpu

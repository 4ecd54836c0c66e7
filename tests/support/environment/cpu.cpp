// Linked to test programs and benchmarks: CODEX_CPU says which kernels run, as with the tools.
#include "base/cpu.hpp"

#include <cstdio>
#include <cstdlib>

namespace {

[[maybe_unused]] const bool limited = [] {
    const char* name = std::getenv("CODEX_CPU");
    if (name == nullptr || *name == '\0')
        return false;
    const auto limit = codex::cpu::limit_named(name);
    if (!limit) { // what ran then would be taken for what was meant
        std::fprintf(stderr,
                     "$CODEX_CPU: '%s' names no kernels: portable, ssse3, avx2, gfni256 or avx512; "
                     "and behind the last three -nosha\n",
                     name);
        std::_Exit(78);
    }
    if (!codex::cpu::limit(*limit))
        std::abort(); // something before main() chose its kernels already
    return true;
}();

} // namespace

// Linked to test programs and benchmarks: CODEX_CPU says which kernels run, as with the tools.
#include "base/cpu.hpp"

#include <cstdlib>

namespace {

[[maybe_unused]] const bool limited = [] {
    const char* name = std::getenv("CODEX_CPU");
    const auto level = name == nullptr ? std::nullopt : codex::cpu::level_named(name);
    if (level && !codex::cpu::limit(*level))
        std::abort(); // something before main() chose its kernels already
    return level.has_value();
}();

} // namespace

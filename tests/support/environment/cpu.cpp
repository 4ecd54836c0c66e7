// Linked to test programs and benchmarks: CODEX_CPU says which kernels run, as with the tools.
#include "base/cpu.hpp"

#include <cstdlib>

namespace {

[[maybe_unused]] const bool limited = [] {
    const char* name = std::getenv("CODEX_CPU");
    const auto limit = name == nullptr ? std::nullopt : codex::cpu::limit_named(name);
    if (limit && !codex::cpu::limit(*limit))
        std::abort(); // something before main() chose its kernels already
    return limit.has_value();
}();

} // namespace

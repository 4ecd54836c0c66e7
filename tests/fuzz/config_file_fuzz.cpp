// Whatever a configuration file says: entries with keys, in the order of their lines, or an error.
#include "cli/detail/config_file.hpp"

#include "property.hpp"

using namespace codex;
using namespace codex::cli::detail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto entries = parse_config(BytesView(data, size), "file");
    if (!entries) {
        FUZZ_CHECK(entries.error().code() == Errc::config_invalid ||
                   entries.error().code() == Errc::limit_exceeded);
        return 0;
    }
    FUZZ_CHECK(size <= kMaxConfigBytes);
    std::uint64_t line = 0;
    for (const ConfigEntry& entry : *entries) {
        FUZZ_CHECK(entry.line >= line);
        line = entry.line;
    }
    return 0;
}

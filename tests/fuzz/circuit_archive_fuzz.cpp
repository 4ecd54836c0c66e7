// A circuit archive from anywhere: whatever it is, only the known files are written, each once,
// within the limits, and not more of them than is said.
#include "circuits/detail/circuit_unpack.hpp"
#include "property.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace codex;
using namespace codex::circuits::detail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr UnpackLimits kLimits = {1 << 16, 1 << 18};
    const Fd file(::memfd_create("archive", MFD_CLOEXEC));
    FUZZ_CHECK(file && pwrite_full(file.get(), {data, size}, 0, "archive"));
    std::array<Fd, kCircuitFiles> made;
    const auto unpacked =
        unpack_circuit(file.get(), "archive", kLimits, [&](CircuitFile which) -> Result<int> {
            Fd& fd = made[static_cast<std::size_t>(which)];
            FUZZ_CHECK(!fd);
            fd = Fd(::memfd_create("file", MFD_CLOEXEC));
            FUZZ_CHECK(fd);
            return fd.get();
        });
    if (unpacked)
        FUZZ_CHECK(unpacked->skipped.size() <= kMaxSkippedNames);
    for (std::size_t i = 0; i < kCircuitFiles; ++i) {
        struct stat info = {};
        if (made[i])
            FUZZ_CHECK(::fstat(made[i].get(), &info) == 0 &&
                       static_cast<std::uint64_t>(info.st_size) <= kLimits.file_bytes);
        if (unpacked)
            FUZZ_CHECK(unpacked->taken[i] == static_cast<bool>(made[i]));
    }
    return 0;
}

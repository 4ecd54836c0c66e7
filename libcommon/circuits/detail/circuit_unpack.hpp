// The files of a circuit archive, out of a tar that may be hostile.
#pragma once

#include "base/fd.hpp"

#include <array>
#include <functional>
#include <string>
#include <vector>

namespace codex::circuits::detail {

/// In the order in which they get their names.
enum class CircuitFile : std::uint8_t { r1cs, wasm, graph, verification_key, zkey };
constexpr std::size_t kCircuitFiles = 5;
[[nodiscard]] std::string_view name_of(CircuitFile file);

struct UnpackLimits {
    std::uint64_t file_bytes = 0;  ///< of each entry, taken or not
    std::uint64_t total_bytes = 0; ///< of the tar
};
constexpr std::uint64_t kMaxVerificationKeyBytes = std::uint64_t{1} << 20;
constexpr std::size_t kMaxArchiveEntries = 1024;
constexpr std::size_t kMaxSkippedNames = 8;

struct Unpacked {
    std::array<bool, kCircuitFiles> taken{};
    std::vector<std::string> skipped; ///< names of other entries, the first kMaxSkippedNames
};

/// Reads a tar, compressed by gzip or not, from `fd` at its position, and writes the entries with
/// the known names ("./" before them or not), each once, to the descriptors that `create` gives.
/// Everything else is skipped. `name` is the archive in error texts.
/// Errors: malformed (not such an archive, cut short, a known name twice or for what is no regular
/// file), limit_exceeded, what `create` says, io.
[[nodiscard]] Result<Unpacked>
unpack_circuit(int fd, const std::string& name, const UnpackLimits& limits,
               const std::function<Result<int>(CircuitFile)>& create);

} // namespace codex::circuits::detail

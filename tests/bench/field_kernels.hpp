// What field_bench times in each instruction set. Plain types only: files compiled for other
// machines include it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace codex::bench {

/// Elements of a batch: enough to fill lanes and pipelines, few enough for the first cache.
constexpr std::size_t kBatch = 64;

/// Products in Fr. Elements are four words each, reduced, in Montgomery form (any).
struct FieldKernel {
    const char* name;
    /// a[i] := a[i] * b[i] for the whole batch, `rounds` times.
    void (*batch)(std::uint64_t* a, const std::uint64_t* b, std::size_t rounds);
    /// a[0] := a[0] * b[0], `rounds` times; nullptr where nobody has a use for it.
    void (*chain)(std::uint64_t* a, const std::uint64_t* b, std::size_t rounds);
};

#if defined(__x86_64__)
[[nodiscard]] const FieldKernel& adx_field();
[[nodiscard]] const FieldKernel& avx2_field();
[[nodiscard]] const FieldKernel& ifma_field();
#endif

} // namespace codex::bench

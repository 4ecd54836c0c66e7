// Runs of butterflies, compiled for each instruction set. Plain types only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace codex::crypto::detail {

/// Elements are four Montgomery words (2^256). Twiddle factors are kept in a form of the kernel's
/// own, `twiddle_words` words each, made by make_twiddles.
struct NttKernel {
    const char* name;
    std::size_t twiddle_words;
    /// `count` elements to twiddles.
    void (*make_twiddles)(const std::uint64_t* roots, std::size_t count, std::uint64_t* twiddles);
    /// (low, high) := (low + high, (low - high) * twiddle), `count` times.
    void (*dif_run)(std::uint64_t* low, std::uint64_t* high, const std::uint64_t* twiddles,
                    std::size_t count);
    /// (low, high) := (low + high * twiddle, low - high * twiddle), `count` times.
    void (*dit_run)(std::uint64_t* low, std::uint64_t* high, const std::uint64_t* twiddles,
                    std::size_t count);
    /// The layers of 4, 2 and 1 of dif_run, or those of 1, 2 and 4 of dit_run, over `count`
    /// elements, a multiple of `eights`; `roots` are powers 1 to 3 of the root of order eight, as
    /// elements.
    std::size_t eights;
    void (*dif_eights)(std::uint64_t* values, const std::uint64_t* roots, std::size_t count);
    void (*dit_eights)(std::uint64_t* values, const std::uint64_t* roots, std::size_t count);
    /// values[i] := values[i] * factors[i] * common; factors are elements.
    void (*multiply)(std::uint64_t* values, const std::uint64_t* factors,
                     const std::uint64_t* common, std::size_t count);
    /// a[i] := a[i] * b[i] - c[i].
    void (*multiply_subtract)(std::uint64_t* a, const std::uint64_t* b, const std::uint64_t* c,
                              std::size_t count);
};

[[nodiscard]] const NttKernel& ntt_portable();
#if defined(__x86_64__)
[[nodiscard]] const NttKernel& ntt_adx();
/// Every count is a multiple of 8.
[[nodiscard]] const NttKernel& ntt_avx2();
[[nodiscard]] const NttKernel& ntt_ifma();
#endif

} // namespace codex::crypto::detail

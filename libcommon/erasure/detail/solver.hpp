// One linear problem of a code, prepared once and run on many buffers: these words from those.
//
// Words are named by their position (codex-erasure(5), THE CODE): parity i at i, data j at size +
// j, where size = Shape::parity_positions(). Encoding wants the parity, decoding the lost data.
#pragma once

#include "base/executor.hpp"
#include "erasure/detail/caches.hpp"
#include "erasure/detail/factors.hpp"
#include "erasure/detail/kernels.hpp"
#include "erasure/shape.hpp"

#include <span>

namespace codex::erasure::detail {

/// The smaller field that has all positions of the code.
[[nodiscard]] const Field& field_of(const Shape& shape);

/// What a position is in one problem. Unused ones are neither read nor written.
enum class Role : std::uint8_t { unused, known, wanted };

enum class Method : std::uint8_t { exclusive_or, matrix, transform };

/// What transforms need: the factors of the words 0, 2, 4, ... below the shape's positions, then
/// those of the turns of all groups of positions but the first.
[[nodiscard]] std::vector<std::uint8_t> skew_factors(const Shape& shape, const KernelSet& kernels);

class Solver {
public:
    /// `roles` has one entry for each position below size + k. Either all data are known and
    /// wanted positions are parity, or wanted positions are data and the known ones number at
    /// least k. `method`: exclusive_or only for m = 1, transform only for m > 1.
    /// `skews` must outlive this object. How much is treated at a time follows from `caches`.
    Solver(const Shape& shape, const KernelSet& kernels, std::span<const std::uint8_t> skews,
           std::span<const Role> roles, Method method, const CacheSizes& caches = machine_caches());

    /// The method that should be fastest for these roles (as above) with these kernels, of those
    /// whose factors are no more than 16 MiB.
    [[nodiscard]] static Method fastest(const Shape& shape, const KernelSet& kernels,
                                        std::span<const Role> roles);

    /// Computes the wanted words. `from` and `to` have one entry for each position: `from` at known
    /// positions (nullptr: zeros), `to` at wanted ones. Buffers of size_bytes, a multiple of 64.
    void run(std::span<const std::uint8_t* const> from, std::span<std::uint8_t* const> to,
             std::size_t size_bytes, Executor& pool) const;

private:
    void prepare_matrix(std::vector<bool> erased);
    void prepare_transform(const std::vector<bool>& erased);
    void run_matrix(std::span<const std::uint8_t* const> from, std::span<std::uint8_t* const> to,
                    std::size_t size_bytes, Executor& pool) const;
    void run_transform(std::span<const std::uint8_t* const> from, std::span<std::uint8_t* const> to,
                       std::size_t size_bytes, Executor& pool) const;

    Shape shape_;
    const KernelSet* kernels_;
    std::span<const std::uint8_t> skews_;
    Method method_;
    CacheSizes caches_;
    bool encoding_;
    std::vector<std::uint32_t> known_;  ///< positions, ascending
    std::vector<std::uint32_t> wanted_; ///< positions, ascending
    std::vector<std::uint8_t> factors_; ///< matrix: [known][wanted]; transform: [wanted position]
    std::vector<std::uint8_t> locator_; ///< transform: [parity position]
    bool undisturbed_ = false;          ///< transform: see TransformJob
};

} // namespace codex::erasure::detail

// The leopard-compatible Reed-Solomon code (codex-erasure(5), THE CODE), whole buffers, one code
// word set.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/executor.hpp"
#include "erasure/shape.hpp"

#include <memory>
#include <span>
#include <vector>

namespace codex::erasure {

/// k data and m parity buffers of one size. encode and decode carry their own working memory.
/// Threads: const calls from any thread, at once.
class Code {
public:
    explicit Code(const Shape& shape);
    ~Code();
    Code(Code&&) noexcept;
    Code& operator=(Code&&) noexcept;

    [[nodiscard]] const Shape& shape() const;
    [[nodiscard]] std::uint32_t k() const;
    [[nodiscard]] std::uint32_t m() const;

    /// Computes all parity. `data` are k pointers (nullptr: a buffer of zeros), `parity` m
    /// pointers, each to `size_bytes` bytes, a multiple of 64, any alignment; no overlap. With a
    /// pool the work is split over its threads by strips of the buffers. Errors: erasure_parameters
    /// (size, counts).
    [[nodiscard]] Result<void> encode(std::span<const std::uint8_t* const> data,
                                      std::span<std::uint8_t* const> parity, std::size_t size_bytes,
                                      Executor& pool = Executor::caller()) const;

    /// One buffer of a code word: nullptr is a known zero buffer when `present`.
    struct Shard {
        const std::uint8_t* bytes = nullptr;
        bool present = false;
    };
    /// Computes the lost data. `shards` are k data then m parity; `out` has k entries: for each
    /// lost data position where to write it (nullptr: not wanted), ignored for present ones.
    /// Errors: erasure_parameters; erasure_unrepairable when fewer than k shards are present.
    [[nodiscard]] Result<void> decode(std::span<const Shard> shards,
                                      std::span<std::uint8_t* const> out, std::size_t size_bytes,
                                      Executor& pool = Executor::caller()) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace codex::erasure

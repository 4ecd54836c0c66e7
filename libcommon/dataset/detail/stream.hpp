// Archives as byte streams, compressed or not.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

#include <memory>

namespace codex::dataset::detail {

/// Takes bytes in order. Small writes are gathered.
class ByteSink {
public:
    virtual ~ByteSink() = default;
    [[nodiscard]] virtual Result<void> write(BytesView bytes) = 0;
    /// Writes out what was gathered and ends the stream; nothing may be written after it.
    [[nodiscard]] virtual Result<void> finish() = 0;
};

/// Writes to `fd`, which stays the caller's.
[[nodiscard]] std::unique_ptr<ByteSink> file_sink(int fd, std::string_view name);
/// The same through zstd with a content checksum, over `threads` threads.
[[nodiscard]] std::unique_ptr<ByteSink> zstd_sink(int fd, std::string_view name, unsigned threads);

class CancellableInput;

/// Gives bytes in order.
class ByteSource {
public:
    virtual ~ByteSource() = default;
    /// Fills `to` as far as there are bytes; fewer only at the end (or after cancel() of the
    /// input). Errors: io; truncated, malformed (damaged zstd).
    [[nodiscard]] virtual Result<std::size_t> read(MutableBytes to) = 0;
};

/// Bytes that a compressed byte may stand for, on the long run.
constexpr std::uint64_t kMostExpansion = 1000;

/// The bytes of `input`, uncompressed when they begin as a zstd frame does. `input` must outlive
/// it. What is compressed may give `free_bytes`, and beyond that kMostExpansion times its own size;
/// then read() fails with limit_exceeded. Memory: a zstd window of at most 128 MiB.
[[nodiscard]] Result<std::unique_ptr<ByteSource>> open_source(CancellableInput& input,
                                                              std::uint64_t free_bytes);

} // namespace codex::dataset::detail

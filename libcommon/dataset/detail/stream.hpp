// Archives as byte streams, compressed or not.
#pragma once

#include "base/stream.hpp"

#include <memory>

namespace codex::dataset::detail {

/// Gathers small writes before they go to `out`, which must outlive it.
[[nodiscard]] std::unique_ptr<ByteSink> gathering_sink(ByteSink& out);
/// The same through zstd with a content checksum, over `threads` threads. flush() ends the frame.
[[nodiscard]] std::unique_ptr<ByteSink> zstd_sink(ByteSink& out, unsigned threads);

/// Bytes that a compressed byte may stand for, on the long run.
constexpr std::uint64_t kMostExpansion = 1000;

/// The bytes of `input`, uncompressed when they begin as a zstd frame does. `input` must outlive
/// it. What is compressed may give `free_bytes`, and beyond that kMostExpansion times its own size;
/// then read() fails with limit_exceeded. Memory: a zstd window of at most 128 MiB. Errors of
/// reading: those of `input`; truncated, malformed (damaged zstd).
[[nodiscard]] Result<std::unique_ptr<ByteSource>> open_source(ByteSource& input,
                                                              std::uint64_t free_bytes);

} // namespace codex::dataset::detail

// Reading bytes of a segment. A read that fails says nothing about the bytes: it is an error, and
// never damage.
#pragma once

#include "repo/segments/segments.hpp"

namespace codex::repo::detail {

/// Segments::open() with the way out. Errors: not_found, permission, io.
[[nodiscard]] Result<SegmentFile> open_segment(const Segments& segments, std::uint32_t id);

/// As many bytes from `at` on as the segment has. Errors: not_found, permission, io, each with the
/// way out.
[[nodiscard]] Result<std::size_t> read_segment(const Segments& segments, std::uint32_t id,
                                               MutableBytes out, std::uint64_t at);

/// The size of a segment file, or nothing when there is no such file. Errors: permission, io.
[[nodiscard]] Result<std::optional<std::uint64_t>> segment_size(const Segments& segments,
                                                                std::uint32_t id);

} // namespace codex::repo::detail

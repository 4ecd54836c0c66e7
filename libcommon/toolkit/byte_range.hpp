// The option --range of what gives the content of datasets.
#pragma once

#include "dataset/dataset.hpp"

#include <optional>
#include <string_view>

namespace codex::toolkit {

/// What --range says, before the size of the content is known.
struct RangeOption {
    dataset::ByteRange bytes;
    std::optional<std::uint64_t> last; ///< of -N: that many from the end, and `bytes` is not set

    [[nodiscard]] dataset::ByteRange of(std::uint64_t content_bytes) const;
};

/// "A-B", "A-", "-N" as in HTTP (RFC 9110 section 14.1.2), as a half-open range. Errors: usage,
/// which names no option: it may be asked for in another way.
[[nodiscard]] Result<RangeOption> parse_range(std::string_view text);

} // namespace codex::toolkit

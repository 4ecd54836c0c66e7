// CRC-32C (Castagnoli; RFC 3720 appendix B.4), for record headers: a few dozen bytes at a time.
#pragma once

#include "base/bytes.hpp"

namespace codex::repo::detail {

[[nodiscard]] std::uint32_t crc32c(BytesView bytes);

} // namespace codex::repo::detail

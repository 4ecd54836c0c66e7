// The text of a file.
#pragma once

#include "base/bytes.hpp"
#include "base/fd.hpp"
#include "must.hpp"

namespace codex::test {

inline std::string content_of(const std::string& path) {
    return std::string(as_text(must(read_file(path, 1 << 20))));
}

} // namespace codex::test

#include "base/temporary.hpp"

#include <cstdlib>

namespace codex {

std::string temporary_folder() {
    const char* folder = std::getenv("TMPDIR");
    return folder != nullptr && *folder != '\0' ? folder : "/tmp";
}

} // namespace codex

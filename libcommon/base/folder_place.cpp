#include "base/folder_place.hpp"

#include <cerrno>
#include <sys/stat.h>
#include <system_error>

namespace codex {

std::string obstacle_to_folder(const std::string& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) == 0)
        return S_ISDIR(info.st_mode) ? "" : "that is no folder";
    if (errno == ENOTDIR)
        return "what it would be in is no folder";
    return errno == ELOOP || errno == ENAMETOOLONG
               ? std::error_code(errno, std::generic_category()).message()
               : "";
}

} // namespace codex

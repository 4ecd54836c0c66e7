#include "repo/upkeep/reserve.hpp"

#include "repo/segments/own_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::repo::detail {

namespace {

/// A removal in its smallest steps takes a few hundred KiB of new pages, and notes of thousands of
/// removals less than one MiB.
constexpr off_t kReserveBytes = off_t{2} << 20;

std::string path_of(const std::string& directory) {
    return directory + "/reserve";
}

bool occupied(const struct stat& st) {
    return S_ISREG(st.st_mode) && st.st_blocks > 0;
}

} // namespace

void make_reserve(const std::string& repo_path) {
    const std::string path = path_of(repo_path);
    struct stat st{};
    if (::lstat(path.c_str(), &st) == 0 && occupied(st))
        return;
    const auto file = open_own_file(path, O_RDWR | O_CREAT);
    if (file && ::fallocate(file->get(), 0, 0, kReserveBytes) != 0)
        (void)!::ftruncate(file->get(), 0);
}

bool give_up_reserve(const std::string& repo_path) {
    const auto file = open_own_file(path_of(repo_path), O_RDWR);
    struct stat st{};
    return file && ::fstat(file->get(), &st) == 0 && occupied(st) &&
           ::ftruncate(file->get(), 0) == 0;
}

} // namespace codex::repo::detail

#include "repo/upkeep/writer_lock.hpp"

#include "repo/segments/own_file.hpp"

#include <cerrno>
#include <charconv>
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::repo::detail {

std::string writer_path(const std::string& directory, std::uint64_t id) {
    return fmt::format("{}/{:016x}", directory, id);
}

namespace {

/// Locked, and still the file of that name.
bool owned(const Fd& fd) {
    struct stat st{};
    return ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 && ::fstat(fd.get(), &st) == 0 &&
           st.st_nlink > 0;
}

} // namespace

Result<WriterLock> WriterLock::create(const std::string& directory, Random& random) {
    for (;;) {
        CODEX_TRY(id, random.number());
        std::string path = writer_path(directory, id);
        struct stat st{};
        if (::lstat(path.c_str(), &st) == 0)
            continue;
        CODEX_TRY(fd, open_own_file(path, O_RDWR | O_CREAT | O_EXCL, Below::folder));
        if (owned(fd))
            return WriterLock(id, std::move(path), std::move(fd));
    }
}

WriterLock::~WriterLock() {
    if (fd_)
        ::unlink(path_.c_str());
}

bool WriterLock::has_tree() const {
    struct stat st{};
    return ::fstat(fd_.get(), &st) != 0 || st.st_size > 0;
}

void WriterLock::abandon() {
    fd_.reset();
}

Result<std::optional<WriterLock>> WriterLock::take_dead(const std::string& directory,
                                                        std::uint64_t id) {
    std::string path = writer_path(directory, id);
    // Made when it is not there: whoever cleans up holds it, however the writer ended.
    auto fd = open_own_file(path, O_RDWR | O_CREAT, Below::folder);
    if (!fd)
        return fail(std::move(fd).error());
    if (!owned(*fd))
        return std::nullopt;
    return std::optional<WriterLock>(WriterLock(id, std::move(path), std::move(*fd)));
}

bool WriterLock::is_dead(const std::string& directory, std::uint64_t id) {
    auto fd = open_own_file(writer_path(directory, id), O_RDONLY, Below::folder);
    if (!fd)
        return fd.error().code() == Errc::not_found;
    return ::flock(fd->get(), LOCK_SH | LOCK_NB) == 0;
}

Result<std::vector<std::uint64_t>> WriterLock::list(const std::string& directory) {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(directory.c_str()),
                                                     [](DIR* d) { return ::closedir(d); });
    if (!folder)
        return fail(system_error(errno, "open " + directory));
    std::vector<std::uint64_t> ids;
    while (const dirent* entry = ::readdir(folder.get())) {
        const std::string_view name = entry->d_name;
        std::uint64_t id = 0;
        const auto [at, error] = std::from_chars(name.data(), name.data() + name.size(), id, 16);
        if (name.size() == 16 && error == std::errc() && at == name.data() + name.size())
            ids.push_back(id);
    }
    return ids;
}

} // namespace codex::repo::detail

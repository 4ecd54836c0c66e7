#include "dataset/detail/nim_writer.hpp"

#include "base/fd.hpp"
#include "dataset/detail/nim_files.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace codex::dataset::detail {

namespace {

/// Open at a time; far below the usual limit of descriptors.
constexpr std::size_t kFilesAtOnce = 128;

/// A file that has its content but no name yet: a kill leaves nothing of it.
struct Unnamed {
    Fd fd;
    std::string path;
};

/// Errors: unsupported where the system has no unnamed files, or no way to name them; io.
Result<Unnamed> write_unnamed(std::string path, BytesView data) {
    const std::string folder = std::filesystem::path(path).parent_path();
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error)
        return fail(creation_error(folder, system_error(error.value(), "make folder")));
    Fd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666));
    if (!fd)
        return fail(errno == EOPNOTSUPP || errno == EISDIR
                        ? Error(Errc::unsupported)
                        : creation_error(path, system_error(errno, "open")));
    if (!can_be_named(fd.get()))
        return fail(Error(Errc::unsupported));
    CODEX_CHECK(write_full(fd.get(), data, path));
    return Unnamed{std::move(fd), std::move(path)};
}

Result<void> give_name(const Unnamed& file) {
    const std::string self = fmt::format("/proc/self/fd/{}", file.fd.get());
    const auto link = [&](const std::string& path) {
        return ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0;
    };
    if (link(file.path))
        return {};
    if (errno != EEXIST)
        return fail(system_error(errno, fmt::format("link {}", file.path)));
    // linkat does not replace: a second name, then a rename, which does.
    const std::string beside = fmt::format("{}.{}.tmp", file.path, ::getpid());
    if (!link(beside) || ::rename(beside.c_str(), file.path.c_str()) != 0)
        return fail(system_error(errno, fmt::format("replace {}", file.path)));
    return {};
}

Result<void> sync_file_system(int fd, const std::string& what) {
    if (::syncfs(fd) != 0)
        return fail(system_error(errno, fmt::format("sync {}", what)));
    return {};
}

} // namespace

Result<void> NimWriter::write(std::span<const File> files) {
    std::vector<File> fresh;
    for (const File& file : files)
        if (written_.insert(file.cid).second)
            fresh.push_back(file);
    for (std::size_t first = 0; first < fresh.size(); first += kFilesAtOnce)
        CODEX_CHECK(write_group(
            std::span(fresh).subspan(first, std::min(kFilesAtOnce, fresh.size() - first))));
    return {};
}

/// Contents first, then one wait for the disk, then the names.
Result<void> NimWriter::write_group(std::span<const File> files) const {
    std::vector<Result<Unnamed>> unnamed(files.size());
    pool_.parallel_for(files.size(), [&](std::size_t i) {
        std::string path = nim_path(directory_, files[i].cid);
        unnamed[i] = write_unnamed(path, files[i].data);
        if (unnamed[i] || unnamed[i].error().code() != Errc::unsupported)
            return;
        auto written = write_file_atomic(path, files[i].data); // one by one, then
        unnamed[i] = written ? Result<Unnamed>() : fail(std::move(written).error());
    });
    for (Result<Unnamed>& file : unnamed)
        if (!file)
            return fail(std::move(file).error());
    if (const Fd& any = unnamed.front()->fd)
        CODEX_CHECK(sync_file_system(any.get(), directory_));
    for (const Result<Unnamed>& file : unnamed)
        if (file->fd)
            CODEX_CHECK(give_name(*file));
    return {};
}

Result<void> NimWriter::finish() const {
    if (written_.empty())
        return {};
    CODEX_TRY(folder, open_file(directory_, O_RDONLY | O_DIRECTORY));
    return sync_file_system(folder.get(), directory_);
}

} // namespace codex::dataset::detail

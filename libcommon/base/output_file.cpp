#include "base/output_file.hpp"

#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace codex {

namespace {

/// The number of an open descriptor that `path` stands for.
std::optional<int> descriptor_of(std::string_view path) {
    if (path == "-" || path == "/dev/stdout")
        return STDOUT_FILENO;
    if (path == "/dev/stderr")
        return STDERR_FILENO;
    for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
        if (!path.starts_with(folder))
            continue;
        const std::string_view digits = path.substr(folder.size());
        int number = 0;
        const auto [stop, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (error == std::errc() && stop == digits.data() + digits.size() && number >= 0)
            return number;
    }
    return std::nullopt;
}

Error no_place(const std::string& path, int errno_value) {
    return creation_error(path, system_error(errno_value, "open"));
}

Result<Fd> copy_of(int fd, const std::string& path) {
    // What was inherited survived an exec; what has the flag is a file of our own.
    const int flags = ::fcntl(fd, F_GETFD);
    const int copy =
        flags == -1 || (flags & FD_CLOEXEC) != 0 ? -1 : ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0)
        return fail(no_place(path, EBADF));
    return Fd(copy);
}

/// What can be done about a file that cannot be made.
Error with_way_out(Error error, const std::string& path) {
    if (error.has_way_out())
        return error;
    if (error.code() == Errc::permission)
        return std::move(error).remedy(
            {Remedy::name_output, "name a file in a folder that this user may write to"});
    if (error.code() != Errc::cannot_create)
        return error;
    const std::size_t slash = path.rfind('/');
    const std::string folder = path.substr(0, slash == std::string::npos ? 0 : slash);
    if (!folder.empty() && ::access(folder.c_str(), F_OK) != 0 && errno == ENOENT)
        return std::move(error).remedy(Remedy(Remedy::make_folder).of(folder));
    return std::move(error).remedy(Remedy::name_output);
}

} // namespace

Result<OutputFile> OutputFile::open(const std::string& path) {
    auto opened = open_now(path, true);
    if (!opened)
        return fail(with_way_out(std::move(opened).error(), path));
    return std::move(**opened);
}

Result<std::optional<OutputFile>> OutputFile::open_if_read(const std::string& path) {
    auto opened = open_now(path, false);
    if (!opened)
        return fail(with_way_out(std::move(opened).error(), path));
    return opened;
}

Result<std::optional<OutputFile>> OutputFile::open_special(const std::string& path, bool waits) {
    const int flags = O_WRONLY | O_NOCTTY | O_CLOEXEC | (waits ? 0 : O_NONBLOCK);
    Fd opened;
    do
        opened = Fd(::open(path.c_str(), flags));
    while (!opened && errno == EINTR);
    if (!opened && !waits && errno == ENXIO)
        return std::optional<OutputFile>(); // a FIFO that nobody reads
    if (!opened)
        return fail(creation_error(path, system_error(errno, "open " + path)));
    if (!waits && ::fcntl(opened.get(), F_SETFL, O_WRONLY) != 0) // it is to be waited for from now
        return fail(system_error(errno, "open " + path));
    OutputFile output;
    output.special_ = std::move(opened);
    return output;
}

Result<std::optional<OutputFile>> OutputFile::open_now(const std::string& path, bool waits) {
    OutputFile output;
    if (const auto number = descriptor_of(path)) {
        CODEX_SET(output.special_, copy_of(*number, path));
        return output;
    }
    std::string target = path;
    struct stat info{};
    if (::stat(path.c_str(), &info) == 0) {
        if (S_ISDIR(info.st_mode))
            return fail(Error(Errc::cannot_create, fmt::format("{}: is a folder", path))
                            .remedy({Remedy::name_output, "name a file in it"}));
        // Renaming over a device or a pipe would replace it.
        if (!S_ISREG(info.st_mode))
            return open_special(path, waits || !S_ISFIFO(info.st_mode));
        // A symbolic link stays one; its target is replaced.
        char resolved[PATH_MAX];
        if (::realpath(path.c_str(), resolved) != nullptr)
            target = resolved;
    } else if (errno != ENOENT) {
        return fail(no_place(path, errno));
    }
    CODEX_TRY(created, AtomicFile::create(target));
    output.file_.emplace(std::move(created));
    return output;
}

Result<void> OutputFile::commit() {
    return commit_all({this, 1});
}

namespace {

/// Gives names to new files, and takes them back when one of them cannot have its own: what was
/// under them before is kept under hidden names until then.
class Renaming {
public:
    Renaming() = default;
    ~Renaming() {
        for (const Step& step : steps_) {
            if (!done_ && step.old.empty())
                ::unlink(step.path.c_str());
            else if (!done_)
                (void)std::rename(step.old.c_str(), step.path.c_str());
            if (!step.old.empty())
                ::unlink(step.old.c_str()); // also where both names were of one file
        }
    }
    Renaming(const Renaming&) = delete;
    Renaming& operator=(const Renaming&) = delete;

    Result<void> commit(AtomicFile& file) {
        const std::string path = file.path();
        if (::access(path.c_str(), F_OK) != 0) {
            CODEX_CHECK(file.commit());
            steps_.push_back({path, {}});
            return {};
        }
        const std::size_t name = path.rfind('/') + 1;
        std::string old =
            fmt::format("{}.{}-{}.old", path.substr(0, name), ::getpid(), steps_.size());
        // Where a file cannot have two names, the old one cannot be had back.
        if (::link(path.c_str(), old.c_str()) == 0)
            steps_.push_back({path, std::move(old)});
        return file.commit();
    }
    void finish() { done_ = true; }

private:
    struct Step {
        std::string path;
        std::string old; ///< what it was before; empty: nothing
    };
    std::vector<Step> steps_;
    bool done_ = false;
};

} // namespace

Result<void> OutputFile::commit_all(std::span<OutputFile> files) {
    if (files.size() == 1)
        return files.front().file_ ? files.front().file_->commit() : Result<void>();
    // Then the names can follow each other without anything between them.
    for (OutputFile& output : files)
        if (output.file_)
            CODEX_CHECK(output.file_->prepare());
    Renaming renaming;
    for (OutputFile& output : files)
        if (output.file_)
            CODEX_CHECK(renaming.commit(*output.file_));
    renaming.finish();
    return {};
}

bool is_stdout(const std::string& path) {
    const auto number = descriptor_of(path);
    if (number == STDOUT_FILENO)
        return true;
    struct stat named{};
    struct stat out{};
    const bool there = (number ? ::fstat(*number, &named) : ::stat(path.c_str(), &named)) == 0 &&
                       ::fstat(STDOUT_FILENO, &out) == 0;
    if (!there || named.st_dev != out.st_dev || named.st_ino != out.st_ino)
        return false;
    return !S_ISCHR(out.st_mode) || ::isatty(STDOUT_FILENO) != 0;
}

} // namespace codex

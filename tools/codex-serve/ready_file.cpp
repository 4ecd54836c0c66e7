#include "ready_file.hpp"

#include "base/patient_write.hpp"
#include "node/daemon.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::serve_tool {

namespace {

/// Also behind a link, as it is written to.
int unlink_file(const std::string& path) {
    struct Free {
        void operator()(char* text) const { std::free(text); }
    };
    const std::unique_ptr<char, Free> real(::realpath(path.c_str(), nullptr));
    return real ? ::unlink(real.get()) : -1;
}

} // namespace

Result<ReadyFile> ReadyFile::open(const std::string& path) {
    CODEX_TRY(opened, OutputFile::open_if_read(path));
    if (!opened) // a node waits for nobody
        return fail(
            Error(Errc::cannot_create, fmt::format("{}: is a FIFO that nobody reads", path))
                .remedy({Remedy::name_output, "name a file, or let somebody read it first"}));
    OutputFile& file = *opened;
    struct stat left = {};
    if (::stat(path.c_str(), &left) == 0 && S_ISREG(left.st_mode) && file.is_new_file() &&
        unlink_file(path) != 0)
        return fail(system_error(errno, "remove " + path));
    return ReadyFile(std::move(file), path);
}

Result<void> ReadyFile::write(const net::Host& host, const node::DhtNode* discovery) {
    std::string lines;
    for (const std::string& address : node::addresses_of(host, discovery))
        lines += fmt::format("{}\t{}\n", host.id().text(), address);
    CODEX_TRY(written, write_if_taken(file_.fd(), as_bytes(lines), path_, {}));
    if (written != lines.size())
        return fail(
            Error(Errc::cannot_create, fmt::format("{}: is full, and nobody reads it", path_))
                .remedy({Remedy::name_output, "name a file, or let somebody read it first"}));
    struct stat made = {};
    if (file_.is_new_file() && ::fstat(file_.fd(), &made) == 0) {
        inode_ = made.st_ino;
        device_ = made.st_dev;
    }
    return file_.commit();
}

void ReadyFile::remove() {
    struct stat there = {};
    if (inode_ != 0 && ::stat(path_.c_str(), &there) == 0 && there.st_ino == inode_ &&
        there.st_dev == device_)
        (void)unlink_file(path_); // the next one removes it, too
    inode_ = 0;
}

} // namespace codex::serve_tool

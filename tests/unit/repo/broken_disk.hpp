// A disk whose calls fail when a test says so.
#pragma once

#include "repo/disk.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <fmt/format.h>
#include <string>
#include <unistd.h>

namespace codex::repo::test {

/// A broken disk: of one kind of call the n-th from now fails, and all after it. The index is on
/// another disk, which works.
class BrokenDisk : public Disk {
public:
    enum class Fault { none, writes, torn_writes, short_writes, syncs };
    Fault fault = Fault::none;
    int error = 0;
    std::atomic<int> calls_left{1'000'000};

    ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) override {
        if (fault == Fault::short_writes) // a few bytes at a time, as a signal can make write(2) do
            return ::pwrite(fd, parts[0].iov_base, std::min<std::size_t>(parts[0].iov_len, 1000),
                            offset);
        const bool torn = fault == Fault::torn_writes;
        if ((torn || fault == Fault::writes) && fails(fd)) {
            if (torn) // half of the first part is on the disk
                (void)!::pwrite(fd, parts[0].iov_base, parts[0].iov_len / 2, offset);
            errno = error;
            return -1;
        }
        return Disk::pwritev(fd, parts, count, offset);
    }
    int fdatasync(int fd) override {
        if (fault == Fault::syncs && fails(fd)) {
            errno = error;
            return -1;
        }
        return Disk::fdatasync(fd);
    }

private:
    bool fails(int fd) {
        std::array<char, 4096> name{};
        const std::string link = fmt::format("/proc/self/fd/{}", fd);
        const ssize_t n = ::readlink(link.c_str(), name.data(), name.size());
        const std::string_view path(name.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
        return !path.ends_with("/index.mdb") && calls_left.fetch_sub(1) <= 0;
    }
};

} // namespace codex::repo::test

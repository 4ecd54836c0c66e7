// Changes of a repo's files as steps at which a job may be cancelled.
#pragma once

#include "cancelling.hpp"
#include "repo/disk.hpp"

namespace codex::test {

/// The system's disk, whose changes of files are steps.
class SteppingDisk final : public repo::Disk {
public:
    explicit SteppingDisk(Trap& trap) : trap_(trap) {}
    [[nodiscard]] ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) override {
        trap_.step();
        return Disk::pwritev(fd, parts, count, offset);
    }
    [[nodiscard]] int fdatasync(int fd) override {
        trap_.step();
        return Disk::fdatasync(fd);
    }
    [[nodiscard]] int fallocate(int fd, int mode, off_t offset, off_t length) override {
        trap_.step();
        return Disk::fallocate(fd, mode, offset, length);
    }

private:
    Trap& trap_;
};

} // namespace codex::test

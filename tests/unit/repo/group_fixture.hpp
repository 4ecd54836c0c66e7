// Counting what goes to the disk, for tests of datasets that share a transaction.
#pragma once

#include "repo/broken_disk.hpp"

namespace codex::repo::test {

/// How often a file was put on the disk: each commit of the index, and each of what it names, does.
class CountingDisk : public BrokenDisk {
public:
    std::atomic<int> syncs{0};
    int fdatasync(int fd) override {
        ++syncs;
        return BrokenDisk::fdatasync(fd);
    }
    /// Of the index and all other files, since it was last asked.
    int take_syncs() { return syncs.exchange(0); }
};

} // namespace codex::repo::test

// What all replaced calls ask: does this one fail, and is it to be logged?
#pragma once

#include "record.hpp"

#include <cstddef>
#include <string_view>
#include <sys/uio.h>

namespace codex::preload {

/// Counts a call. Gives 0, or the errno value with which it has to fail.
int refuse(Kind kind);

/// CODEX_TEST_SKIP_SYNC is set: nothing waits for the disk.
bool skips_sync();

bool logs();
/// Is the path below CODEX_TEST_ROOT, or CODEX_TEST_ROOT itself?
bool watched(const char* path);
/// A path that is relative to a folder, or to the working one (AT_FDCWD), from the root on.
class Absolute {
public:
    Absolute(int folder, const char* path);
    [[nodiscard]] const char* get() const { return path_; }

private:
    const char* path_;
    char buffer_[8192];
};
/// The descriptor was opened at a watched path.
bool watched(int fd);
void watch(int fd, bool yes);

struct Event {
    Op op;
    std::uint64_t inode = 0;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    std::string_view path = {};
    std::string_view other = {};
};
/// Appends a record in one piece. Keeps errno.
void log(const Event& event, const iovec* data = nullptr, int parts = 0, std::size_t bytes = 0);

/// 0 where there is no such file.
std::uint64_t inode_of(int fd);
std::uint64_t inode_of(const char* path);

} // namespace codex::preload

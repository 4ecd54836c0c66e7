// A library that tests preload into the tools (LD_PRELOAD). By its environment:
//   CODEX_TEST_LOG=FILE, CODEX_TEST_ROOT=DIR  log what changes files below DIR (record.hpp)
//   CODEX_TEST_FAIL=KIND:N:ERRNO[:all]        the N-th call of a kind fails, with all: and every
//   later CODEX_TEST_COUNTS=FILE                    the number of calls of each kind, as 64-bit
//   numbers CODEX_TEST_SKIP_SYNC=1                    a sync is counted and logged, but does not
//   wait
// It makes system calls by number, so that nothing of it calls what it replaces.
#include "watch.hpp"

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace codex::preload {

namespace {

constexpr int kMaxFiles = 1024;
constexpr int kLogFile = 700; // out of the way of what the tool opens

struct Settings {
    std::atomic<bool> running{false}; // main() has begun
    int log = -1;
    const char* root = nullptr;
    std::size_t root_bytes = 0;
    bool skip_sync = false;
    bool forget_sync = false;
    bool fails = false;
    bool fails_on = false; // and every later call
    Kind kind{};
    std::uint64_t at = 0;
    int error = 0;
    std::atomic<std::uint64_t> own_counts[kKinds]{};
    std::atomic<std::uint64_t>* counts = own_counts;
    std::atomic<bool> watched[kMaxFiles]{};
};
Settings settings;

void parse_fail(const char* text) {
    for (std::uint32_t i = 0; i < kKinds; ++i) {
        const std::size_t length = std::strlen(kKindNames[i]);
        if (std::strncmp(text, kKindNames[i], length) != 0 || text[length] != ':')
            continue;
        char* end = nullptr;
        settings.kind = static_cast<Kind>(i);
        settings.at = std::strtoull(text + length + 1, &end, 10);
        settings.error = *end == ':' ? static_cast<int>(std::strtol(end + 1, &end, 10)) : EIO;
        settings.fails_on = std::strcmp(end, ":all") == 0;
        settings.fails = true;
    }
}

long open_high(const char* path, int flags) {
    const long fd = syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600);
    if (fd < 0)
        return fd;
    const long high = syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, kLogFile);
    syscall(SYS_close, fd);
    return high;
}

__attribute__((constructor)) void read_environment() {
    if (const char* path = std::getenv("CODEX_TEST_LOG"))
        settings.log = static_cast<int>(open_high(path, O_WRONLY | O_APPEND | O_CREAT));
    if (const char* root = std::getenv("CODEX_TEST_ROOT")) {
        settings.root = root;
        settings.root_bytes = std::strlen(root);
    }
    settings.forget_sync = std::getenv("CODEX_TEST_FORGET_SYNC") != nullptr;
    settings.skip_sync = std::getenv("CODEX_TEST_SKIP_SYNC") != nullptr;
    if (const char* text = std::getenv("CODEX_TEST_FAIL"))
        parse_fail(text);
    if (const char* path = std::getenv("CODEX_TEST_COUNTS")) {
        constexpr std::size_t bytes = sizeof settings.own_counts;
        const long fd = open_high(path, O_RDWR | O_CREAT);
        if (fd < 0 || syscall(SYS_ftruncate, fd, bytes) != 0)
            return;
        // In the file as it goes, however the process ends.
        const long at =
            syscall(SYS_mmap, nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (at > 0)
            settings.counts = reinterpret_cast<std::atomic<std::uint64_t>*>(at);
        syscall(SYS_close, fd);
    }
}

using Main = int (*)(int, char**, char**);
Main real_main;

int counted_main(int argc, char** argv, char** environment) {
    settings.running = true;
    return real_main(argc, argv, environment);
}

} // namespace

int refuse(Kind kind) {
    if (!settings.running.load(std::memory_order_relaxed))
        return 0;
    const std::uint64_t number = ++settings.counts[static_cast<std::uint32_t>(kind)];
    if (!settings.fails || kind != settings.kind)
        return 0;
    return number == settings.at || (settings.fails_on && number > settings.at) ? settings.error
                                                                                : 0;
}

bool skips_sync() {
    return settings.skip_sync;
}

bool logs() {
    return settings.log >= 0 && settings.root != nullptr;
}

bool watched(const char* path) {
    return logs() && std::strncmp(path, settings.root, settings.root_bytes) == 0 &&
           (path[settings.root_bytes] == '/' || path[settings.root_bytes] == '\0');
}

Absolute::Absolute(int folder, const char* path) : path_(path) {
    if (!logs() || *path == '/')
        return;
    char link[32] = "/proc/self/cwd";
    if (folder != AT_FDCWD)
        std::snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    const long length = syscall(SYS_readlinkat, AT_FDCWD, link, buffer_, PATH_MAX);
    if (length < 0 || std::strlen(path) >= PATH_MAX)
        return;
    buffer_[length] = '/';
    std::strcpy(buffer_ + length + 1, path);
    path_ = buffer_;
}

bool watched(int fd) {
    return fd >= 0 && fd < kMaxFiles && settings.watched[fd];
}

void watch(int fd, bool yes) {
    if (fd >= 0 && fd < kMaxFiles)
        settings.watched[fd] = yes;
}

void log(const Event& event, const iovec* data, int parts, std::size_t bytes) {
    if (settings.forget_sync && event.op >= Op::sync_begin && event.op <= Op::sync_all)
        return;
    const int error = errno;
    Record record{event.op,
                  static_cast<std::uint32_t>(syscall(SYS_getpid)),
                  static_cast<std::uint32_t>(syscall(SYS_gettid)),
                  static_cast<std::uint32_t>(event.path.size()),
                  static_cast<std::uint32_t>(event.other.size()),
                  static_cast<std::uint32_t>(bytes),
                  event.inode,
                  event.offset,
                  event.length};
    iovec all[IOV_MAX]{{&record, sizeof record},
                       {const_cast<char*>(event.path.data()), event.path.size()},
                       {const_cast<char*>(event.other.data()), event.other.size()}};
    int used = 3;
    // What the system did not take of a write has not happened.
    for (int i = 0; i < parts && bytes > 0; ++i) {
        all[used] = data[i];
        all[used].iov_len = all[used].iov_len < bytes ? all[used].iov_len : bytes;
        bytes -= all[used].iov_len;
        if (++used == IOV_MAX && bytes > 0)
            abort(); // a record in two pieces could be mixed with others
    }
    syscall(SYS_writev, settings.log, all, used);
    errno = error;
}

std::uint64_t inode_of(int fd) {
    struct stat st{};
    return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

std::uint64_t inode_of(const char* path) {
    struct stat st{};
    return lstat(path, &st) == 0 ? st.st_ino : 0;
}

} // namespace codex::preload

extern "C" int __libc_start_main(int (*main)(int, char**, char**), int argc, char** argv,
                                 void (*init)(), void (*fini)(), void (*end)(), void* stack) {
    using Start =
        int (*)(codex::preload::Main, int, char**, void (*)(), void (*)(), void (*)(), void*);
    codex::preload::real_main = main;
    const auto start = reinterpret_cast<Start>(dlsym(RTLD_NEXT, "__libc_start_main"));
    return start(codex::preload::counted_main, argc, argv, init, fini, end, stack);
}

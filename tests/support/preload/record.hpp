// The log that the preloaded library writes and codex-testcrash reads: one record for each call
// that changed something below the watched folder, in the order in which the calls returned. A sync
// has a record before and one after it: what is durable after it is what came before its first.
#pragma once

#include <cstdint>

namespace codex::preload {

enum class Op : std::uint32_t {
    open = 1,   // made, or emptied: `offset` is the flags
    write,      // `offset`, and the bytes
    truncate,   // to `length`
    punch,      // `offset`, `length`
    sync_begin, // of the file or folder `inode`
    sync_end,   // of everything before the sync_begin of this thread
    sync_range, // a write with O_DSYNC: `offset`, `length`
    sync_all,   // the file system
    rename,     // `path` to `other`
    link,       // `path` is now a name of `inode`
    unlink,     // `path`
    mkdir,      // `path` is the folder `inode`
    rmdir,      // `path`
    map,        // `path` is mapped for writing: its bytes are not known from now on
    output,     // bytes went to stdout
};

/// Followed by the bytes of `path`, `other` and the data.
struct Record {
    Op op;
    std::uint32_t process;
    std::uint32_t thread;
    std::uint32_t path_bytes;
    std::uint32_t other_bytes;
    std::uint32_t data_bytes;
    std::uint64_t inode;
    std::uint64_t offset;
    std::uint64_t length;
};

/// Kinds of calls that can be made to fail; each is counted on its own, from the start of main().
enum class Kind : std::uint32_t { open, read, write, sync, rename, unlink, mmap, thread, memory };
constexpr const char* kKindNames[] = {"open",   "read", "write",  "sync",  "rename",
                                      "unlink", "mmap", "thread", "memory"};
constexpr std::uint32_t kKinds = 9;

} // namespace codex::preload

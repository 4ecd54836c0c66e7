// What a code of LMDB means to whoever asked.
#include "base/memory_limit.hpp"
#include "repo/index/check.hpp"
#include "repo/index/lmdb.hpp"
#include "repo/index/lmdb_calls.hpp"
#include "repo/index/process_note.hpp"

#include <cerrno>
#include <lmdb.h>
#include <sys/stat.h>

namespace codex::repo::detail {

Error Env::error(int rc, const char* what) const {
    const std::string text = fmt::format("index: {}: {}", what, mdb_strerror(rc));
    switch (rc) {
    case lmdb::kFault:
        if (table_ && table_->damaged())
            return {Errc::io, "index.mdb-lock: was cut, or its disk is full"};
        return damaged_index(fmt::format("{}: a page is damaged, or the file was cut", what));
    case MDB_MAP_FULL:
        if (scarce_)
            return Error(Errc::no_space,
                         fmt::format("index: {}: the limit on address space leaves it {} bytes",
                                     what, map_bytes_))
                .hint("raise the limit: ulimit -v unlimited");
        [[fallthrough]];
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return Error(Errc::no_space, text).hint("free some space and try again");
    case ENOMEM:
        if (scarce_)
            return Error(Errc::out_of_memory,
                         fmt::format("index: {}: the limit on address space is too low", what))
                .hint(hint_for_more_memory());
        return {Errc::out_of_memory, text};
    case EACCES:
    case EPERM:
    case EROFS:
        return {Errc::permission, text};
    case ETIMEDOUT: {
        struct stat st{};
        std::string who;
        if (table_ && ::fstat(table_->fd().get(), &st) == 0)
            who = describe_user(lmdb::last_holder(), st.st_dev, st.st_ino);
        return Error(Errc::repo_locked, fmt::format("{}-lock: held by {}", path_,
                                                    who.empty() ? "another process" : who))
            .remedy(Remedy::wait_longer);
    }
    case MDB_READERS_FULL:
        return {Errc::unavailable, text};
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_PANIC:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_MAP_RESIZED:
    case MDB_CURSOR_FULL:
    case MDB_BAD_TXN:
    case MDB_BAD_VALSIZE:
    case MDB_PAGE_FULL:
    case MDB_INCOMPATIBLE:
    case MDB_BAD_RSLOT:
    case EUCLEAN:
    case ENOENT:
        return damaged_index(fmt::format("{}: {}", what, mdb_strerror(rc)));
    case EMFILE:
    case ENFILE:
        return system_error(rc, fmt::format("index: {}", what));
    default:
        return {Errc::io, text};
    }
}

} // namespace codex::repo::detail

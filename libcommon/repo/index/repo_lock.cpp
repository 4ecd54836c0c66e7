// REPO/lock: shared by all who have the repo open, exclusive while it is made or its index made
// anew.
#include "repo/index/flock_wait.hpp"
#include "repo/index/store.hpp"
#include "repo/segments/own_file.hpp"

#include <fcntl.h>
#include <sys/file.h>

namespace codex::repo::detail {

Result<Fd> lock_repo(const std::string& path, bool exclusive, const Surroundings& around) {
    const std::string name = path + "/lock";
    auto fd = open_own_file(name, O_RDWR | O_CREAT);
    if (!fd && fd.error().code() == Errc::permission && !exclusive)
        fd = open_own_file(name, O_RDONLY); // flock needs no right to write
    if (!fd)
        return fail(std::move(fd).error());
    auto locked = wait_for_flock(*fd, exclusive ? LOCK_EX : LOCK_SH, path, around);
    if (!locked)
        return fail(std::move(locked).error());
    if (exclusive)
        write_lock_note(*fd);
    else
        clear_lock_note(*fd); // of a holder that was killed
    return std::move(*fd);
}

} // namespace codex::repo::detail

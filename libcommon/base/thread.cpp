#include "base/thread.hpp"

#include "base/error.hpp"

namespace codex {

Error no_thread() {
    return Error(Errc::out_of_memory,
                 "the system has no thread to give: memory or the number of processes is limited")
        .hint("allow more memory: ulimit -v unlimited; or more processes: ulimit -u unlimited");
}

} // namespace codex

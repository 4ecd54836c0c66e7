#include "base/thread.hpp"

#include "base/error.hpp"
#include "base/memory_limit.hpp"

#include <fmt/format.h>

namespace codex {

Error no_thread() {
    return Error(Errc::out_of_memory,
                 "the system has no thread to give: memory or the number of processes is limited")
        .hint(fmt::format("{}; or more processes: ulimit -u unlimited", hint_for_more_memory()));
}

} // namespace codex

#include "base/memory_limit.hpp"

#include <sys/resource.h>

namespace codex {

namespace {

bool is_set(__rlimit_resource_t resource) {
    rlimit limit{};
    return ::getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

} // namespace

std::string hint_for_more_memory() {
    const bool space = is_set(RLIMIT_AS);
    const bool data = is_set(RLIMIT_DATA);
    if (space && data)
        return "allow more memory: ulimit -v unlimited && ulimit -d unlimited";
    if (space)
        return "allow more memory: ulimit -v unlimited";
    if (data)
        return "allow more memory: ulimit -d unlimited";
    return "let this host, or its container, have more memory";
}

} // namespace codex

// What OpenSSL refuses where its input is right.
#pragma once

#include <new>

namespace codex::net::detail {

/// Of all that may go wrong in such a call nothing but memory is not a mistake of ours.
inline void need_memory(bool done) {
    if (!done)
        throw std::bad_alloc();
}

} // namespace codex::net::detail

#include "base/patient_write.hpp"

#include "base/fd.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <poll.h>

namespace codex {

namespace {

/// What is wrong with `fd` counts as room: the write says what it is.
bool has_room(int fd, std::chrono::milliseconds patience) {
    pollfd wait{fd, POLLOUT, 0};
    int ready = 0;
    do
        ready = ::poll(&wait, 1, static_cast<int>(patience.count()));
    while (ready < 0 && errno == EINTR);
    return ready != 0;
}

} // namespace

bool is_taken(int fd) {
    return has_room(fd, {});
}

Result<std::size_t> write_if_taken(int fd, BytesView from, std::string_view name,
                                   std::chrono::milliseconds patience) {
    std::size_t done = 0;
    while (done < from.size() && has_room(fd, patience)) {
        const BytesView piece =
            from.subspan(done, std::min<std::size_t>(from.size() - done, PIPE_BUF));
        CODEX_CHECK(write_full(fd, piece, name));
        done += piece.size();
    }
    return done;
}

} // namespace codex

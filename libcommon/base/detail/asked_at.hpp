// At which address of this host others have sent to it.
#pragma once

#include "base/network.hpp"

#include <deque>
#include <map>
#include <sys/socket.h>

namespace codex::detail {

/// For a socket that is bound to all addresses of the host. The system would choose the one that
/// what it sends comes from by the way it goes, and who asked at another one takes no answer from
/// there. Holds the last of those who have sent something, a bounded number.
/// Threads: the loop's.
class AskedAt {
public:
    /// Of so many others, those that were new last.
    static constexpr std::size_t kMost = 1024;

    /// Makes the system say it. Gives false, when it does not.
    [[nodiscard]] static bool ask(int socket, bool v4);

    /// Room for what the system says of one datagram, in `message`, for recvmsg().
    void prepare(msghdr& message);
    /// One has come from `from`.
    void heard(const SocketAddress& from, msghdr& message);
    /// Says in `message`, for sendmsg(), where it comes from; false, when that is the system's
    /// choice.
    [[nodiscard]] bool say(const SocketAddress& to, msghdr& message);
    /// It cannot come from there any more.
    void forget(const SocketAddress& other) { at_.erase(other); }

private:
    static constexpr std::size_t kRoomBytes = 64;
    alignas(cmsghdr) std::array<std::uint8_t, kRoomBytes> room_{};
    std::map<SocketAddress, SocketAddress> at_; ///< by the others, with port 0
    std::deque<SocketAddress> order_;
};

} // namespace codex::detail

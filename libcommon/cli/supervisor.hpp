// Whoever started this process and waits to hear how it does: systemd, and what speaks as it does
// (sd_notify(3), sd_listen_fds(3); codex-serve(1), SUPERVISION). The two protocols are a datagram
// and a number.
#pragma once

#include "base/error.hpp"
#include "base/fd.hpp"

#include <string>
#include <vector>

namespace codex::cli {

/// Where nobody waits nothing is said. Threads: its owner's.
class Supervisor {
public:
    /// Nobody.
    Supervisor() = default;
    /// What the environment says, which is taken out of it: what this process starts is another.
    /// Called once, while there is one thread.
    [[nodiscard]] static Supervisor of_process();
    /// As the environment would say it: where datagrams go ("@" in front: an abstract name), and
    /// for whom how many descriptors there are from 3 on; each empty where it is not said.
    struct Said {
        std::string notify_socket;
        std::string listen_pid;
        std::string listen_fds;
    };
    [[nodiscard]] static Supervisor of(const Said& said);

    /// Sockets that were opened for this process, in their order. Those of another process are none
    /// of ours; what is no number, or a descriptor that is not open, counts as nothing.
    [[nodiscard]] std::vector<Fd> take_sockets() { return std::move(sockets_); }

    /// It serves, as `status` says in a line.
    void ready(std::string_view status) const;
    /// It has begun to end.
    void stopping() const;

private:
    /// Who does not take it within a second is not waited for, and is told nothing.
    void say(std::string_view lines) const;

    std::string notify_socket_;
    std::vector<Fd> sockets_;
};

} // namespace codex::cli

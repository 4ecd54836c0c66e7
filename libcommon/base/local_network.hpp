// Sockets between programs of one host and one user, each with a path instead of an address.
#pragma once

#include "base/system_network.hpp"

#include <sys/types.h>

namespace codex {

/// A connection with the program that listens at a path.
struct LocalConnection {
    std::unique_ptr<Socket> socket;
    pid_t process = 0; ///< that listens; 0, when it cannot be seen from here
};

/// Its sockets have no addresses: what local() and remote() give says nothing.
/// Threads: the loop's.
class LocalNetwork final {
public:
    /// `loop` outlives it and its sockets.
    explicit LocalNetwork(SystemLoop& loop) : loop_(loop) {}

    /// Takes connections at `path`, which may be longer than the name of a socket can be, in a
    /// folder that is there. The socket is for its owner alone (mode 0600) and goes with the
    /// acceptor; one that is there is replaced, so nobody else may listen there. Whoever is neither
    /// this user nor root is hung up on. Errors: cannot_create, when there is something else of
    /// that name; those of the system.
    [[nodiscard]] Result<std::unique_ptr<Acceptor>> listen(const std::string& path);
    /// Errors: unavailable, when nobody listens there; permission, also when who listens is neither
    /// this user nor root; timeout, at `until`, when as many wait as may; those of the system.
    [[nodiscard]] Task<Result<LocalConnection>> connect(std::string path, Clock::Instant until);

private:
    SystemLoop& loop_;
};

} // namespace codex

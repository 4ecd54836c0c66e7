// What the system's event loop waits with: for the files of this floor that open sockets.
#pragma once

#include "base/system_network.hpp"

#include <boost/asio/io_context.hpp>

namespace codex {

/// Threads: as SystemLoop.
struct SystemLoop::Reactor {
    boost::asio::io_context context{1};
};

} // namespace codex

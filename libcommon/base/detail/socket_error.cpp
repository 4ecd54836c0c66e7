#include "base/detail/socket_error.hpp"

#include <cerrno>
#include <cstring>

namespace codex::detail {

Error socket_error(int number, std::string_view what) {
    switch (number) {
    case EADDRINUSE:
        return {Errc::address_in_use, fmt::format("{}: {}", what, std::strerror(number))};
    case ENOBUFS: // of the kernel
        return {Errc::out_of_memory, fmt::format("{}: {}", what, std::strerror(number))};
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EACCES:
    case EPERM:
        return system_error(number, what);
    case EMSGSIZE:
        return {Errc::limit_exceeded, fmt::format("{}: {}", what, std::strerror(number))};
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case EADDRNOTAVAIL:
    case EINVAL: // an address that no socket of this kind can have: ::ffff:127.0.0.1, fe80::1
    case EAFNOSUPPORT:
        return {Errc::unavailable, fmt::format("{}: {}", what, std::strerror(number))};
    default:
        return {Errc::io, fmt::format("{}: {}", what, std::strerror(number))};
    }
}

} // namespace codex::detail
